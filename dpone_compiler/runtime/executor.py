"""Carries out one step: the ops of a plan, and nothing else. Order, guards and transactions are the runner's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dpone_compiler.artifacts.plan_doc import StepDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.session import EngineError, Result, Session
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.outcome import STOPPED, RefusedError
from dpone_compiler.runtime.parameters import Parameters
from dpone_compiler.runtime.progress import Listener
from dpone_compiler.runtime.sessions import Sessions
from dpone_compiler.runtime.transfer.batches import Batches
from dpone_compiler.runtime.transfer.changes import Changes, read_spec
from dpone_compiler.runtime.transfer.decoded import DecodedSession
from dpone_compiler.runtime.transfer.pump import pump
from dpone_compiler.runtime.waiting import await_none


@dataclass(frozen=True, slots=True)
class Report:
    """What one step did. `rows` None: the engine gave no count. `batches`: of a transfer, see transfer/batches.py."""

    rows: int | None
    size: int
    seconds: float
    batches: Mapping[str, Any] = field(default_factory=dict)


class Executor:
    """The ops over the run's sessions."""

    def __init__(
        self, bundle: LoadedBundle, sessions: Sessions, parameters: Parameters, faults: Faults, listener: Listener
    ) -> None:
        self._bundle, self._sessions, self._parameters = bundle, sessions, parameters
        self._faults, self._listener = faults, listener
        self._batches: Mapping[str, Any] = {}

    def carry_out(self, step: StepDoc, session: Session) -> Report:
        """Run the step on the session of its side."""
        started = time.monotonic()
        self._faults.inside(step.id)
        self._batches = {}
        rows, size = self._op(step, session)
        return Report(rows, size, time.monotonic() - started, self._batches)

    def ask(self, step: StepDoc, session: Session) -> Result:
        """What a step's query answers; no row is an answer too."""
        self._faults.inside(step.id)
        result = self._run(step, session)
        _answered(step, result)
        return result

    def answers_yes(self, step: StepDoc, session: Session, item: str = "") -> bool:
        """Ask the step's guard query."""
        params = {**self._parameters.all(), "item": item}
        rows = session.run(self._bundle.body(step.guard.file), params).rows
        return bool(rows) and rows[0][0] == "1"

    def _op(self, step: StepDoc, session: Session) -> tuple[int | None, int]:
        match step.op:
            case "sql":
                return self._run(step, session).affected, 0
            case "query" | "lock":  # the runner has taken the lock; its body, if any, gives the token
                if not step.file:
                    return None, 0
                result = self._run(step, session)
                self._parameters.capture(step, result)
                return None, 0
            case "check":
                self._check(step, self._run(step, session))
                return None, 0
            case "transfer":
                return self._transfer(step)
            case "foreach":
                return self._foreach(step, session), 0
            case "await":
                self._await(step, session)
                return None, 0
            case "changes":
                return self._changes(step, session)
            case _:
                raise RefusedError(
                    "DP702", f"step {step.id} has op {step.op!r}, which this dponec does not know", step=step.id
                )

    def _run(self, step: StepDoc, session: Session) -> Result:
        return session.run(self._bundle.body(step.file), self._parameters.of(step))

    def _check(self, step: StepDoc, result: Result) -> None:
        _answered(step, result)
        if not result.rows:
            return
        code, message = _violation(step, result)
        raise RefusedError(code, message, step=step.id)

    def _await(self, step: StepDoc, session: Session) -> None:
        params = self._parameters.of(step)
        query, body = (self._bundle.body(step.files[role]) if role in step.files else "" for role in ("query", "body"))

        def ask() -> Result:
            result = session.run(query, params)
            _answered(step, result)
            return result

        left = await_none(ask, (lambda: session.run(body, params)) if body else None, step.max_seconds)
        if left.rows:
            code, message = _violation(step, left)
            message += f"; waited {step.max_seconds} seconds"
            raise RefusedError(code, message, exit_code=STOPPED, retryable=True)

    def _transfer(self, step: StepDoc) -> tuple[int, int]:
        expected = _number(self._parameters.get("source_rows"))

        def progress(rows: int, size: int) -> None:
            self._faults.rows(step.id, rows)
            self._listener.step_progress(step.id, rows, size, expected)

        plan = self._bundle.doc.decision.get("adaptive_batching") or {}
        batches = Batches(plan) if plan.get("enabled") else None
        done = pump(
            self._sessions.on("source"),
            self._bundle.body(step.files["extract"]),
            self._sessions.on("target"),
            self._bundle.body(step.files["load"]),
            self._parameters.of(step),
            progress,
            batches,
        )
        self._batches = batches.told() if batches is not None else {}
        if done.rows_in != done.rows_out:
            message = f"the source sent {done.rows_out} rows and the target took {done.rows_in}"
            raise RefusedError("DP431", message, step=step.id)
        return done.rows_in, done.bytes

    def _changes(self, step: StepDoc, session: Session) -> tuple[int, int]:
        """Prepare the temporary table, and fill it unless this is the first run, which copies the table itself."""
        catalog = self._run(step, session)
        _answered(step, catalog)
        if not self._parameters.get("watermark"):
            return 0, 0
        low, high = (int(self._parameters.get(name)) for name in ("window_low", "window_high"))
        changes = Changes(read_spec(self._bundle.body(step.files["spec"]), catalog.rows), low, high)

        def progress(rows: int, size: int) -> None:
            self._faults.rows(step.id, rows)
            self._listener.step_progress(step.id, rows, size, 0)

        done = pump(
            DecodedSession(self._sessions.on("feed"), changes),
            self._bundle.body(step.files["extract"]),
            session,
            self._bundle.body(step.files["load"]),
            self._parameters.of(step),
            progress,
        )
        return done.rows_in, 0  # bytes count what reached the target

    def _foreach(self, step: StepDoc, session: Session) -> int:
        listed = session.run(self._bundle.body(step.files["query"]), self._parameters.of(step))
        _answered(step, listed)
        items = [row[0] or "" for row in listed.rows]
        if step.max_items and len(items) > step.max_items:
            message = f"{len(items)} items, and the plan allows {step.max_items}; nothing was changed"
            raise RefusedError("DP432", message, step=step.id)
        body = self._bundle.body(step.files["body"])
        for number, item in enumerate(items, start=1):
            if not (step.guard.file and self.answers_yes(step, session, item)):
                session.run(body, {**self._parameters.of(step), "item": item})
            self._faults.rows(step.id, number)
            self._listener.step_progress(step.id, number, 0, len(items))
        return len(items)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _violation(step: StepDoc, result: Result) -> tuple[str, str]:
    """Code and words of the first row that a check gave."""
    row = dict(zip(result.columns, result.rows[0], strict=True))
    count = f" ({row['count']})" if row.get("count") else ""
    return row.get("code") or "DP500", f"{row.get('detail') or step.purpose}{count}"


def _answered(step: StepDoc, result: Result) -> None:
    """No rows is an answer; no columns is a lost one, and silence must not pass for a proof."""
    if not result.columns:
        raise EngineError("", f"step {step.id} got no answer, not even an empty table", transient=True)
