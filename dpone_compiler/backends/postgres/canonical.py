"""The canonical text of a row and its digest: the same on the source and on the target, per type, for every engine.

NULL is 'N'; a value is 'V' || octet_length || ':' || text, so that no two rows share a text. Timestamps are microseconds since
1970, dates days, floats their bits (so that -0 and 0 differ), numerics without trailing zeros, bytes lower-case hex.
The digest is a sum of two 32-bit pieces of md5, never XOR: a row that comes twice must count twice.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.identifiers import column, text

_MICROSECONDS = (
    "CASE WHEN isfinite(:value) THEN (extract(epoch FROM :value) * 1000000)::bigint::text"
    " WHEN :value > '2000-01-01' THEN 'infinity' ELSE '-infinity' END"
)
_DAYS = (
    "CASE WHEN isfinite(:value) THEN (:value - DATE '1970-01-01')::text"
    " WHEN :value > DATE '2000-01-01' THEN 'infinity' ELSE '-infinity' END"
)


def canonical_text(value: exp.Expression, type_: DataType) -> exp.Expression:
    """The canonical text of one value that is not NULL."""
    match type_.kind:
        case Kind.BOOL:
            return shape("CASE WHEN :value THEN '1' ELSE '0' END", value=value)
        case Kind.DECIMAL:
            return shape("trim_scale(:value)::text", value=value)
        case Kind.FLOAT if type_.bits == 32:
            return shape("encode(float4send(:value), 'hex')", value=value)
        case Kind.FLOAT:
            return shape("encode(float8send(:value), 'hex')", value=value)
        case Kind.BYTES:
            return shape("encode(:value, 'hex')", value=value)
        case Kind.TIMESTAMP:
            return shape(_MICROSECONDS, value=value)
        case Kind.DATE:
            return shape(_DAYS, value=value)
        case _:
            return exp.cast(value.copy(), "text")


def row_text(values: tuple[tuple[exp.Expression, DataType], ...]) -> exp.Expression:
    """The canonical text of a row; every value is given with the type that it has."""
    parts: exp.Expression = text("")
    for value, type_ in values:
        part = _framed(_null_safe(value, type_))
        parts = part if parts == text("") else exp.DPipe(this=parts, expression=part, safe=True)
    return parts


def _framed(plain: exp.Expression) -> exp.Expression:
    return shape("coalesce('V' || octet_length(:plain) || ':' || :plain, 'N')", plain=plain)


def _null_safe(value: exp.Expression, type_: DataType) -> exp.Expression:
    """CASE expressions answer their ELSE for NULL, so NULL is taken out first."""
    plain = canonical_text(value, type_)
    if isinstance(plain, exp.Case):
        plain.append("ifs", exp.If(this=exp.Is(this=value.copy(), expression=exp.Null()), true=exp.Null()))
        plain.set("ifs", [plain.args["ifs"][-1], *plain.args["ifs"][:-1]])
    return plain


def digested(query: exp.Select, types: tuple[DataType, ...]) -> exp.Subquery:
    """One md5 a row of `query`, whose values have these types: a derived table `d` with the column `h`.

    OFFSET 0 keeps the planner from pulling the queries up, which would compute every text twice and every md5 twice.
    """
    values = tuple(column(f"v{place}") for place in range(len(types)))
    texts: list[exp.Expression] = [
        exp.Alias(this=_null_safe(given, type_), alias=exp.to_identifier(value.name))
        for given, type_, value in zip(query.expressions, types, values, strict=True)
    ]
    inner = query.copy()
    inner.set("expressions", texts or [exp.Null()])
    line: exp.Expression = text("")
    for value in values:
        part = _framed(value)
        line = part if line == text("") else exp.DPipe(this=line, expression=part, safe=True)
    hashed = exp.Select(expressions=[exp.Alias(this=shape("md5(:line)", line=line), alias=exp.to_identifier("h"))])
    return _derived(hashed.from_(_derived(inner, "v")), "d")


def _derived(query: exp.Select, alias: str) -> exp.Subquery:
    fenced = query.offset(0)
    return exp.Subquery(this=fenced, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def digest_sum(piece: int) -> exp.Expression:
    """The sum of piece 0 or 1 (32 bits) of every `h` of `digested`, exact, '0' for no row."""
    first = exp.Literal.number(1 + 8 * piece)
    return shape("coalesce(sum(('x' || substr(h, :first, 8))::bit(32)::bigint), 0)::text", first=first)


def digest_pair() -> exp.Expression:
    """`a:b`, both sums."""
    return shape(":a || ':' || :b", a=digest_sum(0), b=digest_sum(1))
