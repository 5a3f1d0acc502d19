"""choose-native-path: the vendor's bulk path between the two engines, and the wire format it uses for these columns."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.ir.decision import Chosen, Rejected, Undecided
from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.strategy import Setting


@value
class ChooseNativePath:
    """Fills `decisions.native_path` and `decisions.wire`. Where no native path fits, rows are streamed."""

    name: str = "choose-native-path"
    requires: tuple[str, ...] = ("columns", "strategy")
    establishes: tuple[str, ...] = ("native_path",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with path and wire."""
        if not isinstance(load.decisions.native_path, Undecided):
            return PassResult(load=load)
        ends = (context.source.name, context.sink.name)
        path = next((p for p in context.native_paths if (p.source, p.sink) == ends), None)
        if path is None:
            name, wire, reason = "streaming_rows", "text", f"there is no native path from {ends[0]} to {ends[1]}"
            rejected: tuple[Rejected, ...] = ()
        else:
            name = path.name
            wire, reason = path.wire(load, Setting(facts=context.facts, source=context.source, sink=context.sink))
            rejected = (Rejected(path.fallback, "slower; for machines that lack " + ", ".join(path.tools)),)
        chosen = Chosen(
            value=name,
            by=self.name,
            rule="native_path",
            reason=reason,
            facts=(("route", "->".join(ends)),),
            rejected=rejected,
        )
        how = Chosen(value=wire, by=self.name, rule="wire", reason=reason)
        return PassResult(load=replace(load, decisions=replace(load.decisions, native_path=chosen, wire=how)))
