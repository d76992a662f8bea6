#!/bin/sh
# Makes the pictures of docs/reports.md: a gate against a reference gateway with
# known faults, whose page is opened in headless Chromium.
#
#   docs/screenshots/make.sh [path to recoup]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
recoup=$(realpath "${1:-$here/../../target/release/recoup}")
work=$(mktemp -d)
"$recoup" serve --listen 127.0.0.1:0 --store memory \
    --fault check-then-act=2000 --fault server-error-page >"$work/url" &
gateway=$!
trap 'kill $gateway; rm -rf "$work"' EXIT
until [ -s "$work/url" ]; do sleep 0.1; done
# What the page says is to be typed in the folder of the run.
cd "$work"
code=0
RECOUP_SIGN_KEY=123456 RECOUP_OTHER_SIGN_KEY=654321 "$recoup" gate --target "$(head -n 1 url)" \
    --seed 7 --users 16 --rate 300 --duration 40s --warmup 2s \
    --threshold 'p99<50ms' --threshold 'errors<1%' --quiet || code=$?
echo "the gate ended with $code"
"$here/take.py" reports/latest/report.html light=1280x1000 dark=1280x1000,dark,#load phone=390x1400,dark
