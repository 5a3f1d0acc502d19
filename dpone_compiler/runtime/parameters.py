"""The run's parameters: text values by name, made by the executor, captured from steps, or derived from the run id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.connections.session import Result
from dpone_compiler.runtime.outcome import RefusedError

# Names that only the protocol sets; `--set` may not.
_RESERVED = ("run_id", "fence", "fingerprint", "item", "holder", "watermark", "window_low", "window_high", "partitions",
             "lease_holder", "lease_fence", "lease_backend")  # fmt: skip
# What a continued attempt takes over from the state row.
_FROZEN = {
    "window_low": "attempt_low",
    "window_high": "attempt_high",
    "partitions": "attempt_partitions",
    "rows_staged": "rows_staged",
    "digest": "digest",
}


class Parameters:
    """Every known value. A parameter that nobody has set yet is '' (bodies that need it run after the step that gives it)."""

    def __init__(self, doc: PlanDoc, given: Mapping[str, str]) -> None:
        self._doc = doc
        self._values: dict[str, str] = {param.name: "" for param in doc.params}
        known = {param.name for param in doc.params if param.source == "run"} - set(_RESERVED)
        for name, value in given.items():
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise RefusedError(
                    "DP417", f"--set {name}: this plan has no such parameter (it has: {listed})", exit_code=2
                )
            self._values[name] = value

    def start(self, run_id: str) -> None:
        """Set what follows from the run id."""
        self.put(run_id=run_id, fingerprint=self._doc.fingerprint)
        suffix = run_id.replace("-", "_")
        for param in self._doc.params:
            if param.source == "derived":
                self._values[param.name] = param.prefix + suffix

    def take_over(self, row: Mapping[str, str]) -> None:
        """Set what a continued attempt has frozen."""
        for name, column in _FROZEN.items():
            if row.get(column, ""):
                self._values[name] = row[column]

    def put(self, **values: str) -> None:
        """Set values."""
        self._values.update(values)

    def get(self, name: str) -> str:
        """A value, '' when there is none yet."""
        return self._values.get(name, "")

    def all(self) -> dict[str, str]:
        """Every value, for the bodies of guards and of the lease."""
        return dict(self._values)

    def of(self, step: StepDoc, **more: str) -> dict[str, str]:
        """What the step's bodies read."""
        return {name: more.get(name, self.get(name)) for name in step.params}

    def capture(self, step: StepDoc, result: Result) -> None:
        """Take the one row of a query step."""
        if len(result.rows) != 1:
            message = f"step {step.id} gave {len(result.rows)} rows instead of one"
            raise RefusedError("DP430", message, step=step.id)
        row = dict(zip(result.columns, result.rows[0], strict=True))
        missing = [name for name in step.captures if name not in row]
        if missing:
            raise RefusedError("DP430", f"step {step.id} gave no column {missing[0]!r}", step=step.id)
        self._values.update({name: row[name] or "" for name in step.captures})


def one_row(result: Result) -> dict[str, str]:
    """The only row of a result by column name, NULL as ''; {} when there is none."""
    rows: Iterable[tuple[str | None, ...]] = result.rows[:1]
    return {name: value or "" for row in rows for name, value in zip(result.columns, row, strict=True)}
