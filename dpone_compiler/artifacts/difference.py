"""What differs between two plans of a load in what they do, promise and say, not in the bytes of their files.

Left out on purpose: numbers of files, which move with every step that is added; where a step comes from in the manifest; how
far the promises are proved, which is the compiler's; the pictures of interleavings.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.source.value import value

AREAS = (
    *("load", "route", "decision", "contract", "types", "steps", "limits", "state", "parameters", "transfer"),
    *("setup", "replay", "inputs"),
)
# Of a step: what an executor does with it and what it says to a reviewer. Its files are compared by their text.
_OF_STEP = (
    *("kind", "op", "side", "engine", "connection", "transaction", "snapshot", "wire", "params", "captures"),
    *("max_items", "max_seconds", "idempotency", "guard", "retry_boundary", "locks", "visibility", "purpose", "why"),
)
_CHOSEN = ("requested_mode", "strategy", "merge_policy", "finalizer", "native_fast_path", "adaptive_batching")


@value(kw_only=True)
class Change:
    """One thing. `area`: one of AREAS. `before`, `after`: plain data, None where there is none. `lines`: of a text, unified."""

    area: str
    name: str
    before: Any = None
    after: Any = None
    lines: tuple[str, ...] = ()


@value(kw_only=True)
class Side:
    """A plan, its steps that load partitions again, and the files that it lists, text by path."""

    doc: PlanDoc
    resync: tuple[StepDoc, ...]
    bodies: Mapping[str, str]


def differences(old: Side, new: Side) -> tuple[Change, ...]:
    """Every difference, area by area; in an area in the order of the new plan."""
    found = [
        *_between(
            "load",
            *(
                {name: getattr(doc, name) for name in ("name", "depends_on", "notes", "effects")}
                for doc in _docs(old, new)
            ),
        ),
        *_between("route", *(_flat(doc.route) for doc in _docs(old, new))),
        *_between("decision", *(_decision(doc.decision) for doc in _docs(old, new))),
        *_between("contract", *(doc.contract for doc in _docs(old, new))),
        *_between("types", *({item["target"]: _type(item) for item in doc.types} for doc in _docs(old, new))),
        *_steps("steps", (old, old.doc.steps), (new, new.doc.steps)),
        *_between("limits", *(doc.limits for doc in _docs(old, new))),
        *_between(
            "state",
            *({k: doc.state.get(k) for k in ("engine", "connection", "table", "load")} for doc in _docs(old, new)),
        ),
        *_between("parameters", *(_params(map(vars, doc.params)) for doc in _docs(old, new))),
        *_between("transfer", *(_flat(doc.native_transfer_plan) for doc in _docs(old, new))),
        *_texts("setup", *(_below("setup", side) for side in (old, new))),
        *_between("replay", *(_replay(doc.replay) for doc in _docs(old, new))),
        *_steps("replay", (old, old.resync), (new, new.resync)),
        *_texts("replay", *(_below("replay", side) for side in (old, new))),
        *_between("inputs", *(doc.inputs for doc in _docs(old, new))),
    ]
    return tuple(sorted(found, key=lambda change: AREAS.index(change.area)))


def _docs(old: Side, new: Side) -> tuple[PlanDoc, PlanDoc]:
    return old.doc, new.doc


def _between(area: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in (*new, *(name for name in old if name not in new)):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Change(area=area, name=name, before=before, after=after)


def _flat(told: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as one, names joined by dots; a list of objects stays one value."""
    found: dict[str, Any] = {}
    for name, said in told.items():
        found |= _flat(said, f"{prefix}{name}.") if isinstance(said, Mapping) else {prefix + name: said}
    return found


