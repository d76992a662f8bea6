"""The medians of benches/gateway.sh as tables: gateway_table.py RESULTS DISK."""

import statistics
import sys
from collections import defaultdict

disk = sorted(float(time) for time in open(sys.argv[2]).read().split())
print("| median ms | p99 ms | largest ms |")
print("|--:|--:|--:|")
print(f"| {statistics.median(disk):.2f} | {disk[int(len(disk) * 0.99)]:.2f} | {disk[-1]:.2f} |")
print()

runs = defaultdict(list)
for line in open(sys.argv[1]):
    name, users, *figures = line.rstrip("\n").split("\t")
    runs[name, int(users)].append([float(figure) for figure in figures])
medians = {key: [statistics.median(column) for column in zip(*rows)] for key, rows in runs.items()}

print("| server | users | requests/s | to the bare server's | p50 ms | p99 ms | wrong answers |")
print("|---|--:|--:|--:|--:|--:|--:|")
for (name, users), (rate, _cost, p50, _p90, p99, _largest, wrong) in medians.items():
    ratio = f"{rate / medians['bare server', users][0]:.2f}" if "due" not in name else ""
    print(f"| {name} | {users} | {rate:,.0f} | {ratio} | {p50:.2f} | {p99:.2f} | {wrong:.0f} |")
