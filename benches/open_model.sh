#!/usr/bin/env bash
# The open model at a constant rate on the bare server: what is delivered, how
# late the generator is, and what it costs. A table in Markdown on stdout.
#
#   benches/open_model.sh [ROUNDS [RATE]]     default: 3 rounds, 20000
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
rate=${2:-20000}
source benches/common.sh
build

echo "| round | due/s | delivered/s | lag p50 µs | lag p99 µs | processor s per 1,000 |"
echo "|--:|--:|--:|--:|--:|--:|"
for round in $(seq "$rounds"); do
    start_server "$bare_server"
    run_recoup 11 --rate "$rate"
    stop_server
    python3 - "$work/out" "$work/result" "$round" "$rate" <<'PYTHON'
import json
import sys
load = json.load(open(sys.argv[1]))["load"]
cost = float(open(sys.argv[2]).read().split()[1])
lag = load["generatorLag"]
print(f"| {sys.argv[3]} | {int(sys.argv[4]):,} | {load['rate']:,.1f} | {lag['p50']} | {lag['p99']} | {cost:.4f} |")
PYTHON
done
