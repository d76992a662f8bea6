-- What happens after an answer: refunds that are settled later, orders that are
-- paid on a page, and notifications. Times are milliseconds since 1970.

ALTER TABLE recoup.orders
    ADD COLUMN dealing    bigint  NOT NULL DEFAULT 0,   -- of what is refunded: not settled yet
    ADD COLUMN declined   boolean NOT NULL DEFAULT false,
    ADD COLUMN notify_url text,
    ADD COLUMN page       text COLLATE "C",             -- the key of its page; null: paid by its barcode
    ADD COLUMN wallet     text,
    ADD COLUMN title      text,
    ADD COLUMN return_url text,
    ADD CONSTRAINT dealing_no_more_than_refunded CHECK (dealing >= 0 AND dealing <= refunded),
    ADD CONSTRAINT declined_is_not_paid CHECK (NOT declined OR paid_at IS NULL);
CREATE UNIQUE INDEX orders_by_page ON recoup.orders (page) WHERE page IS NOT NULL;

ALTER TABLE recoup.refunds
    ADD COLUMN due   bigint,                            -- when it is settled; null: it is
    ADD COLUMN fails boolean NOT NULL DEFAULT false;
CREATE INDEX refunds_by_due ON recoup.refunds (due) WHERE due IS NOT NULL;

CREATE TABLE recoup.notices (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES recoup.orders (id),
    url      text   NOT NULL,
    receiver text   COLLATE "C" NOT NULL,               -- scheme, host and port of the URL
    due      bigint,                                    -- null: given up
    tries    integer NOT NULL DEFAULT 0
);
CREATE INDEX notices_by_due ON recoup.notices (due) WHERE due IS NOT NULL;
