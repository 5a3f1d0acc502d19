"""What now, after a step failed: the states that the target can be in, how to tell which, and the command to type.

From plan.json alone, by the step's place in the plan and not by its name, so that no step can be without an answer: what has been
committed before a step, and whether it commits by itself, is all that decides what may be left behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.outcome import command

# The codes that a step of this kind can stop with, besides those of its engine. Each has a page: `dponec explain CODE`.
CODES: Mapping[str, tuple[str, ...]] = {
    "check_table": ("DP420",),
    "check_not_lost": ("DP416", "DP435"),
    "take_lease": ("DP413", "DP416"),
    "renew_lease": ("DP410",),
    "read_state": ("DP411", "DP412", "DP416", "DP448"),
    "acquire_lease": ("DP413",),
    "add_columns": ("DP410",),
    "create_slot": ("DP440", "DP441", "DP442"),
    "freeze_window": ("DP430", "DP440", "DP444", "DP445", "DP447"),
    "open_attempt": ("DP410",),
    "read_changes": ("DP444",),
    "check_values": ("DP524",),
    "create_staging": ("DP410",),
    "transfer": ("DP410", "DP431", "DP509"),
    "check_partition_list": ("DP502", "DP505", "DP506"),
    "find_partitions": ("DP502", "DP505", "DP506"),
    "check_staged_rows": ("DP501",),
    "check_not_empty": ("DP502",),
    "check_slice_filled": ("DP502",),
    "check_null_keys": ("DP503",),
    "check_duplicate_keys": ("DP504",),
    "check_tombstones": ("DP504",),
    "check_changes": ("DP503", "DP520", "DP521", "DP522", "DP523"),
    "collapse_changes": ("DP523",),
    "check_partition_values": ("DP505", "DP506"),
    "check_window_owned": ("DP512",),
    "check_scope": ("DP514",),
    "check_losses": ("DP507",),
    "check_deletes": ("DP507",),
    "record_staged": ("DP410",),
    "record_rewrite": ("DP410",),
    "build_versions": ("DP513", "DP515"),
    "build_rewrite": ("DP423",),
    "build_shadow": ("DP410", "DP420", "DP423"),
    "build_partitions": ("DP410", "DP420", "DP506", "DP510"),
    "fence": ("DP410",),
    "exchange_tables": ("DP420",),
    "swap_partitions": ("DP420", "DP506", "DP510"),
    "drop_partitions": ("DP510",),
    "await_cleared": ("DP436",),
    "reconcile": ("DP507", "DP510"),
    "prove_missing": ("DP510",),
    "prove_deleted": ("DP510",),
    "prove_versions": ("DP510",),
    "record_slice": ("DP410", "DP511"),
    "commit_state": ("DP410", "DP511"),
    "drop_retired": ("DP410",),
    "drop_staging": ("DP410",),
    "release_lease": ("DP410", "DP511"),
}
MAKES = ("create_target",)
ADDS = ("add_columns",)
_RUN_ID = "RUN_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state that a failed step can leave. `tell`: how to know that it is this one; `next`: the exact command."""

    state: str
    tell: str
    next: str


def what_now(
    doc: PlanDoc, step: StepDoc, bundle: str, run_id: str = _RUN_ID, *, codes: tuple[str, ...] = (), again: str = ""
) -> tuple[State, ...]:
    """The possible states, likeliest first. `bundle`: its path as typed. `codes`: the code it ended with, when that is known.

    `again`: the command that goes on with this attempt, where it is not `dponec run`.
    """
    place = _Place(doc, step, command("dponec", "state", "show", bundle))
    run = again or command("dponec", "run", bundle)
    abort = command("dponec", "runs", "abort", run_id, "--bundles", bundle)
    states = [*_refused(step, codes or CODES.get(step.kind, ())), *place.states(run)]
    if place.can_be_given_up:
        left = "staging stays until the next run, which loads the window again"
        states.append(
            State(state=f"the attempt is not worth finishing: {left}", tell="that is yours to say", next=abort)
        )
    return tuple(states)


def documents(states: tuple[State, ...]) -> list[dict[str, Any]]:
    """Plain data for JSON."""
    return [asdict(state) for state in states]


def lines(states: tuple[State, ...]) -> Iterator[str]:
    """For people, three lines a state."""
    for state in states:
        yield f"- {state.state}"
        yield f"  how to tell: {state.tell}"
        yield f"  then: {state.next}"