def _decision(told: Mapping[str, Any]) -> dict[str, Any]:
    chosen = _flat({name: told[name] for name in _CHOSEN if name in told})
    why = {f"why {each['choice']}": each["reason"] for each in told.get("reasons", ())}
    rejected = {f"rejected {each['choice']} {each['value']}": each["reason"] for each in told.get("rejected", ())}
    said = {
        f"{each['severity']} {each['code']}": each["message"]
        for key in ("safety_gates", "warnings")
        for each in told.get(key, ())
    }
    return {**chosen, **why, **rejected, **said}


def _type(item: Mapping[str, Any]) -> str:
    """A column in one line, as far as it is not as usual."""
    arrow = f"{item['source'] or item['expression']} {item['source_type']} -> {item['target_type']}"
    return "; ".join(part for part in (arrow, item["changes"], item["may_lose"], item["policy"]) if part)


def _params(listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {each["name"]: f"{each['type']}, {each['source']}" for each in listed}


def _replay(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of resume and resync beside the steps and the digest of the latter."""
    resync = {name: said for name, said in (told.get("resync") or {}).items() if name not in ("steps", "fingerprint")}
    return _flat({**told, "resync": {**resync, "params": _params(resync.get("params", ()))}})


def _steps(area: str, old: tuple[Side, Iterable[StepDoc]], new: tuple[Side, Iterable[StepDoc]]) -> Iterator[Change]:
    before, after = ({step.id: step for step in steps} for _, steps in (old, new))
    for name in (*after, *(name for name in before if name not in after)):
        if name not in before or name not in after:
            ends = (steps[name].purpose if name in steps else None for steps in (before, after))
            yield Change(area=area, name=name, before=next(ends), after=next(ends))
            continue
        left, right = _of_step(before[name]), _of_step(after[name])
        yield from (
            Change(area=area, name=f"{name} {c.name}", before=c.before, after=c.after)
            for c in _between(area, left, right)
        )
        yield from _texts(area, _files(before[name], old[0], name), _files(after[name], new[0], name))
    common = [[name for name in steps if name in before and name in after] for steps in (before, after)]
    if common[0] != common[1]:
        yield Change(area=area, name="order", before=common[0], after=common[1])


def _of_step(step: StepDoc) -> dict[str, Any]:
    told = {name: getattr(step, name) for name in _OF_STEP}
    return told | {"guard": step.guard.why, "guard kind": f"{step.guard.kind} {step.guard.phase}".strip()}


def _listed(step: StepDoc) -> dict[str, str]:
    """The paths of a step by what they are for."""
    return {role: path for role, path in {"": step.file, **step.files, "guard": step.guard.file}.items() if path}


def _files(step: StepDoc, side: Side, name: str) -> dict[str, str]:
    return {f"{name} {role}".strip(): side.bodies.get(path, "") for role, path in _listed(step).items()}


def _below(folder: str, side: Side) -> dict[str, str]:
    """Files of a folder by their name without its number; those of steps are told with the steps."""
    told = {path for step in side.resync for path in _listed(step).values()}
    found = (path for path in sorted(side.bodies) if path.startswith(f"{folder}/") and path not in told)
    return {path.removeprefix(f"{folder}/").lstrip("0123456789").lstrip("-_"): side.bodies[path] for path in found}


def _texts(area: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in (*new, *(name for name in old if name not in new)):
        before, after = _body(old.get(name, "")), _body(new.get(name, ""))
        if before != after:
            lines = difflib.unified_diff(before, after, "before", "after", lineterm="", n=2)
            yield Change(
                area=area, name=name, before=name in old or None, after=name in new or None, lines=tuple(lines)
            )


def _body(text: str) -> list[str]:
    """Without the comments at the head, which say again what plan.json says of the step."""
    lines = text.split("\n")
    head = next((at for at, line in enumerate(lines) if not line.startswith(("--", "#"))), len(lines))
    return lines[head:]


def plain(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """As JSON knows them."""
    return [{**vars(each), "lines": list(each.lines)} for each in changes]


def one_line(said: Any) -> str:
    """A value for people; nothing is `-`."""
    if said is None or said == "":
        return "-"
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, sort_keys=True)
