#!/usr/bin/env bash
# Does the open model tell what callers would feel? Two servers whose latency
# is known beforehand:
#
# - one that stalls for the last second of every five. At a constant rate a
#   fifth of all requests falls due in a stall, evenly, and waits for its end:
#   so p90 is 500 ms, p99 is 950 ms and the largest 1,000 ms. A client that
#   counts from when it got round to sending sees next to none of it.
# - one that answers each request 5 ms later. There is nothing to correct, and
#   recoup has to say what wrk says.
#
#   benches/honest_latency.sh [PERIODS]     default: 6 stalls, 30 s
#
# Prints two tables in Markdown on stdout.
set -euo pipefail
cd "$(dirname "$0")/.."

periods=${1:-6}
source benches/common.sh
have_wrk || { say "skipped: wrk is neither installed nor can it be"; exit 0; }
build
# What is measured are whole periods; what comes before is not.
measured_for=$((periods * 5 + 1))

start_server "$bare_server" --stall 1s --every 5s
prepare_refund
run_recoup "$measured_for" --rate 2000
stop_server

echo "A server that stalls 1 s in every 5 s, at 2,000 requests/s:"
echo
python3 - "$work/out" <<'PYTHON'
import json
import sys
load = json.load(open(sys.argv[1]))["load"]
print("| | the schedule implies | from the due time | off by | from the sending |")
print("|---|--:|--:|--:|--:|")
for name, expected, key in (("p90", 500, "p90"), ("p99", 950, "p99"), ("largest", 1000, "max")):
    due, sent = (load[kind][key] / 1e3 for kind in ("latency", "serviceTime"))
    print(f"| {name}, ms | {expected:,} | {due:,.1f} | {(due / expected - 1) * 100:+.1f} % | {sent:,.1f} |")
PYTHON

start_server "$bare_server" --delay 5ms
prepare_refund
run_wrk 10
cp "$work/result" "$work/wrk"
run_recoup 10
cp "$work/result" "$work/closed"
run_recoup 10 --rate 2000
stop_server

echo
echo "A server that answers each request 5 ms later:"
echo
python3 - "$work/wrk" "$work/closed" "$work/result" <<'PYTHON'
import sys
names = ("wrk, closed model", "recoup, closed model", "recoup, open model at 2,000/s")
runs = [[float(figure) for figure in open(path).read().split()] for path in sys.argv[1:]]
print("| | p50, ms | to wrk's | p99, ms |")
print("|---|--:|--:|--:|")
for name, run in zip(names, runs):
    print(f"| {name} | {run[2]:.3f} | {run[2] - runs[0][2]:+.3f} | {run[4]:.3f} |")
PYTHON
