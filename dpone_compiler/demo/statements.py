"""The SQL of the demonstration: an orders table full of values that loaders break, and what happens to it.

Everything follows from the order's number, so two machines make the same table; only `updated_at` of changed rows is
the clock of the database, as the manifests say (`cursor.assigned_by: database`).
"""

COLUMNS = (
    "order_id, customer, status, amount, big, ratio, business_date, created_at, updated_at, note, payload, is_gift, uid"
)

_ORDERS = """
    order_id      bigint PRIMARY KEY,
    customer      text,
    status        text NOT NULL,
    amount        numeric(18,2) NOT NULL,
    big           numeric(38,10),
    ratio         double precision NOT NULL,
    business_date date NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    note          text,
    payload       jsonb,
    is_gift       boolean,
    uid           uuid NOT NULL
"""

SOURCE_TABLE = (
    "DROP TABLE IF EXISTS public.orders",
    "CREATE TABLE public.orders (" + _ORDERS + ")",
)
SOURCE_READY = (
    "CREATE INDEX orders_updated_at ON public.orders (updated_at)",
    "ANALYZE public.orders",
)
POSTGRES_TARGET = (
    "CREATE SCHEMA IF NOT EXISTS dwh",
    "CREATE SCHEMA IF NOT EXISTS staging",
    "DROP TABLE IF EXISTS dwh.orders",
    "CREATE TABLE dwh.orders (" + _ORDERS + ")",
)
# Types that keep every value of the source: Decimal(38, 10) is numeric(38,10), DateTime64(6) has all microseconds from
# 1900 to 2299, Date32 the same years (clickhouse.com/docs/sql-reference/data-types). JSON stays the text that it is.
CLICKHOUSE_TARGET = (
    "CREATE DATABASE IF NOT EXISTS dwh",
    "CREATE DATABASE IF NOT EXISTS staging",
    "DROP TABLE IF EXISTS dwh.orders",
    """CREATE TABLE dwh.orders (
    order_id      Int64,
    customer      Nullable(String),
    status        String,
    amount        Decimal(18, 2),
    big           Nullable(Decimal(38, 10)),
    ratio         Float64,
    business_date Date32,
    created_at    DateTime64(6, 'UTC'),
    updated_at    DateTime64(6, 'UTC'),
    note          Nullable(String),
    payload       Nullable(String),
    is_gift       Nullable(Bool),
    uid           UUID
) ENGINE = MergeTree PARTITION BY toYYYYMM(business_date) ORDER BY order_id""",
)

# E'…' so that every awkward byte can be read here. \u0301 is a combining acute accent.
INSERT_ORDERS = r"""
INSERT INTO public.orders
SELECT i,
       (ARRAY['Ada Lovelace', E'Zo\u00eb M\u00fcller', E'e\u0301\u0323 combining',
              E'\U0001F600\U0001F468\u200D\U0001F469 astral', E'tab\there', E'new\nline', E'car\rriage', E'cr\r\nlf',
              E'back\\slash', E'trailing\\', E'\\N', 'NULL', '', NULL,
              E'it''s "quoted"', 'blanks at the end   ', E'\t', E'\n', E'\\t not a tab', E'\u202eright to left',
              E'\x01\x0b\x1f\x7f control', E'a,b;c|d', E'\ufeffbyte order mark', E'\\.', '{"not": json}',
              E'$(id) `id` --'])
           [1 + (seed %% 26)::int],
       (ARRAY['new', 'paid', 'shipped', 'draft'])[1 + (seed / 32 %% 4)::int],
       (ARRAY[0, 0.01, -0.01, 19.90, 100, -9999999999999999.99, 9999999999999999.99, 1234.50])
           [1 + (seed / 128 %% 8)::int],
       (ARRAY[NULL, 9999999999999999999999999999.9999999999, -9999999999999999999999999999.9999999999, 0.0000000001,
              -0.0000000001, 0, 12345678901234567890.123456789, 9007199254740993, 1e27, -1.5])
           [1 + (seed / 1024 %% 10)::int],
       (ARRAY[0.1, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308, '-0', 0, 0.30000000000000004, 1e22,
              2.2250738585072014e-308, 123456789.12345679]::float8[])[1 + (seed / 64 %% 10)::int],
       date '2024-01-20' + (seed / 7 %% 60)::int,
       CASE i %% 1000 WHEN 1 THEN timestamptz '1969-12-31 23:59:59.999999+00'
                      WHEN 2 THEN timestamptz '1900-01-01 00:00:00+00'
                      WHEN 3 THEN timestamptz '2299-12-31 23:59:59.999999+00'
                      WHEN 4 THEN timestamptz '1970-01-01 00:00:00+00'
                      ELSE timestamptz '2024-01-20 00:00:00+00' + i * interval '25.000007 seconds' END,
       timestamptz '2024-04-01 00:00:00+00' + i * interval '1.000001 seconds' / 8,
       CASE WHEN seed %% 3 = 0 THEN NULL WHEN seed %% 1009 = 1 THEN repeat(E'long \U0001F680\t\\ ', 300)
            ELSE E'note\t' || i || E' \u2014 "x"\n' END,
       CASE WHEN seed %% 5 = 0 THEN NULL WHEN seed %% 5 = 1 THEN '[]'::jsonb
            ELSE ('{"n": ' || i || '.100, "big": 12345678901234567890.123456789,'
                  ' "t": "tab\t \"q\" \\ \u00e9 😀", "z": null}')::jsonb END,
       (ARRAY[true, false, NULL])[1 + (seed %% 3)::int],
       md5('dponec' || i)::uuid
FROM (SELECT i, (i * 2654435761 + 20261123) %% 4294967296 AS seed FROM generate_series(1, %(rows)s::bigint) AS i) AS g
"""

