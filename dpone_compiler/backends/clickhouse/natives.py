"""Every type that a ClickHouse catalog can show, and what it holds: https://clickhouse.com/docs/sql-reference/data-types"""

from __future__ import annotations

from dpone_compiler.spi.backend import NativeType

NATIVES = tuple(
    NativeType(spelling, holds)
    for spelling, holds in (
        ("Nullable(Bool)", "true, false"),
        ("Nullable(Int8)", "-128 to 127"),
        ("Nullable(Int16)", "-32768 to 32767"),
        ("Nullable(Int32)", "-2147483648 to 2147483647"),
        ("Nullable(Int64)", "-2^63 to 2^63-1"),
        ("Nullable(Int128)", "-2^127 to 2^127-1"),
        ("Nullable(Int256)", "-2^255 to 2^255-1"),
        ("Nullable(UInt8)", "0 to 255"),
        ("Nullable(UInt16)", "0 to 65535"),
        ("Nullable(UInt32)", "0 to 4294967295"),
        ("Nullable(UInt64)", "0 to 2^64-1"),
        ("Nullable(Float32)", "6 digits, NaN, infinity"),
        ("Nullable(Float64)", "15 digits, NaN, infinity"),
        ("Nullable(Decimal(10, 2))", "8 digits before the point and 2 after it"),
        ("Nullable(Decimal(38, 10))", "28 digits before the point and 10 after it"),
        ("Nullable(Decimal(76, 20))", "56 digits before the point and 20 after it"),
        ("Nullable(String)", "bytes of any number"),
        ("String", "the same without NULL"),
        ("LowCardinality(Nullable(String))", "bytes of any number, kept once each"),
        ("Nullable(FixedString(20))", "20 bytes, filled with zero bytes"),
        ("Nullable(UUID)", "128 bits"),
        ("Nullable(Date)", "1970-01-01 to 2149-06-06"),
        ("Nullable(Date32)", "1900-01-01 to 2299-12-31"),
        ("Nullable(DateTime('UTC'))", "1970-01-01 to 2106-02-07, seconds"),
        ("Nullable(DateTime64(3, 'UTC'))", "1900-01-01 to 2299-12-31, milliseconds"),
        ("Nullable(DateTime64(6, 'UTC'))", "1900-01-01 to 2299-12-31, microseconds"),
        ("Nullable(DateTime64(9, 'UTC'))", "1900-01-01 to 2262-04-11, nanoseconds"),
        ("Nullable(DateTime('Europe/Berlin'))", "the same instants, shown in another zone"),
        ("Nullable(Enum8('a' = 1, 'b' = 2))", "the listed texts"),
        ("JSON", "an object, by paths"),
        ("Nullable(IPv4)", "32 bits"),
        ("Nullable(IPv6)", "128 bits"),
        ("Array(String)", "values of one type"),
        ("Map(String, String)", "keys with values"),
        ("Tuple(a Int64, b String)", "values of several types"),
        ("AggregateFunction(sum, Int64)", "a state of an aggregate function"),
    )
)
