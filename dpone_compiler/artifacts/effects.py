"""Whether two plans do the same. `effects` of plan.json is a claim: it is held against what stands beside it in the document.

Text is not looked at. That statements of one meaning are worded otherwise is what another version of the compiler may do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dpone_compiler.artifacts.plan_codec import UnreadablePlanError, step_doc
from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc

# Of a step: what the digest of effects holds too.
_HELD = ("kind", "transaction", "snapshot", "idempotency", "retry_boundary")


def same_effects(old: PlanDoc, new: PlanDoc) -> bool:
    """Whether the digests agree, and the steps, ends and promises that they are taken from, and the steps of a resync.

    Raises UnreadablePlanError when `replay.resync` is malformed.
    """
    return (old.effects, _held(old)) == (new.effects, _held(new))


def resync_steps(doc: PlanDoc) -> tuple[StepDoc, ...]:
    """The steps that load partitions again, () for none. Raises UnreadablePlanError."""
    try:
        return tuple(step_doc(raw) for raw in (doc.replay.get("resync") or {}).get("steps") or ())
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePlanError(f"replay.resync lacks or misplaces something: {error}") from error


def _held(doc: PlanDoc) -> tuple[Any, ...]:
    return (_steps(doc.steps), _steps(resync_steps(doc)), dict(doc.route), dict(doc.contract))


def _steps(steps: Iterable[StepDoc]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(step, name) for name in _HELD) for step in steps]
