"""Verify one bundle: what is in the way of trying it, and otherwise its matrix."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from dpone_compiler.expr.types import Kind
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.session import EngineError
from dpone_compiler.verify.engines import Engines, missing_engine
from dpone_compiler.verify.generate import UnknownTypeError
from dpone_compiler.verify.intent import Intent, read_intent
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.matrix import Verdict
from dpone_compiler.verify.palette import partitions_of
from dpone_compiler.verify.play import MODELLED
from dpone_compiler.verify.prove import prove
from dpone_compiler.verify.trial import BrokenError, Trial

INTENT = "intent.json"
_PATIENCE = 1  # seconds that a load may wait
_SHARE, _ROWS = 0.5, 100  # limits below them would stop a story


def verify_bundle(bundle: LoadedBundle, engines: Engines) -> Verdict:
    """Run the bundle's own statements against the reference model."""
    began = time.monotonic()
    intent = read_intent(bundle.body(INTENT))
    verdict = Verdict(load=intent.name, strategy=intent.strategy, policy=intent.policy, engines=_ends(intent, engines))
    verdict = replace(verdict, why_not=_in_the_way(intent))
    if not verdict.why_not:
        try:
            verdict = _tried(bundle, intent, engines, verdict)
        except UnknownTypeError as error:
            verdict = replace(verdict, why_not=f"not verified: {error}")
    return replace(verdict, seconds=time.monotonic() - began)


def _ends(intent: Intent, engines: Engines) -> str:
    ends = (intent.source.engine, intent.target.engine)
    return " into ".join(each if missing_engine(each) else engines.version(each) for each in ends)


def _in_the_way(intent: Intent) -> str:
    for side in (intent.source, intent.target):
        if why := missing_engine(side.engine):
            return f"not verified: {why}"
        if not side.columns:
            return f"not verified: the bundle has no catalog of {side.table}; run `dponec introspect` and compile again"
    if intent.source.engine != "postgres":
        return f"not verified: no rows are made for a source of {intent.source.engine} yet"
    cursor = intent.cursor
    lag = intent.read["cursor"]["lag"] or 0 if cursor is not None and cursor.type.kind is Kind.INT else 0
    if lag > _PATIENCE:
        return f"not verified: each load waits {lag} s for late commits of its sequence, and many are needed"
    if intent.policy == "attach_detach" and not partitions_of(intent):
        return "not verified: attach_detach swaps partitions that are no span of time, and they are not made here"
    limits = intent.write["limits"]
    ratio, rows = limits.get("max_delete_ratio"), limits.get("max_delete_rows")
    narrow = (ratio is not None and ratio < _SHARE) or (rows is not None and rows < _ROWS)
    if narrow and intent.strategy != "snapshot_diff":
        return (
            "not verified: the few rows that are made here would come to the limits on deleted rows, and the model knows them for "
            "snapshot_diff alone"
        )
    if intent.strategy not in MODELLED:
        return f"not verified: {intent.strategy} is not played yet"
    return ""


def _tried(bundle: LoadedBundle, intent: Intent, engines: Engines, verdict: Verdict) -> Verdict:
    source = engines.postgres_database()
    target = engines.clickhouse() if intent.target.engine == "clickhouse" else engines.postgres_database()
    cursor = intent.cursor.name if intent.cursor else ""
    # A slot's changes are told by a replica identity, which is unique and never NULL.
    loose = frozenset[str]() if intent.streams else frozenset(intent.source_key) - {cursor}
    with tempfile.TemporaryDirectory(prefix="dponec-verify-") as folder:
        try:
            lab = Lab(bundle, intent, source, target, Path(folder), loose=loose)
        except EngineError as error:
            return replace(verdict, why_not=f"not verified: the tables cannot be made here: {error}")
        try:
            return _proved(Trial(lab), verdict)
        finally:
            lab.close()


def _proved(trial: Trial, verdict: Verdict) -> Verdict:
    failure = None
    try:
        prove(trial)
    except BrokenError as broken:
        failure = broken.failure
    return replace(verdict, failure=failure, cells=trial.cells(), counts=dict(trial.counts))
