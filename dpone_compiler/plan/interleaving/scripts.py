"""From a plan's steps to scripts of the model: what a run does to the target from its finalizer on, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.plan import actions
from dpone_compiler.plan.interleaving.model import PARTITIONS, Script, Statement
from dpone_compiler.plan.lease_actions import RenewLease
from dpone_compiler.plan.step import Step
from dpone_compiler.plan.tombstones import ProveDeleted

_DELETES = (
    actions.DeleteAll,
    actions.DeleteMatching,
    actions.DeletePartitions,
    actions.UpdateMatching,
)
_PER_PARTITION = (actions.ReplacePartitions,)
# What may stand behind the staging of a plan that the model has words for. Others (swaps, versions, captured changes) it leaves out.
_SPOKEN = (
    *_DELETES,
    *_PER_PARTITION,
    actions.Fence,
    actions.InsertStaged,
    actions.ExchangeTables,
    actions.CreateStaging,
    actions.BuildRewrite,
    actions.RecordRewrite,
    actions.DropPartitions,
    actions.Reconcile,
    ProveDeleted,
    actions.CommitState,
    actions.DropStaging,
    actions.ReleaseLease,
    RenewLease,
)


def finalizer(steps: tuple[Step, ...]) -> Script:
    """A run's change of the target; () where the model has no words for it.

    An UPDATE is a delete and an insert to it, so that a row which two sessions change is waited for.
    """
    staged = max(
        (place for place, step in enumerate(steps) if isinstance(step.action, actions.RecordStaged)), default=0
    )
    if not all(isinstance(step.action, _SPOKEN) for step in steps[staged + 1 :]):
        return ()
    changing = [step for step in steps if isinstance(step.action, (*_DELETES, *_PER_PARTITION, actions.ExchangeTables))]
    if not changing:
        return ()
    if changing[0].transaction:
        return tuple(_transaction([step for step in steps if step.transaction == changing[0].transaction]))
    asks = (("renew", ""),) if any(isinstance(step.action, RenewLease) for step in steps) else ()
    return (*asks, *(statement for step in changing for statement in _alone(step)), ("state", ""))


def _transaction(steps: list[Step]) -> Iterator[Statement]:
    inserted = False
    for step in steps:
        match step.action:
            case actions.Fence():
                yield from (("lock", "target"), ("fence", ""))
            case actions.DeleteAll(truncate=True):
                yield from (("lock", "table"), ("truncate", ""))
            case actions.UpdateMatching():
                yield from (("lock", "table"), ("see", ""), ("delete", ""))
            case action if isinstance(action, _DELETES):
                yield from (("lock", "table"), ("see", ""), ("delete", ""))
            case actions.InsertStaged() if not inserted:
                inserted = True
                yield ("insert", "")
            case _:
                pass
    yield ("commit", "")


def _alone(step: Step) -> Iterator[Statement]:
    if isinstance(step.action, actions.ExchangeTables):
        yield ("replace", "all")
    else:
        yield from (("replace", name) for name in PARTITIONS)


def taking_over(script: Script) -> Script:
    """The same of a run that has taken the lease of another one, and where staging has a run's name, drops the older one's."""
    alone = any(verb == "replace" for verb, _ in script)
    return (("take", ""), *((("drop_staging", ""),) if alone else ()), *script)


def on_one_host(script: Script) -> Script:
    """Under the file lock, which the end of the process gives back."""
    return (("lock", "file"), *script, ("commit", ""))


def without(script: Script, *left_out: Statement) -> Script:
    """The script without these statements: how a plan is broken on purpose."""
    return tuple(statement for statement in script if statement not in left_out)


READS_COMMITTED: Script = (("read", ""), ("read", ""))
READS_REPEATABLE: Script = (("snapshot", ""), ("read", ""), ("read", ""))
