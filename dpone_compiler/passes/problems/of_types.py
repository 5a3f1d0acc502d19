"""Problems of types: what has no way into the target's column, and what not every value survives."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


class TypeRefused(Problem):
    """There is no way for the values of a column to get into the target's column."""

    code: ClassVar[str] = "DP207"
    template: ClassVar[str] = "column {column!r} cannot be loaded: {reason}"
    advice: ClassVar[str] = "cast it in source.columns, change the target's type, or leave the column out"
    column: str
    reason: str


class LossyColumn(Problem):
    """Some values of a column cannot survive in the target's type.

    The plan lists them, and its step `check-values` counts them in the source before anything is sent. With the policy `fail`, the
    default, one such value stops the run (DP524).
    """

    code: ClassVar[str] = "DP208"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "column {column!r} does not hold every value: {loss}; policy {policy}"
    advice: ClassVar[str] = "change the target's type, or say source.columns[].lossy: null, clamp or text"
    column: str
    loss: str
    policy: str


class LossyPolicyUnfit(Problem):
    """`lossy` says what becomes of values that the target cannot hold, and this column has no room for that.

    `null` needs a target column that may be NULL, and `text` one of text. In a key another value would be another row, so there the
    only policy is `fail`; the cursor and the partition column have an order, so there `clamp` is the only other one.
    """

    code: ClassVar[str] = "DP213"
    template: ClassVar[str] = "column {column!r} cannot have the policy `lossy: {policy}`: {reason}"
    advice: ClassVar[str] = "leave it at `fail`, or change the target's column"
    column: str
    policy: str
    reason: str
