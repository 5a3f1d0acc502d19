"""Rows as staging and target store them: their canonical text, their quick hash, and the digest of many."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.canonical import digest_pair, digested, row_text
from dpone_compiler.backends.postgres.digest import MARK, quick, quick_sum
from dpone_compiler.backends.postgres.script import literal, sql, word
from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import Staging
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import column, table
from dpone_compiler.sql.postgres_types import parse_type
from dpone_compiler.sql.render import Sql, frame


def stored_row(columns: tuple[MovedColumn, ...], alias: str = "") -> exp.Expression:
    """The canonical text of a row as staging and target store it; generated columns are not ours to compare."""
    return row_text(_stored(columns, alias))


def _stored(columns: tuple[MovedColumn, ...], alias: str = "") -> tuple[tuple[exp.Expression, DataType], ...]:
    return _typed(_named(columns), alias)


def _named(columns: tuple[MovedColumn, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((m.target.name, m.target.native) for m in columns if not m.target.generated)


def _typed(named: tuple[tuple[str, str], ...], alias: str) -> tuple[tuple[exp.Expression, DataType], ...]:
    return tuple((column(name, alias), parse_type(native)) for name, native in named)


def count_and_digest(ctx: Context, staging: Staging, into: str) -> Sql:
    """Of the staged rows, into two variables: in one pass the count and `a:b`, which says the same as the source's."""
    digest, rows = digest_of(ctx, staging.columns, table(names.staging(ctx, staging), "s"))
    return frame(
        "  SELECT count(*), <<digest>> INTO <<into>>\n    FROM <<rows>>;", digest=digest, into=Sql(into), rows=rows
    )


def digest_of(
    ctx: Context, columns: tuple[MovedColumn, ...], origin: exp.Table, where: exp.Expression | None = None
) -> tuple[Sql, Sql]:
    """The digest `a:b` of rows of staging or target as an expression, and what stands after its FROM."""
    if quick(ctx):
        rows = frame("<<origin>><<where>>", origin=word(origin), where=_where(where))
        return _quick_digest(_named(columns), origin.alias), rows
    stored = _stored(columns, origin.alias)
    query = exp.Select(expressions=[value for value, _ in stored]).from_(origin)
    if where is not None:
        query = query.where(where)
    return sql(digest_pair()), sql(digested(query, tuple(type_ for _, type_ in stored)))


@lru_cache(maxsize=64)
def _quick_digest(named: tuple[tuple[str, str], ...], alias: str) -> Sql:
    """Kept, since a plan asks for the digest of its staging more than once, and it is the largest tree of all."""
    return marked(word(quick_sum(_typed(named, alias))))


def marked(total: Sql) -> Sql:
    """A quick sum as the digest `a:b`."""
    return frame("<<total>> || <<mark>>", total=total, mark=literal(f":{MARK}"))


def _where(condition: exp.Expression | None) -> Sql:
    return frame("\n   WHERE <<condition>>", condition=sql(condition)) if condition is not None else Sql("")
