"""Interprets a bundle's steps: order, guards, transactions, snapshots, retries, and one outcome for every end.

The protocol is docs/adr/0003-execution-protocol.md; run.sh is the other interpreter of the same list.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import replace
from typing import Any

from dpone_compiler.artifacts.plan_doc import StepDoc, asked_for
from dpone_compiler.runtime.attempt import Attempt
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.server import server_of
from dpone_compiler.runtime.connections.session import EngineError
from dpone_compiler.runtime.decide import Asked, Refusal, decide
from dpone_compiler.runtime.dry import TargetToBeMade, looked_at, planned_first_run
from dpone_compiler.runtime.executor import Executor, Report
from dpone_compiler.runtime.failure import signalled_late, stopped_by, stopped_by_signal, stopped_by_system
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.holding import Holding
from dpone_compiler.runtime.journal import DiskJournal, Journal, NoJournal
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import Interrupted, RefusedError, RunOutcome, command, refused
from dpone_compiler.runtime.parameters import Parameters, one_row
from dpone_compiler.runtime.progress import Listener
from dpone_compiler.runtime.receipt import make_receipt, target_identity, write_receipt
from dpone_compiler.runtime.sessions import Opener, Sessions
from dpone_compiler.runtime.signals import kept
from dpone_compiler.runtime.slices import LEFT, EverySliceLoaded, run_slices, takes_slices
from dpone_compiler.runtime.units import Unit, last_of_groups, units_of
from dpone_compiler.runtime.what_now import documents, what_now
from dpone_compiler.runtime.window import given_window

_RETRIES = 2
_WAIT = 0.5  # seconds before the first repetition, doubled each time


class Run:
    """One run of one bundle. Use `run_bundle`."""

    def __init__(
        self,
        *,
        bundle: LoadedBundle,
        options: RunOptions,
        opener: Opener,
        holding: Holding,
        listener: Listener,
        faults: Faults,
    ) -> None:
        self._bundle, self._doc, self._options = bundle, bundle.doc, options
        self._window = given_window(bundle.doc, options.window)
        self._listener, self._faults, self._holding = listener, faults, holding
        self._parameters = Parameters(bundle.doc, options.given)
        self._parameters.put(lease_holder=str(uuid.uuid4()))
        self._sessions = Sessions(bundle.doc, opener)
        self._executor = Executor(bundle, self._sessions, self._parameters, faults, listener)
        self._journal: Journal = NoJournal()
        self._attempt = Attempt(bundle.doc, options.from_step)
        self._last = last_of_groups(bundle.doc.steps)
        self._reports: list[dict[str, Any]] = []
        self._step: StepDoc | None = None
        self._changed = False
        self._started = time.monotonic()

    def execute(self) -> RunOutcome:
        """Every end but a bug of ours is an outcome. Once it is known, no signal interrupts what is left to do."""
        late: list[int] = []
        with contextlib.ExitStack() as ending:
            try:
                outcome = self._attempted()
                late = ending.enter_context(kept())
            except Interrupted as signal:
                outcome = stopped_by_signal(
                    signal.signum, step=self._step_id, doc=self._doc, bundle=self._options.shown
                )
            finally:
                self._leave()
            outcome = self._finish(outcome)
        return signalled_late(late[0], outcome, bundle=self._options.shown) if late else outcome

    def _attempted(self) -> RunOutcome:
        try:
            self._all_units()
            return RunOutcome(exit_code=0, status="planned" if self._options.dry_run else "done")
        except TargetToBeMade:
            return planned_first_run()
        except EverySliceLoaded:
            self._parameters.put(**{LEFT: "0"})
            return RunOutcome(exit_code=0, status="done", message="every slice of the backfill is loaded")
        except RefusedError as error:
            return refused(error if error.step or not self._step else self._placed(error))
        except ConnectionProblem as error:
            said = f"{error.message} ({error.help})" if error.help else error.message
            return refused(RefusedError(error.code, said))
        except EngineError as error:
            return refused(self._engine_end(error))
        except OSError as error:
            shown = self._options.shown
            return refused(stopped_by_system(error, step=self._step_id, changed=self._changed, bundle=shown))

    @property
    def slices_left(self) -> int | None:
        """Of a backfill: how many slices are waiting. A continued run did not ask: None."""
        left = self._parameters.get(LEFT)
        return int(left) if left else None

    # ---- the list of steps -------------------------------------------------------------------------------------------

    def _all_units(self) -> None:
        units = units_of(self._doc.steps)
        tries: dict[str, int] = {}
        at = 0
        while at < len(units):
            if self._options.dry_run and self._attempt.decided:
                return
            try:
                self._unit(units[at])
                at += 1
            except EngineError as error:
                at = self._again(units, at, error, tries)

    def _again(self, units: tuple[Unit, ...], at: int, error: EngineError, tries: dict[str, int]) -> int:
        """Where to go on after a transient failure: the failed step's boundary, at the latest its unit's first step."""
        step_id = self._step_id
        tries[step_id] = tries.get(step_id, 0) + 1
        if not error.transient or error.unreachable or tries[step_id] > _RETRIES:
            raise error
        self._sessions.roll_back()
        wait = _WAIT * 2 ** (tries[step_id] - 1)
        self._listener.retrying(step_id, str(error), wait)
        self._journal.write("retry", step=step_id, code=error.code, wait=wait)
        time.sleep(wait)
        self._attempt.asks_guards = True
        boundary = self._step.retry_boundary if self._step else ""
        return next((index for index in range(at) if boundary and units[index].holds(boundary)), at)

    def _unit(self, unit: Unit) -> None:
        for step in unit.steps:
            self._step = step
            why = self._attempt.skip(step, self._proved_staged) or self._guarded(step)
            if not why and self._options.dry_run:
                why = looked_at(step, self._executor, self._sessions)
            if why:
                self._listener.step_skipped(step.id, why)
                self._journal.write("step_skipped", step=step.id, why=why)
            else:
                self._carry_out(step)
            self._close_groups(step)

    def _guarded(self, step: StepDoc) -> str:
        if not (asked_for(step) and self._attempt.asks_guards):
            return ""
        self._open_groups(step)
        session = self._sessions.on("source" if step.side == "source" else "target")
        return "its guard says done" if self._executor.answers_yes(step, session) else ""

    # ---- one step ----------------------------------------------------------------------------------------------------

    def _carry_out(self, step: StepDoc) -> None:
        self._faults.at("before", step.id)
        self._listener.step_started(step.id, step.purpose)
        self._journal.write("step_started", step=step.id)
        self._open_groups(step)
        if step.idempotency != "pure" and (self._attempt.leased or not self._attempt.decided):
            self._changed = True
        report = self._special(step)
        if not step.transaction:
            self._faults.at("after-commit", step.id)
        self._faults.at("before-journal", step.id)
        done: dict[str, Any] = {"step": step.id, "kind": step.kind, "rows": report.rows, "bytes": report.size}
        done |= {"seconds": round(report.seconds, 3)} | ({"batches": dict(report.batches)} if report.batches else {})
        self._journal.write("step_done", **done)
        self._reports.append(done)
        self._listener.step_done(step.id, report.rows, report.seconds)

    def _special(self, step: StepDoc) -> Report:
        """The steps that the protocol knows by kind; all others are their op alone."""
        match step.kind:
            case "read_state":
                # Before the row is read: what it says must still hold when we act on it.
                if any(other.op == "lock" for other in self._doc.steps) and not self._options.dry_run:
                    self._holding.lock(server_of(self._sessions.on("target")))
                return self._read_state(step)
            case "take_lease" | "acquire_lease":
                return self._acquire(step)
            case "export_snapshot":
                return self._export(step)
            case "next_slice":
                return self._take_slice(step)
            case "release_lease":
                self._holding.released(step.side)
            case _:
                pass
        report = self._executor.carry_out(step, self._sessions.on(step.side))
        if step.kind == "freeze_window" and self._window is not None:
            self._window.take_place(self._doc, self._parameters, self._options.shown)
        return report

    def _read_state(self, step: StepDoc) -> Report:
        started = time.monotonic()
        session = self._sessions.on("target")
        row = one_row(session.run(self._bundle.body(step.file), self._parameters.of(step)))
        options = self._options
        asked = Asked(
            bundle=options.shown,
            window=self._window.texts if self._window else None,
            resume=options.resume,
            locked=self._holding.locked,
            partitions=options.params.get("partitions", ""),
        )
        verdict = decide(row, self._doc, asked, str(uuid.uuid4()))
        if isinstance(verdict, Refusal):
            raise RefusedError(
                verdict.code,
                verdict.message,
                exit_code=verdict.exit_code,
                next=verdict.next,
                retryable=verdict.retryable,
                step=step.id,
            )
        self._attempt.begin(verdict)
        self._parameters.start(verdict.run_id)
        self._parameters.put(**{name: row.get(name, "") for name in step.captures}, holder="", lease_backend="")
        self._parameters.put(watermark=row.get("watermark", ""))
        if verdict.mode == "continue":
            self._parameters.take_over(row)
        self._parameters.put(**options.params)
        if not options.dry_run:
            self._journal = DiskJournal(options.runs, verdict.run_id)
        self._journal.write(
            "run_started",
            load=self._doc.name,
            run_id=verdict.run_id,
            mode=verdict.mode,
            phase=verdict.phase,
            why=verdict.why,
            fingerprint=self._doc.fingerprint,
            bundle=options.shown,
        )
        self._listener.run_started(self._doc.name, verdict.run_id, verdict.mode, verdict.why, len(self._doc.steps))
        return Report(None, 0, time.monotonic() - started)

    def _export(self, step: StepDoc) -> Report:
        """On a load's first run alone. What the copy of an interrupted run saw is gone with it."""
        started = time.monotonic()
        if self._parameters.get("watermark"):
            self._parameters.put(feed_start="")
            return Report(None, 0, 0.0)
        if self._window is not None:
            message = (
                "the first run of a slot copies the whole table, up to where its snapshot stands; --window is for later"
            )
            raise RefusedError("DP444", message, step=step.id)
        if self._attempt.continued:
            abort = command("dponec", "runs", "abort", self._attempt.run_id, "--bundles", self._options.shown)
            message = "the staging of the first run is gone, and so is the snapshot that it was copied from"
            raise RefusedError("DP444", message, next=abort, step=step.id)
        self._parameters.put(feed_start=str(self._sessions.export(self._bundle.body(step.file))))
        return Report(None, 0, time.monotonic() - started)

    def _take_slice(self, step: StepDoc) -> Report:
        started = time.monotonic()
        result = self._executor.ask(step, self._sessions.on("target"))
        if not result.rows:
            raise EverySliceLoaded
        self._parameters.capture(step, result)
        low, high = (self._parameters.get(name) for name in ("window_low", "window_high"))
        self._journal.write("slice_taken", low=low, high=high, left=self._parameters.get(LEFT))
        return Report(None, 0, time.monotonic() - started)

    def _acquire(self, step: StepDoc) -> Report:
        started = time.monotonic()
        if not step.file:  # the file lock alone
            return Report(None, 0, 0.0)
        beats = bool(step.files.get("heartbeat"))
        side = "holder" if beats and step.side == "target" else step.side
        session = self._sessions.on(side)
        pid = str(getattr(session, "backend_pid", "")) if beats else ""
        self._parameters.put(holder="session" if beats else "", lease_backend=pid)
        result = session.run(self._bundle.body(step.file), self._parameters.of(step))
        if not result.rows:
            message = f"another run took the lease of this {'target' if step.side == 'lock' else 'load'} just now"
            raise RefusedError("DP413", message, exit_code=4, retryable=True)
        self._parameters.capture(step, result)
        self._attempt.leased = True
        if beats:
            self._sessions.detach(side)
            self._holding.hold(session, step, self._bundle, self._parameters.all())
        return Report(None, 0, time.monotonic() - started)

    def _proved_staged(self, record: StepDoc) -> bool:
        return self._executor.answers_yes(record, self._sessions.on("target"))

    # ---- groups ------------------------------------------------------------------------------------------------------

    def _open_groups(self, step: StepDoc) -> None:
        if step.snapshot:
            self._sessions.begin("source", step.snapshot)
        if step.transaction:
            self._sessions.begin("target", step.transaction)

    def _close_groups(self, step: StepDoc) -> None:
        for side, kind in (("target", "transaction"), ("source", "snapshot")):
            name = self._sessions.group(side)
            if name and self._last[(kind, name)] == step.id:
                self._faults.at("before-commit", name)
                if side == "target":
                    self._holding.prolong(self._sessions.on(side))
                self._sessions.commit(side)
                self._faults.at("after-commit", name)
                self._journal.write("committed", group=name, kind=kind)

    # ---- the end -----------------------------------------------------------------------------------------------------

    @property
    def _step_id(self) -> str:
        return self._step.id if self._step else ""

    def _placed(self, error: RefusedError) -> RefusedError:
        error.step = self._step_id
        if error.retryable and not error.next:
            error.next = command("dponec", "run", self._options.shown)
        return error

    def _engine_end(self, error: EngineError) -> RefusedError:
        kind = self._step.kind if self._step else ""
        return stopped_by(
            error, step=self._step_id, kind=kind, changed=self._changed, doc=self._doc, bundle=self._options.shown
        )

    def _leave(self) -> None:
        self._sessions.roll_back()
        self._holding.give_back(self._parameters.all())
        self._sessions.close()

    def _finish(self, outcome: RunOutcome) -> RunOutcome:
        rows = sum(report["rows"] or 0 for report in self._reports if report["bytes"])
        outcome = replace(
            outcome,
            load=self._doc.name,
            run_id=self._attempt.run_id,
            rows=rows,
            seconds=round(time.monotonic() - self._started, 3),
            details=self._details(outcome),
        )
        if not isinstance(self._journal, DiskJournal):
            return outcome
        with contextlib.suppress(OSError):  # a full disk must not hide how the run ended
            self._journal.write("run_ended", exit_code=outcome.exit_code, status=outcome.status, code=outcome.code)
            target = target_identity(self._doc, self._holding.url)
            receipt = make_receipt(self._doc, outcome, self._parameters, self._reports, target)
            outcome = replace(outcome, receipt=str(write_receipt(self._journal.folder, receipt)))
        self._journal.close()
        return outcome

    def _details(self, outcome: RunOutcome) -> dict[str, Any]:
        """What a dry run would do, or in which states the step that ended the run may have left the target."""
        if self._options.dry_run:
            return self._attempt.plan(self._doc)
        step = next((each for each in self._doc.steps if each.id == outcome.step), None)
        if outcome.exit_code == 0 or step is None:
            return {}
        codes = (outcome.code,) if outcome.status == "refused" else ()
        run_id = self._attempt.run_id or "RUN_ID"
        replayed = "partitions" in self._options.params
        again = command("dponec", "resume", run_id, "--from-stage", "extract", "--yes") if replayed else ""
        return {"what_now": documents(what_now(self._doc, step, self._options.shown, run_id, codes=codes, again=again))}


def run_bundle(
    bundle: LoadedBundle,
    options: RunOptions,
    *,
    opener: Opener,
    url: ConnectionUrl | None,
    listener: Listener,
    faults: Faults,
) -> RunOutcome:
    """Run one bundle to its end, a backfill slice after slice. `url`: the target's, for the lock's key and the receipt."""

    def once(asked: RunOptions) -> tuple[RunOutcome, int | None]:
        holding = Holding(bundle.doc, url)
        try:
            run = Run(bundle=bundle, options=asked, opener=opener, holding=holding, listener=listener, faults=faults)
        except RefusedError as error:
            return refused(error, load=bundle.doc.name), 0
        outcome = run.execute()
        return outcome, run.slices_left if outcome.status == "done" else 0

    return run_slices(options, once) if takes_slices(bundle.doc) else once(options)[0]
