"""setup/: SQL that a DBA runs once. Never run silently: `--apply-setup` asks for it in words."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.resolve import variable_name
from dpone_compiler.runtime.outcome import command
from dpone_compiler.runtime.sessions import Opener, Sessions

_FOR_A_DBA = ("source", "grants")


def target_files(doc: PlanDoc) -> tuple[str, ...]:
    """The files of setup/ for the target, in order. Those for the source, and grants (psql variables), are a DBA's."""
    listed = tuple(doc.setup) or tuple(path for path in sorted(doc.files) if path.startswith("setup/"))
    return tuple(path for path in listed if not any(word in PurePosixPath(path).name for word in _FOR_A_DBA))


def setup_command(doc: PlanDoc, bundle: str) -> str:
    """The vendor's client that does the same, for a DBA to type."""
    variable = variable_name(doc.state.get("connection", ""))
    files = [str(Path(bundle) / path) for path in target_files(doc)]
    if doc.state.get("engine") == "clickhouse":
        return "; ".join(f"clickhouse-client --host … --multiquery < {command(path)}" for path in files)
    if doc.state.get("engine") == "mssql":
        return "; ".join("sqlcmd -b -I -S … -d … -i " + command(path) for path in files)
    words = [word for path in files for word in ("-f", path)]
    return f'psql -X -v ON_ERROR_STOP=1 "${variable}" ' + command(*words)


def apply_setup(bundle: LoadedBundle, opener: Opener) -> tuple[str, ...]:
    """Run the target's setup files; what was run. The files are idempotent (CREATE … IF NOT EXISTS)."""
    sessions = Sessions(bundle.doc, opener)
    files = target_files(bundle.doc)
    try:
        for path in files:
            sessions.on("target").run(bundle.body(path), {})
    finally:
        sessions.close()
    return files
