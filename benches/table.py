"""The medians of many runs as a table in Markdown, beside wrk's."""

import statistics
import sys

CLIENTS = {"unwritten": "recoup `--history off`"}
SERVERS = {"bare": "bare server", "serve": "`recoup serve --store memory`"}


def main():
    runs = {}
    for line in open(sys.argv[1]):
        server, client, *figures = line.split()
        runs.setdefault((server, client), []).append([float(figure) for figure in figures])
    medians = {key: [statistics.median(column) for column in zip(*rows)] for key, rows in runs.items()}
    print("| server | client | requests/s | to wrk's | processor s per 1,000 | to wrk's | p50 ms | p99 ms | wrong answers |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for (server, client), (rate, cost, p50, _, p99, _, wrong) in medians.items():
        beside = medians.get((server, "wrk"))
        ratios = [f"{rate / beside[0]:.2f}", f"{cost / beside[1]:.2f}"] if beside else ["", ""]
        cells = [
            SERVERS.get(server, server),
            CLIENTS.get(client, client),
            f"{rate:,.0f}",
            ratios[0],
            f"{cost:.4f}",
            ratios[1],
            f"{p50:.2f}",
            f"{p99:.2f}",
            f"{wrong:.0f}",
        ]
        print("| " + " | ".join(cells) + " |")


main()
