#!/usr/bin/env bash
# recoup beside wrk, oha and k6: the same refunds on the same servers, in turns,
# and a table of medians in Markdown on stdout. What is compared, and what the
# columns mean, stands in docs/performance.md.
#
#   benches/side_by_side.sh [ROUNDS [SECONDS]]      default: 5 rounds of 10 s
#
# CLIENTS="wrk recoup" and SERVERS=bare choose; USERS_AT_ONCE is 64.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
seconds=${2:-10}
[ "$seconds" -ge 5 ] || { echo "give at least 5 SECONDS: 3 of them are not counted" >&2; exit 2; }
source benches/common.sh

build
mapfile -t clients < <(available ${CLIENTS:-wrk oha recoup unwritten k6})
# That one is there was found out in a subshell; where it is, has to be asked
# again.
for client in "${clients[@]}"; do
    is_ours "$client" || "have_$client"
done

for round in $(seq "$rounds"); do
    for kind in ${SERVERS:-bare serve}; do
        for client in "${clients[@]}"; do
            # A server of its own for each: none inherits what another left.
            case $kind in
                bare) start_server "$bare_server" ;;
                serve) start_server "$recoup" serve --listen 127.0.0.1:0 --store memory ;;
            esac
            prepare_refund
            "run_$client" "$seconds"
            stop_server
            say "round $round, $kind, $client: $(cut -f1 "$work/result") requests/s"
            printf '%s\t%s\t%s\n' "$kind" "$client" "$(cat "$work/result")" >>"$work/results"
        done
    done
done

python3 benches/table.py "$work/results"
