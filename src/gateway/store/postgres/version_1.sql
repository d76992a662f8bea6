-- Orders and refunds of the reference gateway, version 1.
--
-- The rule of the house stands here a second time: even a writer that forgot
-- it could not refund more than was paid, or use one refund number twice.
-- Texts compare byte by byte, whatever the database's language.

CREATE SCHEMA IF NOT EXISTS recoup;

CREATE TABLE recoup.version (
    version integer NOT NULL
);

CREATE TABLE recoup.orders (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner  text   COLLATE "C" NOT NULL,
    number   text   COLLATE "C" NOT NULL,
    store    text   NOT NULL,
    barcode  text   NOT NULL,
    amount   bigint NOT NULL CHECK (amount >= 1),
    currency text   NOT NULL,
    paid_at  text,                       -- RFC 3339; null: waits for the customer
    paid     bigint NOT NULL CHECK (paid = CASE WHEN paid_at IS NULL THEN 0 ELSE amount END),
    refunded bigint NOT NULL DEFAULT 0,
    UNIQUE (partner, number),
    CONSTRAINT refunded_no_more_than_paid CHECK (refunded >= 0 AND refunded <= paid)
);

CREATE TABLE recoup.refunds (
    partner   text   COLLATE "C" NOT NULL,
    refund_no text   COLLATE "C" NOT NULL,
    order_id  bigint NOT NULL REFERENCES recoup.orders (id),
    amount    bigint NOT NULL CHECK (amount >= 1),
    call      bytea  NOT NULL,           -- which call made it: repeated, it finds itself
    PRIMARY KEY (partner, refund_no)
);
