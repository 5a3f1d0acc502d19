"""Sessions to the systems that a bundle's steps run on: resolve a name, open it, run, stream in and out."""

from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import (
    ConnectionProblem,
    ConnectionUrl,
    check_clashes,
    resolve_connection,
    variable_name,
)
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream, Session

__all__ = [
    "Chunk",
    "ConnectionProblem",
    "ConnectionUrl",
    "EngineError",
    "Result",
    "RowStream",
    "Session",
    "check_clashes",
    "open_session",
    "resolve_connection",
    "variable_name",
]
