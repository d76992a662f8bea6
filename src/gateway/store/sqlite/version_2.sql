-- What happens after an answer: refunds that are settled later, orders that are
-- paid on a page, and notifications. Times are milliseconds since 1970.

ALTER TABLE orders ADD COLUMN dealing INTEGER NOT NULL DEFAULT 0  -- of what is refunded: not settled yet
    CHECK (dealing >= 0 AND dealing <= refunded);
ALTER TABLE orders ADD COLUMN declined INTEGER NOT NULL DEFAULT 0
    CHECK (declined = 0 OR (declined = 1 AND paid_at IS NULL));
ALTER TABLE orders ADD COLUMN notify_url TEXT;
ALTER TABLE orders ADD COLUMN page TEXT;         -- the key of its page; null: paid by its barcode
ALTER TABLE orders ADD COLUMN wallet TEXT;
ALTER TABLE orders ADD COLUMN title TEXT;
ALTER TABLE orders ADD COLUMN return_url TEXT;
CREATE UNIQUE INDEX orders_by_page ON orders (page) WHERE page IS NOT NULL;

ALTER TABLE refunds ADD COLUMN due INTEGER;      -- when it is settled; null: it is
ALTER TABLE refunds ADD COLUMN fails INTEGER NOT NULL DEFAULT 0 CHECK (fails IN (0, 1));
CREATE INDEX refunds_by_due ON refunds (due) WHERE due IS NOT NULL;

CREATE TABLE notices (
    id       INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    url      TEXT    NOT NULL,
    receiver TEXT    NOT NULL,                   -- scheme, host and port of the URL
    due      INTEGER,                            -- null: given up
    tries    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX notices_by_due ON notices (due) WHERE due IS NOT NULL;