# What changes lies in the last twelve days, as it does in life. One order in ten of all; the clock of the database marks
# it. Of these a fifth moves to another day (a few to another month), and a fifth leaves the filter of the manifests
# (draft); others enter it.
_CHANGED = """
SELECT order_id, status AS old_status, row_number() OVER (ORDER BY order_id % 2, order_id) AS n
FROM public.orders WHERE business_date >= '2024-03-08'
ORDER BY n LIMIT (SELECT count(*) / 10 FROM public.orders)
"""
UPDATE_ORDERS = (
    r"""
WITH changed AS ("""
    + _CHANGED
    + r""")
UPDATE public.orders AS o
SET amount = CASE WHEN abs(amount) < 1e15 THEN amount + 0.01 ELSE -amount END,
    customer = coalesce(customer, '') || E' \u2713\t',
    business_date = CASE WHEN n % 100 = 0 THEN date '2024-02-10'
                         WHEN n % 5 = 0 THEN date '2024-03-08' + ((business_date - date '2024-03-08') + 5) % 12
                         ELSE business_date END,
    status = CASE WHEN n % 5 = 1 THEN 'draft' WHEN status = 'draft' THEN 'paid' ELSE status END,
    note = CASE WHEN n % 5 = 2 THEN NULL ELSE note END,
    updated_at = clock_timestamp()
FROM changed WHERE o.order_id = changed.order_id
"""
)
COUNT_CHANGED = (
    """
WITH changed AS ("""
    + _CHANGED
    + """)
SELECT count(*), count(*) FILTER (WHERE n % 5 = 0), count(*) FILTER (WHERE n % 5 = 1 AND old_status <> 'draft')
FROM changed
"""
)
# One new order for every hundred, copied from an old one so that it is as awkward.
INSERT_NEW = """
INSERT INTO public.orders
SELECT (SELECT max(order_id) FROM public.orders) + row_number() OVER (ORDER BY order_id), customer, 'new', amount, big,
       ratio, business_date, created_at, clock_timestamp(), note, payload, is_gift, md5('new' || order_id)::uuid
FROM public.orders WHERE business_date >= '2024-03-08'
ORDER BY order_id LIMIT (SELECT count(*) / 100 FROM public.orders)
"""
# Of the same days, one order in two hundred of all; the largest numbers that the change left alone.
DELETE_ORDERS = """
DELETE FROM public.orders WHERE order_id IN (
    SELECT order_id FROM public.orders WHERE business_date >= '2024-03-08' AND status <> 'draft'
    ORDER BY updated_at, order_id DESC LIMIT (SELECT count(*) / 200 FROM public.orders))
"""
