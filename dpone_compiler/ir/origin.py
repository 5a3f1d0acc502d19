"""Where a node came from: never part of its equality, never part of a bundle except sourcemap.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value


@value
class Origin:
    """Spans of a load by IR path (`sink.strategy.unique_key`, `source.where`, …); `` is the load itself.

    `told`: hints (rows, bytes, changed, deleted) that somebody else gave in the manifest's place, and who: flag, receipt.
    """

    spans: Mapping[str, Span] = field(default_factory=lambda: MappingProxyType({}))
    told: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, path: str) -> Span | None:
        """The span of a path, or of its nearest enclosing path that has one."""
        while path:
            if path in self.spans:
                return self.spans[path]
            path = path.rpartition(".")[0]
        return self.spans.get("")
