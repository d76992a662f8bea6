-- Orders and refunds of the reference gateway, version 1.
--
-- The rule of the house stands here a second time: even a writer that forgot
-- it could not refund more than was paid, or use one refund number twice.

CREATE TABLE orders (
    id       INTEGER PRIMARY KEY,
    partner  TEXT    NOT NULL,
    number   TEXT    NOT NULL,
    store    TEXT    NOT NULL,
    barcode  TEXT    NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount >= 1),
    currency TEXT    NOT NULL,
    paid_at  TEXT,                       -- RFC 3339; null: waits for the customer
    paid     INTEGER NOT NULL CHECK (paid = CASE WHEN paid_at IS NULL THEN 0 ELSE amount END),
    refunded INTEGER NOT NULL DEFAULT 0,
    UNIQUE (partner, number),
    CHECK (refunded >= 0 AND refunded <= paid)
) STRICT;

CREATE TABLE refunds (
    partner   TEXT    NOT NULL,
    refund_no TEXT    NOT NULL,
    order_id  INTEGER NOT NULL REFERENCES orders (id),
    amount    INTEGER NOT NULL CHECK (amount >= 1),
    UNIQUE (partner, refund_no)
) STRICT;
