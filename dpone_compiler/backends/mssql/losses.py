"""Values that the target cannot hold, asked of a SQL Server source: what offends, and what the policy puts in its place.

NULL offends only where it is asked for. Nothing here can fail: TRY_CONVERT gives NULL where CONVERT would stop.
https://learn.microsoft.com/en-us/sql/t-sql/functions/try-convert-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.predicates import BINARY
from dpone_compiler.backends.mssql.shapes import convert, shape, text
from dpone_compiler.backends.mssql.texts import as_text
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.loss import Loss, Question

_CHARACTERS = "LEN(:wide COLLATE Latin1_General_100_CI_AS_SC + N'.') - 1 > :size"  # a surrogate pair is one
_TICKS = "CONVERT(varchar(23), TRY_CONVERT(datetime, :wall), 121) + '0000' <> CONVERT(varchar(27), :wall, 121)"
_NEVER = "1 = 0"
_UTF8 = "Latin1_General_100_BIN2_UTF8"


def kept_value(moved: MovedColumn, value: exp.Expression) -> exp.Expression:
    """The value with what the column's policy puts in the place of offenders. `fail` and `text` change nothing."""
    given = moved.source.type
    if moved.lossy == "null":
        wrong = [
            offends(loss, value, given) for loss in moved.losses if loss.counted and loss.test is not Question.NULL
        ]
        if not wrong:
            return value
        return shape("CASE WHEN :wrong THEN NULL ELSE :value END", wrong=exp.or_(*wrong), value=value)  # type: ignore[arg-type]
    if moved.lossy == "clamp":
        for loss in sorted(
            moved.losses, key=lambda each: each.test is Question.OUTSIDE
        ):  # round first: it may reach a bound
            value = _nearest(loss, value, given)
    return value


def offends(loss: Loss, value: exp.Expression, given: DataType) -> exp.Expression:  # noqa: C901, PLR0912 - one arm a test
    """The condition that is true of a value that does not survive, and not true of every other one."""
    wide = as_text(value, given)
    size = exp.Literal.number(loss.size)
    match loss.test:
        case Question.NULL:
            return shape(":value IS NULL", value=value)
        case Question.ANY:
            return shape(":value IS NOT NULL", value=value)
        case Question.OUTSIDE:
            low, high = _bounds(loss, given)
            if low is None or high is None:
                return shape(_NEVER)
            return shape("(:asked < :low OR :asked > :high)", asked=_wall(value, given), low=low, high=high)
        case Question.FINER:
            step = exp.Literal.number(10 ** (9 - loss.size))
            return shape("DATEPART(NANOSECOND, :value) % :step <> 0", value=value, step=step)
        case Question.TICKS:
            return shape(_TICKS, wall=_wall(value, given))
        case Question.CLOCK if loss.size:
            template = "(DATEPART(SECOND, :value) <> 0 OR DATEPART(NANOSECOND, :value) <> 0)"
            return shape(template, value=value)
        case Question.CLOCK:
            return shape("CONVERT(time(7), :wall) <> '00:00:00'", wall=_wall(value, given))
        case Question.SCALE:
            return shape("ROUND(:value, :size) <> :value", value=value, size=size)
        case Question.ROUNDED:
            return _rounded(value, given, loss.size)
        case Question.CHARACTERS:
            return shape(_CHARACTERS, wide=wide, size=size)
        case Question.BYTES if given.kind is Kind.BYTES:
            return shape("DATALENGTH(:value) > :size", value=value, size=size)
        case Question.BYTES:
            utf8 = convert("varchar(max)", shape(f":wide COLLATE {_UTF8}", wide=wide))
            return shape("DATALENGTH(:utf8) > :size", utf8=utf8, size=size)
        case Question.UNITS:
            return shape("DATALENGTH(:wide) / 2 > :size", wide=wide, size=size)
        case Question.BLANKS:
            return shape(":wide LIKE N'% '", wide=wide)
        case Question.ZERO:
            return shape(f"CHARINDEX(NCHAR(0), :wide COLLATE {BINARY}) > 0", wide=wide)
        case Question.UNLISTED:
            listed = exp.Tuple(expressions=[text(label) for label in loss.labels])
            return shape(f":wide COLLATE {BINARY} NOT IN :listed", wide=wide, listed=listed)
        case (
            Question.NOT_FINITE | Question.OFFSET | Question.BOUNDS | Question.STOPS
        ):  # no such value lives in a table here
            return shape(_NEVER)


def _wall(value: exp.Expression, given: DataType) -> exp.Expression:
    """Instants as the wall clock of UTC, everything with a date in full precision."""
    if given.kind is not Kind.TIMESTAMP:
        return value
    return convert("datetime2(7)", shape("SWITCHOFFSET(:value, '+00:00')", value=value) if given.tz else value)


def _bounds(loss: Loss, given: DataType) -> tuple[exp.Expression | None, exp.Expression | None]:
    return _bound(loss.low, given), _bound(loss.high, given)


def _bound(bound: str, given: DataType) -> exp.Expression | None:
    """None: no value of this engine reaches it."""
    literal = exp.Literal.string(bound)
    if given.kind is Kind.TIMESTAMP:
        return convert("datetime2(7)", literal, 121)
    if given.kind in (Kind.DATE, Kind.TIME):
        return convert("date" if given.kind is Kind.DATE else "time(7)", literal)
    if given.kind is Kind.FLOAT:
        return convert("float", literal)
    digits, _, fraction = bound.lstrip("-").partition(".")
    if len(digits) + len(fraction) > 38:
        return None
    return convert(f"decimal(38,{len(fraction)})", literal)


def _rounded(value: exp.Expression, given: DataType, bits: int) -> exp.Expression:
    narrow = "real" if bits == 32 else "float"
    if given.kind is Kind.FLOAT:
        template = "CASE WHEN ABS(:value) > 3.4028234663852886e38 THEN 1 WHEN :narrow <> :value THEN 1 ELSE 0 END = 1"
        inside = shape("CASE WHEN ABS(:value) > 3.4028234663852886e38 THEN 0 ELSE :value END", value=value)
        return shape(template, value=value, narrow=convert("float", convert(narrow, inside)))
    exact = exp.Anonymous(
        this="TRY_CONVERT",
        expressions=[convert(f"decimal(38,{given.scale or 0})", value).expressions[0], convert(narrow, value)],
    )
    return shape("(:value IS NOT NULL AND COALESCE(:exact, :value + 1) <> :value)", value=value, exact=exact)


def _nearest(loss: Loss, value: exp.Expression, given: DataType) -> exp.Expression:
    """The nearest value that survives; what the conversion itself rounds is left to it."""
    if loss.test is Question.SCALE:
        return shape("ROUND(:value, :size)", value=value, size=exp.Literal.number(loss.size))
    low, high = _bounds(loss, given) if loss.test is Question.OUTSIDE else (None, None)
    if low is None or high is None:
        return value
    if given.tz:
        low, high = (shape("TODATETIMEOFFSET(:bound, '+00:00')", bound=bound) for bound in (low, high))
    return shape(
        "CASE WHEN :value < :low THEN :low WHEN :value > :high THEN :high ELSE :value END",
        value=value,
        low=low,
        high=high,
    )
