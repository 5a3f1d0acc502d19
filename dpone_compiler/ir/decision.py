"""A choice is Undecided until a pass makes it, and then it carries who chose, why, from what, and why not the others."""

from __future__ import annotations

from typing import Generic, TypeVar

from dpone_compiler.source.value import value

T = TypeVar("T")


@value
class Rejected:
    """An alternative that was not taken, with the reason in one sentence."""

    value: str
    reason: str


@value
class Undecided:
    """No pass has chosen yet."""


@value(kw_only=True)
class Chosen(Generic[T]):
    """A made choice. `by` is the pass, `rule` the policy rule or manifest key, `facts` the inputs that were read."""

    value: T
    by: str
    rule: str
    reason: str
    facts: tuple[tuple[str, str], ...] = ()
    rejected: tuple[Rejected, ...] = ()


Choice = Undecided | Chosen[T]


class NotDecidedError(RuntimeError):
    """A later stage asked for a choice that no pass has made: a bug of the pass order, never of the user."""


def decided(choice: Undecided | Chosen[T]) -> T:
    """The value of a choice that must have been made by now. Raises NotDecidedError otherwise."""
    if isinstance(choice, Undecided):
        raise NotDecidedError("a choice was read before any pass made it")
    return choice.value
