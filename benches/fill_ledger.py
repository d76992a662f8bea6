"""Puts refunds into the SQLite file of a gateway that is not running, as many
as asked for, a hundred to an order: fill_ledger.py FILE REFUNDS."""

import random
import sqlite3
import sys

PER_ORDER = 100

path, refunds = sys.argv[1], int(sys.argv[2])
orders = max(refunds // PER_ORDER, 1)
draw = random.Random(1)
file = sqlite3.connect(path, isolation_level=None)
file.execute("PRAGMA synchronous = OFF")
file.execute("BEGIN")
counts = [refunds // orders + (order < refunds % orders) for order in range(orders)]
file.executemany(
    "INSERT INTO orders (partner, number, store, barcode, amount, currency, paid_at, paid, refunded)"
    " VALUES ('10001', ?, '100001', '28', 1000000, 'JPY', '2026-01-01T00:00:00+00:00', 1000000, ?)",
    (("before%09d" % order, count) for order, count in enumerate(counts)),
)
(first,) = file.execute("SELECT min(id) FROM orders WHERE number LIKE 'before%'").fetchone()
# In the order of their numbers, so that the index is written from end to end.
file.executemany(
    "INSERT INTO refunds (partner, refund_no, order_id, amount) VALUES ('10001', ?, ?, 1)",
    (("%09d%023x" % (count, draw.getrandbits(92)), first + count % orders) for count in range(refunds)),
)
file.execute("COMMIT")
file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
file.close()
