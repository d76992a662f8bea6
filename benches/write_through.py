"""How long the disk of a folder takes to write 16 KiB through to it: the times
of 200 writes in ms, one after the other, separated by spaces."""

import os
import sys
import time

path = os.path.join(sys.argv[1], "write-through")
file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
times = []
for _ in range(200):
    os.write(file, os.urandom(16 * 1024))
    start = time.perf_counter()
    os.fdatasync(file)
    times.append((time.perf_counter() - start) * 1e3)
os.close(file)
os.unlink(path)
print(*(f"{spent:.3f}" for spent in times))
