#!/bin/bash
# How often the races of a gate catch each fault that races, and how many
# operations the conforming variants bear without an alarm.
#
#   benches/race_power.sh [RUNS] [SECONDS]
#
# RUNS (20) checks against a right gateway, which is to be caught in none, and
# against one with each fault; then a load of SECONDS (30) against each variant. What is run of a gate is its rules `races.*`: a whole gate
# fires these and more, so that it catches a fault at least as often. RECOUP names
# the program (target/release/recoup), FAULTS and VARIANTS the lists.
set -u
runs=${1:-20}
seconds=${2:-30}
recoup=${RECOUP:-target/release/recoup}
faults=${FAULTS:-"none check-then-act=10 check-then-act=100 duplicate-race number-recorded-late
answer-of-another check-then-act lost-update sum-unserialised two-instances lock-expires
lock-by-number stale-balance contention-as-exceeds retry-doubles transient-reservation
rows-overwritten refunded-early deadlock-by-order"}
variants=${VARIANTS-$("$recoup" serve --list-variants | awk '{print $1}')}
work=$(mktemp -d)
gateway=
trap '[ -n "$gateway" ] && kill "$gateway" 2>/dev/null; rm -rf "$work"' EXIT
export RECOUP_SIGN_KEY=123456 RECOUP_OTHER_SIGN_KEY=654321

# Starts a gateway with these flags; its address is in $url.
start() {
    : >"$work/url"
    "$recoup" serve --listen 127.0.0.1:0 --store memory "$@" >"$work/url" 2>"$work/log" &
    gateway=$!
    for _ in $(seq 100); do
        url=$(head -1 "$work/url")
        [ -n "$url" ] && return
        sleep 0.1
    done
    echo "the gateway did not start: $(cat "$work/log")" >&2
    exit 1
}

stop() {
    kill "$gateway"
    wait "$gateway" 2>/dev/null
    gateway=
}

printf '%-24s %10s\n' fault caught
for fault in $faults; do
    caught=0
    for run in $(seq "$runs"); do
        case $fault in
        none) start ;;
        *) start --fault "$fault" ;;
        esac
        "$recoup" check --only 'races.*' --target "$url" --report "$work/reports" \
            --regressions off --quiet >"$work/out" 2>&1
        case $? in 1 | 5) caught=$((caught + 1)) ;; esac
        stop
    done
    printf '%-24s %4d of %d\n' "$fault" "$caught" "$runs"
done

[ -n "$variants" ] || exit 0
printf '\n%-24s %12s %8s\n' variant operations alarms
total=0
for variant in $variants; do
    start --variant "$variant"
    "$recoup" load --target "$url" --duration "${seconds}s" --warmup 0s --history off \
        --threshold 'p50<60s' --report "$work/reports" --format json >"$work/report.json" 2>"$work/out"
    read -r operations alarms < <(python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
audit = report["audit"] or {"operations": 0, "violations": []}
print(audit["operations"], len(audit["violations"]) + len(report["alarms"]))' "$work/report.json")
    total=$((total + operations))
    printf '%-24s %12d %8d\n' "$variant" "$operations" "$alarms"
    stop
done
printf '%-24s %12d\n' together "$total"
