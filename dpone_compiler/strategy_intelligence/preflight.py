"""The tool probe under dpone's name."""

from __future__ import annotations

from dpone_compiler.driver.preflight import ToolCheck, ToolReport, check_tools
from dpone_compiler.frontends.meaning import ENGINE_ALIASES

__all__ = ["NativeFastPathPreflightService", "ToolCheck", "ToolReport"]


class NativeFastPathPreflightService:
    """Whether this machine has what the path of a route needs."""

    def check_path(self, source_type: str, sink_type: str) -> ToolReport:
        """Probe the tools of the route."""
        source, sink = (ENGINE_ALIASES.get(word.lower(), word.lower()) for word in (source_type, sink_type))
        return check_tools(source, sink)
