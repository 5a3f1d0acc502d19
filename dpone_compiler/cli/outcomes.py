"""How an outcome is told: text for people, one JSON document for machines; the refusal goes to stderr."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, NoReturn

from dpone_compiler.runtime.outcome import RefusedError, RunOutcome, refused


def tell(outcomes: list[RunOutcome], output: str) -> None:
    """Results to stdout, failures to stderr."""
    if output == "json":
        documents = [_document(outcome) for outcome in outcomes]
        print_json(documents[0] if len(documents) == 1 else {"runs": documents})
        return
    for outcome in outcomes:
        stream = sys.stdout if outcome.exit_code == 0 else sys.stderr
        stream.write(_text(outcome) + "\n")


def fail(error: RefusedError, output: str) -> NoReturn:
    """Tell a refusal that came before any run, and end."""
    tell([refused(error)], output)
    sys.exit(error.exit_code)


def print_json(document: Any) -> None:
    """One document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _document(outcome: RunOutcome) -> dict[str, Any]:
    return {"event": "run_ended", **asdict(outcome)}


def _text(outcome: RunOutcome) -> str:
    if outcome.status == "done":
        told = f"; {outcome.message}" if outcome.message else ""
        return f"{outcome.load}: done, {outcome.rows:,} rows in {outcome.seconds:.1f} s (run {outcome.run_id}){told}"
    if outcome.status == "planned":
        return _planned(outcome)
    place = f" at step {outcome.step}" if outcome.step else ""
    name = f"{outcome.load}: " if outcome.load else ""
    lines = [f"{name}{outcome.status}{place}: {outcome.code}: {outcome.message}"]
    if outcome.next:
        lines.append(f"  next: {outcome.next}")
    for state in outcome.details.get("what_now", ()):
        lines += [f"  - {state['state']}", f"    how to tell: {state['tell']}", f"    then: {state['next']}"]
    return "\n".join(lines)


def _planned(outcome: RunOutcome) -> str:
    lines = [f"{outcome.load}: a {outcome.details.get('mode', 'new')} run would carry out"]
    for step in outcome.details.get("steps", ()):
        skip = f"  (skipped: {step['skip']})" if step["skip"] else ""
        lines.append(f"  {step['step']}: {step['purpose']}{skip}")
    return "\n".join(lines)
