#!/usr/bin/env bash
# The reference gateway's speed: in memory, and durable in SQLite, beside the
# bare server that answers a fixed body and the time that the disk takes to
# write something through. A table in Markdown on stdout; what it means stands in
# docs/performance.md.
#
#   benches/gateway.sh [ROUNDS [SECONDS]]      default: 3 rounds of 10 s
#
# FOLDER says where SQLite's file is to be (default: beside the build), RATE the
# arrivals per second of the open model (default: 7500), and LEDGER, where it is
# given, how many refunds stand in another SQLite file beforehand.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
seconds=${2:-10}
[ "$seconds" -ge 5 ] || { echo "give at least 5 SECONDS: 3 of them are not counted" >&2; exit 2; }
source benches/common.sh
build

folder=$(mktemp -d -p "${FOLDER:-$target}")
trap 'stop_server; rm -rf "$work" "$folder"' EXIT
rate=${RATE:-7500}

serve() { start_server "$recoup" serve --listen 127.0.0.1:0 --log off --store "$1"; }

# One run, and a line of the results: what, users, and what the client measured.
run() { # name users flags…
    local name=$1
    users=$2
    shift 2
    run_recoup "$seconds" --history off "$@"
    stop_server
    say "$name: $(cut -f1 "$work/result") requests/s"
    printf '%s\t%s\t%s\n' "$name" "$users" "$(cat "$work/result")" >>"$work/results"
}

# A file with so many refunds in it: the gateway makes its tables, and what it
# would have written is put there at once.
fill() { # file refunds
    serve "sqlite:$1"
    stop_server
    say "filling a ledger with $2 refunds"
    python3 benches/fill_ledger.py "$1" "$2"
}

if [ -n "${LEDGER:-}" ]; then fill "$folder/full.sqlite" "$LEDGER"; fi
for round in $(seq "$rounds"); do
    for count in 64 256; do
        start_server "$bare_server"
        run "bare server" "$count"
    done
    for count in 64 256; do
        serve memory
        run "memory" "$count"
    done
    serve "sqlite:$folder/$round.sqlite"
    run "SQLite" 256
    serve "sqlite:$folder/$round.sqlite"
    run "SQLite, $rate/s due" 256 --rate "$rate"
    if [ -n "${LEDGER:-}" ]; then
        serve "sqlite:$folder/full.sqlite"
        run "SQLite, $LEDGER refunds before" 256
    fi
    rm -f "$folder/$round.sqlite"*
    python3 benches/write_through.py "$folder" >>"$work/disk"
done

echo "The disk took, for each 16 KiB written through ($rounds times 200):"
echo
python3 benches/gateway_table.py "$work/results" "$work/disk"
