"""The certification artifact: the matrix with its evidence, as JSON and as Markdown. A cell without evidence is never certified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dpone_compiler import __version__
from dpone_compiler.artifacts.plan_codec import canonical_json
from dpone_compiler.certify.evidence import Proof
from dpone_compiler.certify.matrix import CONTRACT, LIVE, NONE, Cell

SCHEMA = "dponec.strategy.certification/1"
_SHOWN = 3  # tests that Markdown names for a cell; JSON has all of them


def certification(cells: Sequence[Cell], proofs: Sequence[Proof]) -> dict[str, Any]:
    """The document. `certified`: at least one passed test of this cell and no failed one."""
    by_key: dict[str, list[Proof]] = {}
    for proof in proofs:
        by_key.setdefault(proof.key, []).append(proof)
    entries = [_entry(cell, by_key.get(cell.key, [])) for cell in cells]
    counts = Counter(entry["status"] for entry in entries)
    return {
        "schema_version": SCHEMA,
        "compiler": f"dponec {__version__}",
        "run_at": max((proof.at for proof in proofs), default=""),
        "summary": {
            "total": len(entries),
            **{status: counts[status] for status in (CONTRACT, LIVE, NONE)},
            "certified": sum(entry["certified"] for entry in entries),
        },
        "entries": entries,
    }


def _entry(cell: Cell, proofs: list[Proof]) -> dict[str, Any]:
    passed = [proof for proof in proofs if proof.passed]
    certified = cell.status != NONE and bool(passed) and len(passed) == len(proofs)
    return {
        "source_type": cell.source,
        "sink_type": cell.sink,
        "strategy_mode": cell.strategy,
        "merge_policy": cell.policy or None,
        "status": cell.status,
        "why": cell.why,
        "certified": certified,
        "engines": sorted({proof.engines for proof in passed}),
        "required_evidence": [] if cell.status == NONE else ["a test that ran this plan on both engines and passed"],
        "evidence": sorted({proof.test for proof in passed}),
        "failed": sorted({proof.test for proof in proofs if not proof.passed}),
    }


def markdown(document: dict[str, Any]) -> str:
    """For people: what is certified with its tests, then what is supported without evidence, then what is not supported."""
    return "\n".join(_lines(document)).rstrip() + "\n"


def _lines(document: dict[str, Any]) -> Iterator[str]:
    summary = document["summary"]
    yield from ("# Certification", "")
    yield f"{document['compiler']}, test run of {document['run_at'] or 'no run'}: {summary['certified']} of {summary['total']}"
    yield f"combinations certified; {CONTRACT} {summary[CONTRACT]}, {LIVE} {summary[LIVE]}, {NONE} {summary[NONE]}."
    yield from ("", "| route | strategy | policy | gate | certified on | by |", "| --- | --- | --- | --- | --- | --- |")
    for entry in document["entries"]:
        if entry["status"] != NONE:
            yield _row(entry)
    yield from ("", "## Not supported", "", "| route | strategy | why |", "| --- | --- | --- |")
    told = dict.fromkeys(
        (_route(entry), entry["strategy_mode"], entry["why"]) for entry in document["entries"] if entry["why"]
    )
    yield from (f"| {route} | {strategy} | {why} |" for route, strategy, why in told)


def _row(entry: dict[str, Any]) -> str:
    tests = entry["evidence"]
    more = f" and {len(tests) - _SHOWN} more" if len(tests) > _SHOWN else ""
    by = ", ".join(f"`{test}`" for test in tests[:_SHOWN]) + more
    said = "; ".join(entry["engines"]) if entry["certified"] else "**failed**" if entry["failed"] else "no evidence"
    policy = entry["merge_policy"] or ""
    return f"| {_route(entry)} | {entry['strategy_mode']} | {policy} | {entry['status']} | {said} | {by} |"


def _route(entry: dict[str, Any]) -> str:
    return f"{entry['source_type']} to {entry['sink_type']}"


def write(folder: Path, document: dict[str, Any]) -> tuple[Path, Path]:
    """Both files, each whole or not at all. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {"certification.json": canonical_json(document), "certification.md": markdown(document)}
    for name, text in made.items():
        half = folder / f".{name}.half"
        half.write_text(text, encoding="utf-8")
        half.replace(folder / name)
    return folder / "certification.json", folder / "certification.md"
