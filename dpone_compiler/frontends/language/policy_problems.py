"""What can be wrong with a rule or gate: DP180 to DP199. Each docstring is the page of its code."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


class UnknownFact(Problem):
    """A condition names a fact that the compiler does not have.

    Such a rule could never fire.

    Example: `when row >= 1_000_000`: the fact is called rows.

    What to do: use one of the facts of docs/reference/policy.md.
    """

    code: ClassVar[str] = "DP180"
    template: ClassVar[str] = "{fact!r} is not a fact"
    advice: ClassVar[str] = "{suggestion}"
    fact: str
    suggestion: str


class FactComparedWithOtherKind(Problem):
    """A fact is compared with a value of another kind, so the comparison could never be true.

    A rule that can never fire is worse than none: its author believes in it.

    Example: `changed >= 5` (a share is written 5%), `rows > many`, `sink > postgres` (words have no order).

    What to do: write a value of the kind that the message names.
    """

    code: ClassVar[str] = "DP181"
    template: ClassVar[str] = "fact {fact!r} is {kind} and cannot be tested with {test}"
    advice: ClassVar[str] = "{suggestion}"
    fact: str
    kind: str
    test: str
    suggestion: str


class WordOutsideFact(Problem):
    """A fact with a closed list of words is compared with a word outside it.

    A gate on a misspelt engine would never close.

    Example: `sink = postgress`.

    What to do: use one of the words.
    """

    code: ClassVar[str] = "DP182"
    template: ClassVar[str] = "fact {fact!r} is never {word!r}"
    advice: ClassVar[str] = "{suggestion}"
    fact: str
    word: str
    suggestion: str


class UnknownStrategyChosen(Problem):
    """A rule chooses a strategy that does not exist.

    The compiler would find no steps for it.

    Example: `choose merge`: it is called incremental_merge.

    What to do: use a known strategy.
    """

    code: ClassVar[str] = "DP183"
    template: ClassVar[str] = "a rule cannot choose {word!r}"
    advice: ClassVar[str] = "{suggestion}"
    word: str
    suggestion: str


class PolicyNamedTwice(Problem):
    """Two rules or two gates of one file have the same name, so a report could not say which one acted.

    Reports, plans and the source map name rules and gates by their name.

    Example: `gate never_big {…}` twice.

    What to do: rename one.
    """

    code: ClassVar[str] = "DP184"
    template: ClassVar[str] = "{kind} {name!r} is defined twice in this file"
    advice: ClassVar[str] = "rename one; the first is at {first}"
    kind: str
    name: str
    first: str


class ConditionTooDeep(Problem):
    """A condition nests `not`, `and` and `or` too deeply.

    Nobody can review such a rule, and reading it would exhaust the compiler's stack.

    Example: sixty times `not` in a row.

    What to do: split the rule into several; rules are tried in order.
    """

    code: ClassVar[str] = "DP185"
    template: ClassVar[str] = "this condition nests more than {deepest} levels"
    advice: ClassVar[str] = "split the rule into several; rules are tried in order"
    deepest: int


POLICY_PROBLEMS: tuple[type[Problem], ...] = (
    UnknownFact,
    FactComparedWithOtherKind,
    WordOutsideFact,
    UnknownStrategyChosen,
    PolicyNamedTwice,
    ConditionTooDeep,
)