def _refused(step: StepDoc, codes: tuple[str, ...]) -> Iterator[State]:
    for code in codes:
        state = f"{step.id} refused with {code}, and nothing passes it until the cause is cured"
        yield State(state=state, tell=f"the run ended with {code}", next=command("dponec", "explain", code))


class _Place:
    """Where a step stands between the lease, the opened attempt, the record of proved staging and the state commit."""

    def __init__(self, doc: PlanDoc, step: StepDoc, show: str) -> None:
        self._step, self._show = step, show
        at = [each.id for each in doc.steps].index(step.id)
        first = {
            kind: self._index(doc, kind)
            for kind in ("take_lease", "acquire_lease", "open_attempt", "record_staged", "commit_state")
        }
        self._makes = any(each.kind in MAKES for each in doc.steps[: at + 1])
        self._adds = any(each.kind in ADDS for each in doc.steps[: at + 1])
        self._leased = at >= min(first["take_lease"], first["acquire_lease"])
        self._opened = at > first["open_attempt"]
        self._staged, self._committed = at > first["record_staged"], at > first["commit_state"]
        # The answer to a commit can be lost; before it, a lost connection is a transaction that was rolled back.
        own = [
            each
            for each in doc.steps
            if each.id == step.id or (step.transaction and each.transaction == step.transaction)
        ]
        self._commits = own[-1].id == step.id
        self._proves = self._commits and any(each.kind == "record_staged" for each in own)

    @staticmethod
    def _index(doc: PlanDoc, kind: str) -> int:
        return next((index for index, each in enumerate(doc.steps) if each.kind == kind), len(doc.steps))

    @property
    def _made(self) -> str:
        """What stands before the lease can have changed: at most the table itself, never a row."""
        if self._makes:
            return "at most the empty target was made, which stays for the next run; no row has been changed anywhere"
        return "nothing has been changed anywhere"

    @property
    def can_be_given_up(self) -> bool:
        """An attempt is open and the target's rows are as before."""
        return self._opened and not self._committed and (not self._staged or bool(self._step.transaction))

    def states(self, run: str) -> Iterator[State]:
        if self._committed:
            done = "the rows and the watermark are in; only tidying up is left"
            yield State(state=done, tell=self._phase("committed"), next=run)
        elif not self._leased:
            untouched = f"{self._made}, and no lease is held"
            yield State(state=untouched, tell="the run ended before it took the lease", next=run)
        elif not self._opened:
            unopened = "no attempt is open; at most a lease is left, which runs out by itself"
            if self._adds:
                unopened += ", and columns of NULLs in the target, which stay"
            yield State(state=unopened, tell=self._phase("idle or done, or no row"), next=run)
            if self._step.kind == "open_attempt":
                opened = "the attempt was opened and the answer was lost; its window is frozen"
                yield State(state=opened, tell=self._phase("open"), next=run)
        elif not self._staged:
            yield from self._staging(run)
        else:
            yield from self._applying(run)

    @property
    def _half(self) -> str:
        """A step that is no transaction, after its failure."""
        if self._step.op == "foreach":
            return "some of its parts are changed and others not, each whole"
        return "it was not committed" if self._step.kind == "commit_state" else "it is done or not"

    def _staging(self, run: str) -> Iterator[State]:
        what = (
            "was rolled back with its transaction" if self._step.transaction else "may be half filled; it is made again"
        )
        state = f"the target's rows are as before; staging {what}"
        yield State(state=state, tell=self._phase("open"), next=run)
        if self._proves:
            lost = "staging is proved and the answer was lost; the next run goes on behind it"
            yield State(state=lost, tell=self._phase("staged"), next=run)

    def _applying(self, run: str) -> Iterator[State]:
        """In one transaction with the state, or one by one."""
        step = self._step
        if step.transaction:
            before = "the transaction was rolled back: the target's rows are as before, and staging is proved"
            yield State(state=before, tell=self._phase("staged"), next=run)
        elif step.idempotency == "pure":
            seen = "earlier steps have changed what they change; this one only looks"
            yield State(state=seen, tell=self._phase("staged"), next=run)
        else:
            asked = f", and the guard {step.guard.file} answers 1 where it is done" if step.guard.file else ""
            yield State(
                state=f"{self._half}; the watermark has not moved", tell=self._phase("staged") + asked, next=run
            )
        if self._commits and (step.transaction or step.kind == "commit_state"):
            after = "it was committed and the answer was lost: rows and watermark are in"
            yield State(state=after, tell=self._phase("committed or done"), next=run)

    def _phase(self, phase: str) -> str:
        return f"`{self._show}` says phase {phase}"
