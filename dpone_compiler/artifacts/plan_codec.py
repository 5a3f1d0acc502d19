"""plan.json <-> PlanDoc. Readers ignore unknown keys of the same major version and refuse another major version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from json.encoder import encode_basestring
from typing import Any

from dpone_compiler.artifacts.plan_doc import FORMAT, GuardDoc, ParamDoc, PlanDoc, StepDoc

# What is written after the fingerprint was taken: two views of the plan for people and psql, and how far its sentences are proved.
_BEHIND_FILES = frozenset({"run.sh", "plan.md"})
_BEHIND = {"fingerprint": "", "contract_evidence": {}}
_WORDS = {None: "null", True: "true", False: "false"}


class UnreadablePlanError(ValueError):
    """The text is not a plan.json that this version can read; the message says why."""


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, two spaces, real unicode and a final newline: the one form of every JSON file in a bundle.

    The text is what `json.dumps(sort_keys=True, indent=2, ensure_ascii=False)` gives; with `indent` that function leaves its
    C encoder and takes six times as long.
    """
    return _pretty(value, "\n") + "\n"


def compact_json(value: Any) -> str:
    """The same value in one line, for digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _pretty(value: Any, line: str) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    inner = line + "  "
    if isinstance(value, dict):
        if not value:
            return "{}"
        members = [f"{encode_basestring(str(key))}: {_pretty(value[key], inner)}" for key in sorted(value)]
        return "{" + inner + ("," + inner).join(members) + line + "}"
    if isinstance(value, (list, tuple)):
        if not value:
            return "[]"
        return "[" + inner + ("," + inner).join([_pretty(item, inner) for item in value]) + line + "]"
    return _WORDS[value] if value is None or isinstance(value, bool) else json.dumps(value, allow_nan=False)


def encode_plan(doc: PlanDoc) -> str:
    """The text of plan.json."""
    return canonical_json(plain_plan(doc))


def plain_plan(doc: PlanDoc) -> dict[str, Any]:
    """The document as JSON knows it."""
    return {**vars(doc), "steps": [step_fields(step) for step in doc.steps], "params": [vars(p) for p in doc.params]}


def plan_fingerprint(plain: Mapping[str, Any]) -> str:
    """The digest of everything that a plan says and of every file it runs; where a step comes from in the manifest is left out.

    Keys of the document, of a step or of a parameter that this version does not know are no part of it: a later version of the
    format may add them, and whoever ignores them loses nothing by their being changed. Inside the values that are kept as JSON
    (`decision`, `limits`, …) every key counts. `plain`: the object of plan.json with all its files. Raises KeyError, TypeError or
    AttributeError on another shape.
    """
    steps = [_plain_step(step) for step in plain["steps"]]
    params = [_known(ParamDoc, param) for param in plain["params"]]
    files = {path: digest for path, digest in plain["files"].items() if path not in _BEHIND_FILES}
    doc = {**_known(PlanDoc, plain), **_BEHIND, "steps": steps, "params": params, "files": {}}
    return _sha256(compact_json({"files": files, "doc": doc}))


def _plain_step(step: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in _known(StepDoc, step).items() if key != "origin"}
    return {**known, "guard": _known(GuardDoc, step["guard"])} if "guard" in step else known


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def step_fields(step: StepDoc) -> dict[str, Any]:
    """A step as JSON knows it."""
    return {**vars(step), "guard": vars(step.guard)}


def parse_plan(text: str) -> dict[str, Any]:
    """The object of a plan.json text of our major version. Raises UnreadablePlanError."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadablePlanError(f"plan.json is not JSON: {error}") from error
    if not isinstance(raw, dict) or "format" not in raw:
        raise UnreadablePlanError("plan.json has no `format`")
    if str(raw["format"]).partition("/")[2].partition(".")[0] != FORMAT.partition("/")[2]:
        raise UnreadablePlanError(f"plan.json has format {raw['format']!r}; this dponec reads {FORMAT!r}")
    return raw


def is_as_compiled(raw: Mapping[str, Any]) -> bool:
    """Whether the fingerprint in the object of a plan.json is that of the rest of it."""
    try:
        return bool(raw["fingerprint"] == plan_fingerprint(raw))
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def decode_plan(text: str) -> PlanDoc:
    """The PlanDoc of a plan.json text. Raises UnreadablePlanError on other JSON, other formats or missing keys."""
    return plan_doc(parse_plan(text))


def plan_doc(raw: Mapping[str, Any]) -> PlanDoc:
    """The PlanDoc of the object of a plan.json. Raises UnreadablePlanError on missing keys."""
    try:
        steps = tuple(step_doc(item) for item in raw["steps"])
        params = tuple(ParamDoc(**_known(ParamDoc, item)) for item in raw["params"])
        return PlanDoc(
            **{
                **_known(PlanDoc, raw),
                "steps": steps,
                "params": params,
                "types": tuple(raw["types"]),
                "depends_on": tuple(raw.get("depends_on", ())),
                "notes": tuple(raw.get("notes", ())),
                "setup": tuple(raw.get("setup", ())),
                "interleavings": tuple(raw.get("interleavings", ())),
            }
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePlanError(f"plan.json lacks or misplaces something: {error}") from error


def step_doc(raw: Mapping[str, Any]) -> StepDoc:
    """A step of its object in JSON. Raises KeyError, TypeError or AttributeError on another shape."""
    values = _known(StepDoc, raw)
    for name in ("params", "captures", "after", "locks"):
        values[name] = tuple(values.get(name, ()))
    values["guard"] = GuardDoc(**_known(GuardDoc, raw.get("guard", {"kind": "rerun"})))
    return StepDoc(**values)


def _known(kind: type[Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {key: value for key, value in raw.items() if key in names}
