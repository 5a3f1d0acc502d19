"""What can be wrong with a load written in Python: DP150 to DP179. Each docstring is the page of its code."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


class ScriptError(Exception):
    """Carries a problem out of a builder call up to the reader, which places it; alone it reads as a plain exception."""

    def __init__(self, problem: Problem, argument: str = "") -> None:
        super().__init__(f"{problem.code}: {problem.message()}")
        self.problem = problem
        self.argument = argument


class ScriptFailed(Problem):
    """The manifest script itself raised an error before it was done.

    Loads that come after that line do not exist, so none of the script is compiled as complete.

    Example: a misspelt method, an import that is not installed, a division by zero.

    What to do: fix the line. The loads that were finished before it are still reported on.
    """

    code: ClassVar[str] = "DP150"
    template: ClassVar[str] = "the script stopped here: {kind}: {text}"
    kind: str
    text: str


class ScriptNotPython(Problem):
    """The file is not valid Python, so nothing of it was run.

    The position is the one Python gives, which may lie just after the fault.

    Example: an unclosed parenthesis.

    What to do: fix the line.
    """

    code: ClassVar[str] = "DP151"
    template: ClassVar[str] = "this is not valid Python: {text}"
    text: str


class ArgumentNotUsable(Problem):
    """An argument cannot be read as what it stands for.

    Such values steer the choice of the strategy and the edges of a window; a wrong one loses rows without a sound.

    Example: `lag="10 minuets"`; `changed=20`, which would be 2000 %; a BigQuery table without a dataset.

    What to do: write lag="10 minutes", changed=0.20.
    """

    code: ClassVar[str] = "DP152"
    template: ClassVar[str] = "{text!r} is not {what}"
    advice: ClassVar[str] = "{suggestion}"
    text: str
    what: str
    suggestion: str = ""


class ArgumentUnknownWord(Problem):
    """An argument that takes one of a few words has another word.

    A word that is passed over would leave the default in force, which is seldom what was meant.

    Example: `.incremental_merge(policy="upsert")`.

    What to do: use one of the words named in the help.
    """

    code: ClassVar[str] = "DP153"
    template: ClassVar[str] = "{word!r} is not a {what}"
    advice: ClassVar[str] = "{suggestion}"
    word: str
    what: str
    suggestion: str


class LoadNotFinished(Problem):
    """A load was begun and never given a strategy, so it would silently not exist.

    A table would stop being loaded and nobody would be told.

    Example: `load("orders").read(…).into(…)` without `.auto()`.

    What to do: end it with .auto(), .full_refresh(), .incremental_merge() …
    """

    code: ClassVar[str] = "DP154"
    template: ClassVar[str] = "load {name!r} is begun here and never finished"
    advice: ClassVar[str] = "end it with .auto(), .full_refresh(), .incremental_merge() or another strategy"
    name: str


class SaidTwice(Problem):
    """One load says the same thing twice.

    The compiler does not guess which one was meant.

    Example: two calls of `.key(…)`.

    What to do: keep one; a key of two columns is `.key("a", "b")`, two conditions are joined by `&`.
    """

    code: ClassVar[str] = "DP155"
    template: ClassVar[str] = "load {name!r} says {what} twice"
    advice: ClassVar[str] = 'keep one; a key of two columns is .key("a", "b"), conditions are joined by &'
    name: str
    what: str


class ScriptWithoutLoads(Problem):
    """The script ran to its end and defined no load.

    A compile that does nothing looks like a compile that succeeded.

    Example: loads built inside a function that is never called.

    What to do: build the loads at the top level, or call the function.
    """

    code: ClassVar[str] = "DP156"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "this script defines no load"
    advice: ClassVar[str] = 'begin one with load("name") from dpone_compiler.dsl'


class ConditionUsedAsBool(Problem):
    """A condition was used where Python wants true or false. `and`, `or`, `not` and chained comparisons would drop a
    part.

    Rows that the lost part should have kept out would be loaded.

    Example: `.where((col("a") == 1) and (col("b") == 2))` keeps only the second condition.

    What to do: join conditions with `&`, `|` and `~`, each in parentheses.
    """

    code: ClassVar[str] = "DP157"
    template: ClassVar[str] = "a condition has no truth value in Python; part of it would be dropped"
    advice: ClassVar[str] = "join conditions with &, | and ~, each in parentheses"


class SideMissing(Problem):
    """A load is finished without saying where rows come from or where they go.

    Neither side has a default.

    Example: `load("orders").read(…).auto()`.

    What to do: add `.read(…)` or `.into(…)`.
    """

    code: ClassVar[str] = "DP158"
    template: ClassVar[str] = "load {name!r} has no .{method}(…)"
    advice: ClassVar[str] = 'add .{method}(postgres("connection", "schema.table"))'
    name: str
    method: str


DSL_PROBLEMS: tuple[type[Problem], ...] = (
    ScriptFailed,
    ScriptNotPython,
    ArgumentNotUsable,
    ArgumentUnknownWord,
    LoadNotFinished,
    SaidTwice,
    ScriptWithoutLoads,
    ConditionUsedAsBool,
    SideMissing,
)
