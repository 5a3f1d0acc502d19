"""From a plan's steps to scripts of the model: what a run does to the target from its finalizer on, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.plan import actions, snapshot_actions, swaps, tombstones
from dpone_compiler.plan.feed_actions import AdvanceSlot
from dpone_compiler.plan.interleaving.model import PARTITIONS, SWITCH, Script, Statement
from dpone_compiler.plan.lease_actions import RenewLease
from dpone_compiler.plan.slice_actions import RecordSlice
from dpone_compiler.plan.step import Step

# An UPDATE is a delete and an insert to the model, so that a row which two sessions change is waited for.
_DELETES = (
    actions.DeleteAll,
    actions.DeleteMatching,
    actions.DeletePartitions,
    actions.UpdateMatching,
    snapshot_actions.DeleteMissing,
    snapshot_actions.DeleteStale,
    snapshot_actions.MarkMissing,
    swaps.DeleteScope,
    tombstones.MarkDeleted,
)
_SWAPS = (actions.ExchangeTables, swaps.SwapPartitions)
_PER_PARTITION = (actions.ReplacePartitions, actions.MovePartitions)
# Behind the staging these read, prove, or write tables that no other session looks at.
_UNSEEN = (
    actions.CheckWindowOwned,
    actions.CreateStaging,
    actions.BuildRewrite,
    actions.RecordRewrite,
    actions.AwaitCleared,
    actions.Reconcile,
    actions.DropStaging,
    actions.ReleaseLease,
    snapshot_actions.BuildDiff,
    snapshot_actions.BuildVersions,
    snapshot_actions.CheckDeletes,
    snapshot_actions.FindMissing,
    snapshot_actions.ProveMissing,
    snapshot_actions.ProveVersions,
    swaps.BuildPartitions,
    swaps.BuildShadow,
    swaps.CheckLosses,
    swaps.DropRetired,
    tombstones.ProveDeleted,
    AdvanceSlot,
    RecordSlice,
)
_SPOKEN = (
    *(*_DELETES, *_SWAPS, *_PER_PARTITION, *_UNSEEN),
    *(actions.Fence, actions.InsertStaged, actions.DropPartitions, actions.CommitState, RenewLease),
)


def finalizer(steps: tuple[Step, ...]) -> Script:
    """A run's change of the target; () where the model has no words for it."""
    staged = max(
        (place for place, step in enumerate(steps) if isinstance(step.action, actions.RecordStaged)), default=0
    )
    left = steps[staged + 1 :]
    if not all(isinstance(step.action, _SPOKEN) for step in left):
        return ()
    together = [step for step in left if step.transaction == "finalize"]
    if together:
        return tuple(_transaction(together))
    asks = (("renew", ""),) if any(isinstance(step.action, RenewLease) for step in left) else ()
    script = (*asks, *_statements(left), ("state", ""))
    return (*script, ("drop_staging", "")) if _resumes(script) else script


def _transaction(steps: list[Step]) -> Iterator[Statement]:
    inserted = False
    for step in steps:
        match step.action:
            case actions.Fence():
                yield from (("lock", "target"), ("fence", ""))
            case actions.DeleteAll(truncate=True):
                yield from (("lock", "table"), ("truncate", ""))
            case swaps.SwapPartitions(older="refused"):
                yield from (("lock", "table"), ("truncate", SWITCH), ("insert", ""))
            case action if isinstance(action, _SWAPS):
                yield from (("lock", "table"), ("truncate", "swap"), ("insert", ""))
            case action if isinstance(action, _DELETES):
                yield from (("lock", "table"), ("see", ""), ("delete", ""))
            case actions.InsertStaged(upsert_key=key) if not inserted:
                inserted = True
                yield from ((("see", ""), ("delete", "")) if key else ())
                yield ("insert", "")
            case _:
                pass
    yield ("commit", "")


def _statements(steps: tuple[Step, ...]) -> Iterator[Statement]:
    """Without a transaction: each statement is seen at once. Rows that nothing was deleted for are versions of a key."""
    deletes = any(isinstance(step.action, actions.DeleteMatching) for step in steps)
    for step in steps:
        match step.action:
            case actions.ExchangeTables():
                yield ("replace", "all")
            case actions.ReplacePartitions():
                yield from (("replace", name) for name in PARTITIONS)
            case actions.DropPartitions():
                yield ("drop", PARTITIONS[0])
            case actions.MovePartitions():
                yield from (("move", name) for name in PARTITIONS)
            case actions.DeleteMatching():
                yield from (("see", ""), ("delete", ""), ("apply", ""))
            case actions.InsertStaged() if deletes:
                yield from (("insert", ""), ("apply", ""))
            case actions.InsertStaged():
                yield from (("version", name) for name in PARTITIONS)
            case _:
                pass


def adds(script: Script) -> bool:
    """Whether it only adds rows, so that doing it again adds them again."""
    verbs = {verb for verb, _ in script}
    return bool(verbs & {"insert", "move"}) and not verbs & {"delete", "truncate"}


def _resumes(script: Script) -> bool:
    """Whether only the very run that was left may go on: it adds rows, or deletes and inserts one after the other."""
    return adds(script) or ("apply", "") in script


def taking_over(script: Script) -> Script:
    """The same of a run that has taken the lease of another one.

    Where staging has a run's name, an older run's is dropped first. A run that goes on with what was left shares its staging, and
    has nothing to do when that was the end of it.
    """
    if _resumes(script):
        return (("take", "rest"), *script)
    alone = any(verb in ("replace", "version") for verb, _ in script)
    return (("take", ""), *((("drop_staging", ""),) if alone else ()), *script)


def on_one_host(script: Script) -> Script:
    """Under the file lock, which the end of the process gives back."""
    return (("lock", "file"), *script, ("commit", ""))


def without(script: Script, *left_out: Statement) -> Script:
    """The script without these statements: how a plan is broken on purpose."""
    return tuple(statement for statement in script if statement not in left_out)


READS_COMMITTED: Script = (("read", ""), ("read", ""))
READS_REPEATABLE: Script = (("snapshot", ""), ("read", ""), ("read", ""))
