"""plan.json, format `dponec.plan/1`, as plain typed values: all that the runtime knows of a plan.

A step's `op` is what an executor has to do; `kind` is what it means. The ops are few on purpose, so that `dponec run` and
run.sh are two small interpreters of one list:

sql       run `file` on `connection`; nothing is read back
query     run `file`; exactly one row comes back, and its columns named in `captures` become run parameters (text)
check     run `file`; any row that comes back is a violation (columns: code, detail, count) and stops the run
transfer  stream `files.extract` of the source connection into `files.load` of the target connection
foreach   run `files.query` (one column of items, at most `max_items`), then `files.body` with parameter `item` for each
await     run `files.query` until no row comes back, for at most `max_seconds`; a row that is still there stops the run like a check.
          `files.body`, if there is one, is run once after the first row
snapshot  on a load's first run: export a snapshot by the replication command in `file`, and give `feed_start`
changes   run `file` on the source (it prepares a temporary table), then decode the messages of `files.extract` as `files.spec`
          says, into `files.load` of the same session
lock      hold the local file lock of this load's target until the run ends
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from dpone_compiler.source.value import value

FORMAT = "dponec.plan/1"
PHASES = ("idle", "open", "staged", "committed", "done")


@value(kw_only=True)
class GuardDoc:
    """How a resumed run knows that the step is done: rerun | phase | query (then `file` answers one row, one cell, '1')."""

    kind: str
    phase: str = ""
    file: str = ""
    why: str = ""


@value(kw_only=True)
class StepDoc:
    """One step as an executor sees it. Paths are relative to the bundle. `side`: source | target | lock | local."""

    id: str
    kind: str
    op: str
    side: str
    engine: str
    connection: str
    purpose: str
    why: str
    file: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    transaction: str = ""
    snapshot: str = ""
    wire: str = ""
    max_items: int = 0
    max_seconds: int = 0
    idempotency: str = "idempotent"
    guard: GuardDoc = GuardDoc(kind="rerun")
    retry_boundary: str = ""
    locks: tuple[str, ...] = ()
    visibility: Mapping[str, str] = field(default_factory=dict)  # isolation level -> what a reader sees
    origin: str = ""


@value(kw_only=True)
class ParamDoc:
    """A run parameter. `type`: text | int | list (JSON array as text) | identifier, or timestamp | date where no zone belongs.

    `source`: run (made by the executor) | capture (from a step) | derived (`prefix` + run id with `-` as `_`).
    """

    name: str
    type: str
    source: str
    prefix: str = ""


@value(kw_only=True)
class PlanDoc:
    """The document. `decision`, `contract`, `types`, … are kept as JSON: readers that show them need no types of ours."""

    name: str
    compiler: str
    fingerprint: str
    effects: str
    inputs: Mapping[str, str]
    route: Mapping[str, Any]
    decision: Mapping[str, Any]
    contract: Mapping[str, str]
    params: tuple[ParamDoc, ...]
    steps: tuple[StepDoc, ...]
    native_transfer_plan: Mapping[str, Any]
    types: tuple[Mapping[str, Any], ...]
    replay: Mapping[str, Any]
    state: Mapping[str, str]  # engine, connection, table (display), load
    limits: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)  # path -> sha256
    interleavings: tuple[Mapping[str, Any], ...] = ()  # pair, orders, worst, why
    contract_evidence: Mapping[str, Any] = field(default_factory=dict)  # cell -> claims with status, tests and versions
    format: str = FORMAT


# Kinds of steps whose result stands in the state row of an attempt that is gone on with.
FROZEN = ("freeze_window", "freeze_instant", "next_slice")


def asked_for(step: StepDoc) -> bool:
    """Whether a run that goes on asks the step's guard query if it is done; the items of a foreach are asked for one by one."""
    return step.guard.kind == "query" and not step.guard.phase and step.op != "foreach"
