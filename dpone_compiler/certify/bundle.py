"""The certification bundle: files of evidence with their digests, and a verdict that empty, stale or unbound evidence cannot pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from dpone_compiler import __version__
from dpone_compiler.certify.items import Item

SCHEMA = "dponec.strategy.certification_bundle/1"
REQUIRED = ("junit", "certification", "plan", "receipt")
_AHEAD = timedelta(minutes=5)  # that the clock of the machine of a test run may be


def certification_bundle(items: Sequence[Item], now: datetime, oldest: timedelta) -> dict[str, Any]:
    """The document. `now`: aware; what a test run says without a zone is taken as local time."""
    blockers = list(_blockers(items, now, oldest))
    kinds = {item.kind for item in items if not item.problem}
    missing = [kind for kind in REQUIRED if kind not in {item.kind for item in items}]
    return {
        "schema_version": SCHEMA,
        "compiler": f"dponec {__version__}",
        "passed": not blockers,
        "evidence_status": "passed" if not blockers else "failed",
        "blockers": blockers,
        "summary": {
            "total": len(REQUIRED),
            "present": len(REQUIRED) - len(missing),
            "passed": sum(kind in kinds for kind in REQUIRED),
            "missing": len(missing),
            "failed": sum(bool(item.problem) for item in items),
        },
        "evidence_items": [item.told() for item in items],
    }


def _blockers(items: Sequence[Item], now: datetime, oldest: timedelta) -> Iterator[str]:
    for kind in REQUIRED:
        if all(item.kind != kind for item in items):
            yield f"no {kind} is among the evidence"
    for item in items:
        if item.problem:
            yield f"{item.name}: {item.problem}"
        elif item.at and _moment(item.at, now) - now > _AHEAD:
            yield f"{item.name}: it is of {item.at}, which has not come yet"
        elif item.at and now - _moment(item.at, now) > oldest:
            yield f"{item.name}: stale, it is of {item.at}"
        elif item.kind in ("junit", "certification") and not item.at:
            yield f"{item.name}: it does not say when it was made"
    yield from _unbound(items)


def _unbound(items: Sequence[Item]) -> Iterator[str]:
    """A receipt of another plan proves nothing of this one, and a matrix of another test run nothing of that."""
    plans = {str(item.content.get("fingerprint")) for item in items if item.kind == "plan"}
    for item in items:
        if item.kind == "receipt" and plans and str((item.content.get("plan") or {}).get("fingerprint")) not in plans:
            yield f"{item.name}: stale, it is the receipt of another plan"
    runs = {item.at for item in items if item.kind == "junit"}
    for item in items:
        if item.kind == "certification" and runs and item.at not in runs:
            yield f"{item.name}: stale, it is of another test run than the one given"


def _moment(text: str, now: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=now.tzinfo)
    return found if found.tzinfo is not None else found.replace(tzinfo=now.tzinfo)


def bundle_markdown(document: dict[str, Any]) -> str:
    """For people."""
    lines = [f"# Certification bundle: {document['evidence_status']}", "", f"Made by {document['compiler']}.", ""]
    lines += [f"- **{each}**" for each in document["blockers"]]
    lines += ["", "| file | kind | of | bytes | sha256 | |", "| --- | --- | --- | ---: | --- | --- |"]
    lines += [
        f"| {i['name']} | {i['kind'] or 'unknown'} | {i['at']} | {i['bytes']} | `{i['sha256']}` | {i['problem'] or i['status']} |"
        for i in document["evidence_items"]
    ]
    return "\n".join(lines) + "\n"
