"""What can be wrong with the conditions and expressions that a person writes. Each docstring is the page of its code."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


class BadExpression(Problem):
    """A condition or a column expression is not valid SQL of the source's dialect, or not of the allowed kind.

    Expressions are parsed, checked against the catalog's types and emitted again, so that what is reviewed is what runs.
    Subqueries, aggregates, windows and parameters are refused, because the expression is used in several statements.
    """

    code: ClassVar[str] = "DP210"
    template: ClassVar[str] = "{what}: {fault}"
    advice: ClassVar[str] = "{remedy}"
    what: str
    fault: str
    remedy: str


class ExpressionColumn(Problem):
    """An expression names a column that the source table does not have.

    It would fail in the engine in the middle of a run. The help line names the nearest column of the catalog snapshot.
    """

    code: ClassVar[str] = "DP211"
    template: ClassVar[str] = "{what}: {fault}"
    advice: ClassVar[str] = "{remedy}"
    what: str
    fault: str
    remedy: str


class ExpressionType(Problem):
    """An expression has the wrong type, or compares things that cannot be compared.

    Engines would convert silently, each in its own way, and the filter would keep other rows than were meant. Cast one side.
    """

    code: ClassVar[str] = "DP212"
    template: ClassVar[str] = "{what}: {fault}"
    advice: ClassVar[str] = "{remedy}"
    what: str
    fault: str
    remedy: str


class ConditionConstant(Problem):
    """A condition that says the same of every row: `1 = 1`, `status = 'x' OR true`, `false`, `NULL`.

    It is what remains of a template or of a test. A filter that is always true hides that the whole table is read, and a
    tombstone that is always true would delete every row; one that is never true moves nothing and looks like success.

    Example: `source: {options: {custom_predicate: "1=1"}}`.

    What to do: leave it out to read every row, or name a column in it.
    """

    code: ClassVar[str] = "DP217"
    template: ClassVar[str] = "{what}: {fault}"
    advice: ClassVar[str] = "{remedy}"
    what: str
    fault: str
    remedy: str
