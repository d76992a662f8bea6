"""What one run of a client measured, as a line of tab-separated figures.

requests/s, processor seconds per 1,000 requests, p50, p90, p99 and the
largest latency in ms, wrong answers. What a client does not tell is nan.
"""

import json
import re
import sys
from pathlib import Path

NAN = float("nan")


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]


def wrk(out, _work):
    percentile = dict(re.findall(r"^\s+(\d+)%\s+(\S+)$", out, re.M))
    largest = re.search(r"^\s+Latency\s+\S+\s+\S+\s+(\S+)", out, re.M).group(1)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return (
        float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
        *(milliseconds(percentile[key]) for key in ("50", "90", "99")),
        milliseconds(largest),
        int(wrong.group(1) if wrong else 0) + sum(map(int, broken.groups() if broken else ())),
    )


def oha(out, _work):
    report = json.loads(out)
    percentile, summary = report["latencyPercentiles"], report["summary"]
    good = sum(count for status, count in report["statusCodeDistribution"].items() if status[0] == "2")
    answered = sum(report["statusCodeDistribution"].values())
    # Those under way when time is up are cut off by oha itself.
    failed = sum(count for error, count in report["errorDistribution"].items() if "deadline" not in error)
    return (
        summary["requestsPerSec"],
        *(percentile[key] * 1e3 for key in ("p50", "p90", "p99")),
        summary["slowest"] * 1e3,
        answered - good + failed,
    )


def k6(_out, work):
    metrics = json.loads((work / "k6.json").read_text())["metrics"]
    latency = metrics["http_req_duration"]
    return (
        metrics["iterations"]["rate"],
        latency["med"],
        NAN,
        latency["p(99)"],
        NAN,
        metrics["checks"]["fails"],
    )


def recoup(out, _work):
    load = json.loads(out)["load"]
    if load.get("interrupted"):
        sys.exit(f"the load was cut off: {load['interrupted']}")
    latency = load["latency"]
    return (
        load["rate"],
        *(latency[key] / 1e3 for key in ("p50", "p90", "p99", "max")),
        load["failed"],
    )


def main():
    client, work = sys.argv[1], Path(sys.argv[2])
    read = {"wrk": wrk, "oha": oha, "k6": k6, "recoup": recoup}[client]
    rate, *latencies, wrong = read((work / "out").read_text(), work)
    processors = float((work / "processors").read_text())
    print(rate, processors / rate * 1e3, *latencies, wrong, sep="\t")


main()
