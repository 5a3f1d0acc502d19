"""sourcemap.json: for every file of the bundle, which manifest line or rule it comes from. Spans live here alone."""

from __future__ import annotations

from typing import Any

from dpone_compiler.artifacts.plan_codec import step_fields
from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.driver.inputs import shown_place
from dpone_compiler.ir.decision import Chosen
from dpone_compiler.planning.lower import LoweredStep
from dpone_compiler.source.text import Span
from dpone_compiler.spi.backend import Context


def build_sourcemap(context: Context, lowered: tuple[LoweredStep, ...], doc: PlanDoc) -> dict[str, Any]:
    """`files`: path -> origin of all its lines; `decisions`: choice -> the rule that made it and the manifest line it read."""
    origin = context.load.origin
    strategy = context.load.decisions.strategy
    rule = strategy.rule if isinstance(strategy, Chosen) else ""
    files: dict[str, Any] = {}
    again = (doc.replay.get("resync") or {}).get("steps", ())
    for step in (*(step_fields(step) for step in doc.steps), *again):
        place = {
            "manifest": _place(origin.at(step["origin"])),
            "path": step["origin"],
            "rule": rule,
            "step": step["id"],
        }
        files.update({path: place for path in (step["file"], step["guard"]["file"], *step["files"].values()) if path})
    for path in sorted(doc.files):
        files.setdefault(path, {"manifest": _place(origin.at("")), "path": "", "rule": "", "step": ""})
    decisions = {
        name: {"rule": choice.rule, "manifest": _place(origin.at(path))}
        for name, path in (
            ("strategy", "sink.strategy.mode"),
            ("merge_policy", "sink.strategy.merge_policy"),
            ("native_path", "sink"),
            ("finalizer", "sink.strategy"),
        )
        if isinstance(choice := getattr(context.load.decisions, name), Chosen)
    }
    return {"format": "dponec.sourcemap/1", "files": files, "decisions": decisions}


def _place(span: Span | None) -> str:
    return shown_place(str(span)) if span else ""
