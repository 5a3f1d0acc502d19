"""What a policy is made of: a condition over facts, rules that choose a strategy, gates that deny or warn.

Spans stay out of equality, so that a rule read from JSON equals the rule it was frozen from.
"""

from __future__ import annotations

import enum
from dataclasses import field

from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value

Value = str | int | float | bool


class Op(enum.Enum):
    """How a fact is compared with a value."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def orders(self) -> bool:
        """True for the operators that need an order, not just equality."""
        return self not in (Op.EQ, Op.NE)


@value(kw_only=True)
class Compare:
    """`rows >= 1_000_000`. Shares are 0..1, sizes are bytes."""

    fact: str
    op: Op
    value: Value
    span: Span | None = field(default=None, compare=False, repr=False)


@value(kw_only=True)
class OneOf:
    """`sink in (postgres, mssql)`, or `not in` when negated."""

    fact: str
    values: tuple[Value, ...]
    negated: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@value(kw_only=True)
class IsSet:
    """`partition is set`: the fact is known. The one test that is never unknown."""

    fact: str
    negated: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@value(kw_only=True)
class Flag:
    """`cdc`: a yes-or-no fact used by itself."""

    fact: str
    span: Span | None = field(default=None, compare=False, repr=False)


@value
class Not:
    """The opposite; the opposite of unknown is unknown."""

    term: Condition


@value
class All:
    """Every term holds; no terms at all hold always."""

    terms: tuple[Condition, ...]


@value
class AnyOf:
    """At least one term holds."""

    terms: tuple[Condition, ...]


Atom = Compare | OneOf | IsSet | Flag
Condition = Atom | Not | All | AnyOf
ALWAYS = All(())


@value(kw_only=True)
class Ignored:
    """What to say when something was asked for (`when` holds) and the rule still did not fire."""

    code: str
    when: Condition
    because: str


@value(kw_only=True)
class Rule:
    """When its condition is true, the strategy it chooses and why. `code` (by default the name) is what reports print."""

    name: str
    when: Condition
    choose: str
    because: str
    code: str
    ignored: tuple[Ignored, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


class Effect(enum.Enum):
    """What a gate does when its condition is true."""

    DENY = "deny"
    WARN = "warn"


@value(kw_only=True)
class Gate:
    """A condition on a decision that must not hold."""

    name: str
    when: Condition
    effect: Effect
    message: str
    span: Span | None = field(default=None, compare=False, repr=False)


@value
class Policy:
    """Rules in the order they are tried, and gates that are all tried."""

    rules: tuple[Rule, ...] = ()
    gates: tuple[Gate, ...] = ()

    def preceded_by(self, rules: tuple[Rule, ...], gates: tuple[Gate, ...]) -> Policy:
        """This policy with a user's rules tried first; the very same object when there are none."""
        return Policy((*rules, *self.rules), (*gates, *self.gates)) if rules or gates else self
