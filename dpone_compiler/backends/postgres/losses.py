"""Values that the target cannot hold, asked of a Postgres source: what offends, and what the policy puts in its place.

NULL offends only where it is asked for. NaN is above every number here, and no bound is asked of it: it has a question of its own.
https://www.postgresql.org/docs/current/datatype-numeric.html
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from dpone_compiler.backends.postgres.json_rows import TICKS
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.loss import Loss, Question
from dpone_compiler.sql.identifiers import text

# A cast of what a float cannot hold is an error of the server, so the extremes are asked about first.
_ROUNDED = (
    "CASE WHEN :number IN ('NaN', 'Infinity', '-Infinity') THEN false"
    " WHEN abs(:number) > :most OR (:number <> 0 AND abs(:number) < :least) THEN true"
    " ELSE :number <> (((:number)::float8:::single)::text)::numeric END"
)
_EXTREMES = {64: ("1.7976931348623157e308", "4.95e-324"), 32: ("3.4028234663852886e38", "1.41e-45")}
_UNITS = "char_length(:plain) + char_length(regexp_replace(:plain, '[^\\U00010000-\\U0010FFFF]', '', 'g')) > :size"


def kept_value(moved: MovedColumn, value: exp.Expression) -> exp.Expression:
    """The value with what the column's policy puts in the place of offenders. `fail` and `text` change nothing."""
    given = moved.source.type
    if moved.lossy == "null":
        wrong = [
            offends(loss, value, given) for loss in moved.losses if loss.counted and loss.test is not Question.NULL
        ]
        return shape("CASE WHEN :wrong THEN NULL ELSE :value END", wrong=_any(wrong), value=value) if wrong else value
    if moved.lossy == "clamp":
        for loss in sorted(
            moved.losses, key=lambda each: each.test is Question.OUTSIDE
        ):  # round first: it may reach a bound
            value = _nearest(loss, value, given)
    return value


def _any(conditions: Sequence[exp.Expression]) -> exp.Expression:
    joined = exp.or_(*conditions)
    assert isinstance(joined, exp.Expression)
    return joined


def _number(value: int | str) -> exp.Expression:
    return exp.Literal.number(value)


def _wall(value: exp.Expression, given: DataType) -> exp.Expression:
    return shape("(:value) AT TIME ZONE 'UTC'", value=value) if given.tz else value


def offends(loss: Loss, value: exp.Expression, given: DataType) -> exp.Expression:  # noqa: C901, PLR0912 - one arm a test
    """The condition that is true of a value that does not survive, and false or NULL of every other one."""
    plain = shape("(:value)::text", value=value)
    match loss.test:
        case Question.NULL:
            return shape("(:value) IS NULL", value=value)
        case Question.ANY:
            return shape("(:value) IS NOT NULL", value=value)
        case Question.OUTSIDE:
            asked, low, high = _bounded(loss, value, given)
            return shape(f"{_numeric(given)}(:asked < :low OR :asked > :high)", asked=asked, low=low, high=high)
        case Question.FINER:
            step = _number(10 ** max(6 - loss.size, 0))
            return shape(
                "extract(microseconds FROM :value)::bigint % :step <> 0", value=_finite(value, given), step=step
            )
        case Question.TICKS:
            wall = _wall(value, given)
            return shape(f"CASE WHEN isfinite(:wall) THEN {TICKS} <> :wall END", wall=wall)
        case Question.CLOCK:
            unit = text("minute" if loss.size else "day")
            wall = _wall(value, given)
            return shape("CASE WHEN isfinite(:wall) THEN date_trunc(:unit, :wall) <> :wall END", wall=wall, unit=unit)
        case Question.OFFSET:
            return shape("extract(timezone FROM :value) <> 0", value=value)
        case Question.SCALE:
            number = shape("(:value)::numeric", value=value)
            return shape("round(:number, :size) <> :number", number=number, size=_number(loss.size))
        case Question.ROUNDED:
            return _unequal(value, given, loss.size)
        case Question.NOT_FINITE:
            return _not_finite(value, given)
        case Question.CHARACTERS:
            return shape("char_length(:plain) > :size", plain=plain, size=_number(loss.size))
        case Question.BYTES:
            sized = value if given.kind is Kind.BYTES else plain
            return shape("octet_length(:sized) > :size", sized=sized, size=_number(loss.size))
        case Question.UNITS:
            return shape(_UNITS, plain=_sent(value, given, plain), size=_number(loss.size))
        case Question.BLANKS:
            return shape("right(:plain, 1) = ' '", plain=plain)
        case Question.UNLISTED:
            listed = exp.cast(exp.Array(expressions=[text(label) for label in loss.labels]), "text[]")
            return shape("(:plain) <> ALL (:listed)", plain=plain, listed=listed)
        case Question.BOUNDS:
            return shape("(array_ndims(:value) > 1 OR array_lower(:value, 1) <> 1)", value=value)
        case Question.ZERO | Question.STOPS:  # no text here holds U+0000
            return exp.false()


