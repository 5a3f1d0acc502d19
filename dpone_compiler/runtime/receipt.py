"""receipt.json: what a run did, beside its journal. No secret, no host name, no value of a row."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.runtime.parameters import Parameters

FORMAT = "dponec.receipt/1"
NAME = "receipt.json"
_COUNTS = ("source_rows", "rows_staged", "rows_applied", "source_a", "source_b", "digest")


def target_identity(doc: PlanDoc, url: ConnectionUrl | None) -> dict[str, str]:
    """Which table on which server, host and port as a digest."""
    host = "" if url is None else hashlib.sha256(url.place.lower().encode()).hexdigest()[:16]
    return {
        "engine": doc.state.get("engine", ""),
        "host_sha256": host,
        "database": "" if url is None else url.path.lstrip("/"),
        "table": doc.state.get("table", ""),
    }


def make_receipt(
    doc: PlanDoc,
    outcome: RunOutcome,
    parameters: Parameters,
    steps: Sequence[Mapping[str, Any]],
    target: Mapping[str, str],
) -> dict[str, Any]:
    """The document."""
    listed = parameters.get("partitions")
    return {
        "format": FORMAT,
        "load": doc.name,
        "run_id": outcome.run_id,
        "plan": {
            "fingerprint": doc.fingerprint,
            "effects": doc.effects,
            "compiler": doc.compiler,
            "strategy": doc.decision.get("strategy"),
            "merge_policy": doc.decision.get("merge_policy"),
        },
        "target": dict(target),
        "window": {"low": parameters.get("window_low"), "high": parameters.get("window_high")},
        "partitions": hashlib.sha256(listed.encode()).hexdigest() if listed else "",
        "proofs": {name: value for name in _COUNTS if (value := parameters.get(name))},
        "steps": [dict(step) for step in steps],
        "outcome": {key: value for key, value in asdict(outcome).items() if key not in ("load", "run_id", "details")},
    }


def write_receipt(folder: Path, receipt: Mapping[str, Any]) -> Path:
    """Write it whole or not at all."""
    path = folder / NAME
    half = folder / f".{NAME}.{os.getpid()}"
    half.write_text(json.dumps(receipt, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    half.replace(path)
    return path


def read_receipt(folder: Path) -> dict[str, Any]:
    """The receipt of a run's folder; {} when there is none that can be read."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # also what is no UTF-8
        return {}
    return found if isinstance(found, dict) else {}
