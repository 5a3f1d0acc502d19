"""A step is an action with its place in the plan: order, transaction, idempotency, guard and reason."""

from __future__ import annotations

import enum

from dpone_compiler.plan.actions import Action
from dpone_compiler.source.value import value


class Idempotency(enum.Enum):
    """What happens when the step is carried out twice."""

    PURE = "pure"  # reads only
    IDEMPOTENT = "idempotent"  # twice is once
    TRANSACTIONAL = "transactional"  # all of its transaction or none; the state row of the same transaction tells which
    WITH_UNIT = "idempotent-as-a-unit"  # repeat from `retry_boundary`, never from the middle


@value(kw_only=True)
class Guard:
    """How a resumed run learns that the step is already done.

    kind: rerun (repeating is harmless, so no question is asked) | phase (the state row has reached `phase`) |
    query (the backend's guard query answers '1').
    """

    kind: str
    phase: str = ""
    why: str = ""


@value(kw_only=True)
class Step:
    """One step.

    `transaction`: name of the target transaction that it shares with its neighbours, '' when it stands alone.
    `snapshot`: name of the source snapshot that it shares. `retry_boundary`: id of the step to repeat from ('' itself).
    `source_path`: IR path of the manifest line that asked for it.
    """

    id: str
    action: Action
    purpose: str
    why: str
    after: tuple[str, ...]
    idempotency: Idempotency
    guard: Guard
    transaction: str = ""
    snapshot: str = ""
    retry_boundary: str = ""
    source_path: str = ""


@value(kw_only=True)
class Contract:
    """What the plan guarantees for this table on these engines; every cell is a sentence derived from the steps."""

    atomicity: str
    replay: str
    deletes: str
    late_data: str
    null_keys: str
    staging_duplicates: str
    concurrency: str


@value(kw_only=True)
class Plan:
    """The whole plan of one load, in the order of execution."""

    load: str
    steps: tuple[Step, ...]
    contract: Contract
    notes: tuple[str, ...] = ()

    def step(self, step_id: str) -> Step:
        """The step of that id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
