"""The catalogue of native paths: what the registered plug-ins say, so that it can never name a path that no plan uses."""

from __future__ import annotations

from dpone_compiler import registry
from dpone_compiler.frontends.meaning import ENGINE_ALIASES
from dpone_compiler.spi.strategy import streaming
from dpone_compiler.strategy_intelligence.models import NativeFastPath


class NativeFastPathCatalog:
    """Paths by route."""

    def resolve(self, source_type: str, sink_type: str) -> NativeFastPath:
        """The path of a route; `streaming_rows` where the engines have none of their own."""
        source, sink = (ENGINE_ALIASES.get(word.lower(), word.lower()) for word in (source_type, sink_type))
        registered = (path for path in registry.native_paths() if (path.source, path.sink) == (source, sink))
        return NativeFastPath(next(registered, streaming(source, sink)))

    def paths(self) -> tuple[NativeFastPath, ...]:
        """Every path, in name order."""
        return tuple(map(NativeFastPath, registry.native_paths()))
