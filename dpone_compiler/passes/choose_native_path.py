"""choose-native-path: the vendor's bulk path between the two engines, and the wire format it uses for these columns."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.ir.decision import Chosen, Rejected, Undecided
from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.strategy import Setting, streaming


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
        registered = (path for path in context.native_paths if (path.source, path.sink) == ends)
        path = next(registered, streaming(*ends))
        wire, reason = path.wire(load, Setting(facts=context.facts, source=context.source, sink=context.sink))
        slower = Rejected(path.fallback, "slower; for machines that lack " + ", ".join(path.tools))
        rejected = (slower,) if path.fallback != path.name else ()
        chosen = Chosen(
            value=path.name,
            by=self.name,
            rule="native_path",
            reason=reason,
            facts=(("route", "->".join(ends)),),
            rejected=rejected,
        )
        how = Chosen(value=wire, by=self.name, rule="wire", reason=reason)
        return PassResult(load=replace(load, decisions=replace(load.decisions, native_path=chosen, wire=how)))
