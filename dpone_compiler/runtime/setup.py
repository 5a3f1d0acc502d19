"""setup/: SQL that a DBA runs once. Never run silently: `--apply-setup` asks for it in words."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.resolve import variable_name
from dpone_compiler.runtime.outcome import command
from dpone_compiler.runtime.sessions import Opener, Sessions

_FOR_A_DBA = ("source", "grants")
_LOCK = "lock_"  # how the files begin that are for the database of `lock_connection`


def target_files(doc: PlanDoc) -> tuple[str, ...]:
    """The files of setup/ for the target, in order. Those for the source, and grants (psql variables), are a DBA's."""
    listed = tuple(doc.setup) or tuple(path for path in sorted(doc.files) if path.startswith("setup/"))
    names = {path: PurePosixPath(path).name for path in listed}
    return tuple(
        path
        for path, name in names.items()
        if not name.startswith(_LOCK) and not any(word in name for word in _FOR_A_DBA)
    )


def lock_files(doc: PlanDoc) -> tuple[str, ...]:
    """The files of setup/ for the database that keeps the lease, where that is not the target."""
    return tuple(path for path in doc.setup if PurePosixPath(path).name.startswith(_LOCK))


def setup_command(doc: PlanDoc, bundle: str) -> str:
    """The vendor's client that does the same, for a DBA to type."""
    variable = variable_name(doc.state.get("connection", ""))
    files = [str(Path(bundle) / path) for path in target_files(doc)]
    if doc.state.get("engine") == "clickhouse":
        typed = [f"clickhouse-client --host … --multiquery < {command(path)}" for path in files]
        locks = [command(str(Path(bundle) / path)) for path in lock_files(doc)]
        lease = next((step.connection for step in doc.steps if step.side == "lock"), "")
        typed += [f'psql -X -v ON_ERROR_STOP=1 "${variable_name(lease)}" -f {path}' for path in locks]
        return "; ".join(typed)
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
        for path in lock_files(bundle.doc):
            sessions.on("lock").run(bundle.body(path), {})
    finally:
        sessions.close()
    return files + lock_files(bundle.doc)
