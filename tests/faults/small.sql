-- SPDX-License-Identifier: MIT
-- A little of everything, so that one run takes a second and still goes everywhere.
CREATE SCHEMA app;
CREATE TYPE app.state AS ENUM ('new', 'paid', 'sent');
CREATE TABLE app.customers (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	balance numeric(12, 2) NOT NULL DEFAULT 0 CHECK (balance > -1000000)
);
CREATE TABLE app.orders (
	id bigint PRIMARY KEY,
	customer bigint NOT NULL REFERENCES app.customers,
	state app.state NOT NULL,
	note text
);
CREATE TABLE app.log (at timestamptz, line text);
CREATE SEQUENCE app.invoice;
CREATE VIEW app.open_orders AS SELECT * FROM app.orders WHERE state <> 'sent';
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n';
CREATE INDEX ON app.orders (customer);
INSERT INTO app.customers (name, balance) SELECT 'customer ' || i, i % 500 FROM generate_series(1, 500) i;
INSERT INTO app.orders SELECT i, 1 + i % 500, (ARRAY['new', 'paid', 'sent'])[1 + i % 3]::app.state, repeat('n', i % 40)
	FROM generate_series(1, 3000) i;
INSERT INTO app.log SELECT '2026-01-01'::timestamptz + i * interval '1 s', 'line ' || i FROM generate_series(1, 200) i;
SELECT nextval('app.invoice') FROM generate_series(1, 42);
