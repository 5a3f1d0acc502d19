"""The quick digest of rows that pass from Postgres to Postgres untouched: sums of the servers' own 64-bit hashes.

A row's hash is mixed from one hash a column (each with a seed of its own, so that values cannot change places unseen), and hashed
once more, so that values cannot change rows unseen. Rows are summed, never XORed: a row that comes twice counts twice.
Equal are values whose text is the same; of numerics, and of time stamps, those that are equal. The functions are those that
place rows into hash partitions, so no version may change them: https://www.postgresql.org/docs/current/pgupgrade.html takes
the files as they are. Where they are weak (hashfunc.c folds 64-bit integers to 32 bits) is said beside them; see ADR 0009.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.spi.backend import Context

# Recorded beside the sum, so that a digest of another kind never equals it.
MARK = "h1"

# Two dates are subtracted as days; infinite ones cannot be.
_DAYS = (
    "hashint4extended(CASE WHEN isfinite(:value) THEN :value - DATE '1970-01-01'"
    " WHEN :value > DATE '1970-01-01' THEN 2147483647 WHEN :value < DATE '1970-01-01' THEN -2147483648 END, :seed)"
)
# hashint8 XORs the halves of its argument, so 4294967295 would pass for -1.
_BIGINT = "hashint8extended(:value, CASE WHEN :value < 0 THEN -:seed ELSE :seed END)"
# The servers' hash leaves out the sign, and is the seed itself for NaN and both infinities.
_NUMERIC = (
    "hashint8extended(hash_numeric_extended(:value,"
    " CASE WHEN :value < 0 THEN -1 WHEN :value = 'NaN' THEN 2 ELSE 1 END), :seed)"
)
_TEXT = 'hashtextextended((:value)::text COLLATE "C", :seed)'


def quick(ctx: Context) -> bool:
    """Both ends are Postgres, every column has one type on both sides, and content is to be compared, not `full`."""
    wire, level = ctx.load.decisions.wire, ctx.load.decisions.reconcile
    if isinstance(wire, Undecided) or isinstance(level, Undecided):
        return False
    return (ctx.source.name, ctx.sink.name, wire.value, level.value) == ("postgres", "postgres", "binary", "content")


def quick_sum(values: tuple[tuple[exp.Expression, DataType], ...]) -> exp.Expression:
    """The sum over all rows, as text, '0' for none. Values are given with their type."""
    return shape("coalesce(sum(:row), 0)::text", row=row_hash(values))


def row_hash(values: tuple[tuple[exp.Expression, DataType], ...]) -> exp.Expression:
    """One bigint a row, never NULL."""
    parts = [_column_hash(value, type_, seed) for seed, (value, type_) in enumerate(values, start=1)]
    # By its text, since hashint8 would fold it to 32 bits.
    return shape('hashtextextended((:mixed)::text COLLATE "C", 0)', mixed=_mixed(parts or [exp.Literal.number(0)]))


def _mixed(parts: list[exp.Expression]) -> exp.Expression:
    """All parts joined by XOR, as a balanced tree: a table may have a thousand columns."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    left, right = (_mixed(side) for side in (parts[:half], parts[half:]))
    return exp.Paren(this=exp.BitwiseXor(this=left, expression=right))


def _column_hash(value: exp.Expression, type_: DataType, seed: int) -> exp.Expression:
    number = exp.Literal.number(seed)
    hashed = shape(_template(type_), value=value, seed=number)
    return shape("coalesce(:hashed, :seed)", hashed=hashed, seed=number)


def _template(type_: DataType) -> str:
    match type_.kind:
        case Kind.BOOL:
            return "hashint4extended((:value)::int, :seed)"
        case Kind.INT if (type_.bits or 64) > 32:
            return _BIGINT
        case Kind.INT:
            return "hashint8extended(:value, :seed)"
        case Kind.DECIMAL:
            return _NUMERIC
        case Kind.UUID:
            return "uuid_hash_extended(:value, :seed)"
        case Kind.BYTES:
            return 'hashtextextended(md5(:value) COLLATE "C", :seed)'
        case Kind.DATE:
            return _DAYS
        case Kind.TIMESTAMP if type_.tz:
            return "timestamp_hash_extended(:value AT TIME ZONE 'UTC', :seed)"
        case Kind.TIMESTAMP:
            return "timestamp_hash_extended(:value, :seed)"
        case _:  # jsonb too: its own hash is the same for {}, [] and a nested one of either
            return _TEXT