def _sent(value: exp.Expression, given: DataType, plain: exp.Expression) -> exp.Expression:
    if given.kind is Kind.BYTES:
        return shape("encode(:value, 'hex')", value=value)
    return shape("array_to_json(:value)::text", value=value) if given.kind is Kind.ARRAY else plain


def _finite(value: exp.Expression, given: DataType) -> exp.Expression:
    """An infinity has no fraction, and no microseconds of it can be taken."""
    if given.kind is Kind.TIME:
        return value
    return shape("CASE WHEN isfinite(:value) THEN :value END", value=value)


def _not_finite(value: exp.Expression, given: DataType) -> exp.Expression:
    kind = "float8" if given.kind is Kind.FLOAT else "numeric"
    listed = exp.cast(exp.Array(expressions=[text(word) for word in ("NaN", "Infinity", "-Infinity")]), f"{kind}[]")
    return shape("(:value) = ANY (:listed)", value=value, listed=listed)


def _bounded(
    loss: Loss, value: exp.Expression, given: DataType
) -> tuple[exp.Expression, exp.Expression, exp.Expression]:
    """The value and its bounds, in types that can be compared."""
    native = {Kind.DATE: "date", Kind.TIMESTAMP: "timestamp", Kind.TIME: "time"}.get(given.kind, "numeric")
    asked = _wall(value, given) if given.kind is Kind.TIMESTAMP else value
    if given.kind is Kind.FLOAT:
        asked = shape("(:value)::numeric", value=value)
    low, high = (exp.cast(text(bound), native) for bound in (loss.low, loss.high))
    return asked, low, high


def _unequal(value: exp.Expression, given: DataType, bits: int) -> exp.Expression:
    if given.kind is Kind.FLOAT:
        return _narrowed(value)
    most, least = _EXTREMES[bits]
    template = _ROUNDED.replace(":single", "real" if bits == 32 else "float8")
    number = shape("(:value)::numeric", value=value)
    return shape(template, number=number, most=exp.cast(text(most), "numeric"), least=exp.cast(text(least), "numeric"))


_NARROWED = (
    "CASE WHEN :value IN ('NaN', 'Infinity', '-Infinity', 0) THEN false"
    " WHEN abs(:value) > 3.4028234663852886e38::float8 OR abs(:value) < 1.41e-45::float8 THEN true"
    " ELSE :value <> (:value)::real::float8 END"
)


def _narrowed(value: exp.Expression) -> exp.Expression:
    return shape(_NARROWED, value=value)


def _numeric(given: DataType) -> str:
    return ":asked <> 'NaN' AND " if given.kind in _WITH_NAN else ""


def _nan(given: DataType) -> str:
    return "WHEN :value = 'NaN' THEN :value" if given.kind in _WITH_NAN else ""


_WITH_NAN = (Kind.DECIMAL, Kind.FLOAT)


def _nearest(loss: Loss, value: exp.Expression, given: DataType) -> exp.Expression:
    """The nearest value that survives; what the conversion itself rounds is left to it."""
    if loss.test is Question.SCALE:
        rounded = shape("round((:value)::numeric, :size)", value=value, size=_number(loss.size))
        return rounded if given.kind is not Kind.FLOAT else shape("(:rounded)::float8", rounded=rounded)
    if loss.test is not Question.OUTSIDE:
        return value
    native = {Kind.DATE: "date", Kind.TIMESTAMP: "timestamp", Kind.TIME: "time"}.get(given.kind, "numeric")
    zoned = "(:bound) AT TIME ZONE 'UTC'" if given.kind is Kind.TIMESTAMP and given.tz else ":bound"
    low, high = (shape(zoned, bound=exp.cast(text(bound), native)) for bound in (loss.low, loss.high))
    bounded = shape(
        f"CASE {_nan(given)} WHEN :value < :low THEN :low WHEN :value > :high THEN :high ELSE :value END",
        value=value,
        low=low,
        high=high,
    )
    return exp.cast(bounded, "float8") if given.kind is Kind.FLOAT else bounded
