"""Which values of a column its target cannot hold, said so that a source can count them, and what is done about them."""

from __future__ import annotations

import enum

from dpone_compiler.source.value import value

POLICIES = ("fail", "null", "clamp", "text")


class Question(enum.Enum):
    """The question that is asked of a value; true means that it cannot survive. Bounds and sizes are those of the Loss."""

    NULL = "null"
    OUTSIDE = "outside"  # below `low` or above `high`, both of which survive; infinity is above or below everything
    FINER = "finer"  # a fraction of a second of more than `size` digits
    TICKS = "ticks"  # a time that is no multiple of 1/300 s
    CLOCK = "clock"  # a time of day; a minute with seconds where `size` is 1
    OFFSET = "offset"  # an offset other than UTC
    SCALE = "scale"  # a decimal of more than `size` digits after the point
    ROUNDED = "rounded"  # a number that a float of `size` bits does not give back
    NOT_FINITE = "not_finite"  # NaN or an infinity
    CHARACTERS = "characters"  # a text longer than `size` characters
    BYTES = "bytes"  # longer than `size` bytes
    UNITS = "units"  # longer than `size` UTF-16 units
    BLANKS = "blanks"  # a text that ends in a blank
    ZERO = "zero"  # a text with U+0000
    UNLISTED = "unlisted"  # a text that is not one of `labels`
    ANY = "any"  # every value: what arrives is equal in meaning at best
    BOUNDS = "bounds"  # an array whose first index is not 1, or of several dimensions
    STOPS = "stops"  # no question: the target's own conversion refuses the value, and the load stops


# A nearest value exists: the conversion rounds, or a bound is put in.
_NEAREST = frozenset(
    {Question.OUTSIDE, Question.FINER, Question.TICKS, Question.CLOCK, Question.SCALE, Question.ROUNDED, Question.ANY}
)


@value(kw_only=True)
class Loss:
    """One kind of value that does not survive. `says`: a phrase for people. `low` and `high` are inclusive, in the source
    family's plain text ('' no bound); `size` counts digits, bits, characters or bytes, as the test says."""

    test: Question
    says: str
    low: str = ""
    high: str = ""
    size: int = 0
    labels: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether a source can be asked how many there are."""
        return self.test is not Question.STOPS

    @property
    def has_nearest(self) -> bool:
        """Whether `clamp` has a value to put in its place."""
        return self.test in _NEAREST


def refused_losses(losses: tuple[Loss, ...], policy: str) -> tuple[Loss, ...]:
    """Those that a policy has no answer for and that can be counted: `null` has none for a NULL, `clamp` where nothing is nearest."""
    counted = tuple(loss for loss in losses if loss.counted)
    if policy == "null":
        return tuple(loss for loss in counted if loss.test is Question.NULL)
    return tuple(loss for loss in counted if not loss.has_nearest) if policy == "clamp" else counted


def sentence(losses: tuple[Loss, ...]) -> str:
    """All of them in one line; '' for none."""
    return "; ".join(loss.says for loss in losses)


def stopping(says: str) -> tuple[Loss, ...]:
    """A loss that the target itself refuses."""
    return (Loss(test=Question.STOPS, says=says),)
