"""Makes the demonstration's tables and lets time pass over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dpone_compiler.demo.statements import (
    CLICKHOUSE_TARGET,
    COLUMNS,
    COUNT_CHANGED,
    DELETE_ORDERS,
    INSERT_NEW,
    INSERT_ORDERS,
    POSTGRES_TARGET,
    SOURCE_READY,
    SOURCE_TABLE,
    UPDATE_ORDERS,
)

# What the comparison reads: the same rows in the same order on each side, so that equal rows cancel out at once.
SOURCE_QUERY = "SELECT " + COLUMNS + " FROM public.orders WHERE status <> 'draft' ORDER BY order_id"
TARGET_QUERY = "SELECT " + COLUMNS + " FROM dwh.orders ORDER BY order_id"


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows of the source changed; `moved` (to another day) and `left` (the filter) are among `updated`."""

    updated: int
    moved: int
    left: int
    inserted: int
    deleted: int


def create_source(connection: Any, rows: int = 200_000) -> None:
    """Make `public.orders` with `rows` awkward rows, the same ones on every machine. `connection` is psycopg's."""
    with connection.transaction():
        for statement in SOURCE_TABLE:
            connection.execute(statement)
        with connection.cursor() as cursor:
            cursor.execute(INSERT_ORDERS, {"rows": rows})
        for statement in SOURCE_READY:
            connection.execute(statement)


def change_source(connection: Any, *, hard_deletes: bool = True) -> Changes:
    """Change a tenth of the rows, add a hundredth, and remove one in two hundred unless `hard_deletes` is false.

    A removed row leaves no trace in a cursor: a load by `updated_at` cannot see it, one that re-reads can.
    """
    with connection.transaction():
        updated, moved, left = connection.execute(COUNT_CHANGED).fetchone()
        connection.execute(UPDATE_ORDERS)
        inserted = connection.execute(INSERT_NEW).rowcount
        deleted = delete_rows(connection) if hard_deletes else 0
    return Changes(updated, moved, left, inserted, deleted)


def delete_rows(connection: Any) -> int:
    """Remove one order in two hundred for good."""
    return int(connection.execute(DELETE_ORDERS).rowcount)


def create_postgres_target(connection: Any) -> None:
    """Make the empty `dwh.orders` and the schema `staging`."""
    with connection.transaction():
        for statement in POSTGRES_TARGET:
            connection.execute(statement)


def clickhouse_target() -> tuple[str, ...]:
    """The statements, in order, that make the empty `dwh.orders` and the database `staging` in ClickHouse."""
    return CLICKHOUSE_TARGET
