"""A compiler for data loads: one manifest in; SQL, scripts, reconciliation and proofs out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dpone_compiler.driver.compile import compile_manifest, compile_paths

__version__ = "0.1.0"

__all__ = ["compile_manifest", "compile_paths", "__version__"]

# Importing the package must stay cheap: what needs sqlglot is imported when somebody asks for it.
_LAZY = {
    "compile_manifest": "dpone_compiler.driver.compile",
    "compile_paths": "dpone_compiler.driver.compile",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
