"""The scope of a `replace` on ClickHouse's columns, with its NULL branch written out: D32 of the field's reports lost such rows."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import Scope
from dpone_compiler.plan.actions import CheckScope
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.clickhouse_names import ident, literal
from dpone_compiler.sql.render import Sql, frame, join


def check_scope(ctx: Context, action: CheckScope) -> Lowered:
    """Staged rows outside of the scope, those with NULL in its column among them, are a violation."""
    body = frame(
        "SELECT 'DP514' AS code, 'staged rows lie outside of the scope' AS detail, found AS count "
        "FROM (SELECT count() AS found FROM <<table>> WHERE NOT <<inside>>) WHERE found > 0",
        table=staging_table(ctx, action.staging),
        inside=inside_scope(view(ctx), action.scope),
    )
    return Lowered(op="check", bodies={"main": body.text})


def inside_scope(seen: View, scope: Scope) -> Sql:
    """True where the row lies in the scope, false elsewhere, and never NULL."""
    moved = next(c.target for c in seen.columns if c.sql is None and c.source.name == scope.column)
    column = ident(moved.name)
    parts = [
        frame("<<column>> <<sign>> <<end>>", column=column, sign=Sql(sign), end=_end(seen, scope, end, moved.type))
        for sign, end in _ends(scope)
        if end is not None
    ]
    body = frame("(<<parts>>)", parts=join(" AND ", parts))
    return frame("ifNull(<<body>>, 0)", body=body) if seen.nullable(moved.name) else body


def _ends(scope: Scope) -> tuple[tuple[str, str | None], ...]:
    if scope.kind == "equality":
        return (("=", scope.low),)
    return ((">=", scope.low), ("<=" if scope.inclusive else "<", scope.high))


def _end(seen: View, scope: Scope, end: str, type_: DataType) -> Sql:
    return _given(seen, end, type_) if end in scope.params else _value(seen, end, type_)


def _given(seen: View, name: str, type_: DataType) -> Sql:
    """An end that is a run parameter; instants are in UTC. 18.16 has no type finer than a second."""
    hole = Sql(name)
    match type_.kind:
        case Kind.DATE:
            return frame("toDate({<<name>>:String})" if seen.legacy else "toDate32({<<name>>:String})", name=hole)
        case Kind.TIMESTAMP if seen.legacy:
            return frame("toDateTime(substring({<<name>>:String}, 1, 19), 'UTC')", name=hole)
        case Kind.TIMESTAMP:
            return frame("parseDateTime64BestEffort({<<name>>:String}, 6, 'UTC')", name=hole)
        case _:
            return frame("toInt64({<<name>>:String})", name=hole)


def _value(seen: View, text: str, type_: DataType) -> Sql:
    """A canonical literal as a value of the column's family."""
    given = literal(text)
    match type_.kind:
        case Kind.INT:
            return frame("to<<kind>>(<<text>>)", kind=Sql(f"{'Int' if text.startswith('-') else 'UInt'}64"), text=given)
        case Kind.DECIMAL:
            return frame("toDecimal128(<<text>>, <<scale>>)", text=given, scale=Sql(str(len(text.partition(".")[2]))))
        case Kind.DATE:
            return frame("toDate(<<text>>)" if seen.legacy else "toDate32(<<text>>)", text=given)
        case Kind.TIMESTAMP if seen.legacy:
            return frame("toDateTime(<<text>>, 'UTC')", text=literal(text.partition(".")[0]))
        case Kind.TIMESTAMP:
            return frame("toDateTime64(<<text>>, 6, 'UTC')", text=given)
        case Kind.UUID:
            return frame("toUUID(<<text>>)", text=given)
        case Kind.BOOL:
            return Sql("1" if text == "true" else "0")
        case _:
            return given
