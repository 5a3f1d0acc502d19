"""Engines, the measured table, and `dponec run` as a process with the receipt it leaves."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from tests.bench.commands import DPONEC, PYTHON
from tests.bench.measure import BenchError, Sample, execute, tree_cpu

COLUMNS = (
    "id bigint NOT NULL, customer integer NOT NULL, name text NOT NULL, note text, amount numeric(18,2) NOT NULL, "
    "score double precision NOT NULL, updated_at timestamptz NOT NULL, d date NOT NULL, u uuid NOT NULL, j jsonb NOT NULL"
)
# Eighths: the floats of ClickHouse 18.16 are not rounded correctly when they are read from text (the run refuses: DP501).
_ROWS = """
INSERT INTO src SELECT g, (g * 7919) % 100000, 'customer name ' || g % 5000,
  CASE WHEN g % 10 = 0 THEN NULL ELSE repeat('n', (g % 60)::int) END, (g % 1000000)::numeric / 100, (g % 1000000) / 8.0::float8,
  timestamptz '2020-01-01Z' + g * interval '1 second', date '2020-01-01' + (g % 900)::int, md5(g::text)::uuid,
  jsonb_build_object('k', g % 100, 'tags', jsonb_build_array('a', g % 7)) FROM generate_series(1, {rows}::bigint) g
"""


@dataclass(slots=True)
class Lab:
    """Running engines and the processes' environment; everything below `scratch` goes at the end."""

    scratch: Path
    stack: ExitStack
    engines: dict[str, Engine] = field(default_factory=dict)
    prepared: set[Path] = field(default_factory=set)

    def postgres(self, name: str, *, fsync: bool) -> EmbeddedPostgres:
        """Start a Postgres under a connection's name."""
        settings = {"max_wal_size": "8GB", "shared_buffers": "512MB", "checkpoint_timeout": "30min"}
        engine = self.stack.enter_context(start_postgres(settings=settings, fsync=fsync))
        self.engines[name] = engine
        return engine

    def connect(self, name: str) -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommit connection to a Postgres of the lab."""
        return psycopg.connect(self.engines[name].url, autocommit=True)

    def environment(self, urls: Mapping[str, str]) -> dict[str, str]:
        """The caller's environment and the connections."""
        named = {f"DPONE_CONN_{name.upper()}": url for name, url in urls.items()}
        return {**os.environ, "DPONEC_CACHE_DIR": str(self.scratch / "cache"), **named}

    def urls(self) -> dict[str, str]:
        """The addresses of all engines by connection name."""
        return {name: engine.url for name, engine in self.engines.items()}

    def compile(self, manifest: str, name: str) -> Path:
        """Introspect and compile a manifest; the bundle's folder."""
        path = self.scratch / f"{name}.yaml"
        path.write_text(manifest, encoding="utf-8")
        env, catalog = self.environment(self.urls()), self.scratch / "catalog"
        execute((DPONEC, "introspect", str(path), "-o", str(catalog)), env=env)
        out = self.scratch / "plans"
        execute((DPONEC, "compile", str(path), "--catalog", str(catalog), "-o", str(out)), env=env)
        return out / name

    def run(self, bundle: Path, *, runs: Path | None = None) -> Sample:
        """`dponec run`; extra: the receipt, and the CPU seconds that the engines spent meanwhile."""
        folder = runs or self.scratch / "runs" / uuid.uuid4().hex
        setup = () if bundle in self.prepared else ("--apply-setup",)
        self.prepared.add(bundle)
        before = self.engine_cpu()
        done = execute(
            (PYTHON, DPONEC, "run", str(bundle), *setup, "--journal-dir", str(folder)),
            env=self.environment(self.urls()),
        )
        spent = self.engine_cpu() - before
        receipts = sorted(folder.glob("*/receipt.json"), key=lambda path: path.stat().st_mtime)
        if not receipts:
            raise BenchError(f"no receipt in {folder}: {done.extra['output'][-500:]}")
        receipt = json.loads(receipts[-1].read_text(encoding="utf-8"))
        return Sample(done.wall, done.cpu, done.rss, {"receipt": receipt, "engines": spent})

    def engine_cpu(self) -> float:
        """CPU seconds of all engines so far."""
        return sum(tree_cpu(engine.pid) for engine in self.engines.values())


def steps(sample: Sample) -> list[dict[str, Any]]:
    """The steps of a run's receipt."""
    return list(sample.extra["receipt"]["steps"])


def transfer(sample: Sample) -> dict[str, Any]:
    """The step that moved the rows."""
    return max(steps(sample), key=lambda step: int(step["bytes"] or 0))


def shares(sample: Sample, top: int = 6) -> str:
    """Where the time of a run went: the dearest steps, and what lies outside all steps."""
    listed = sorted(steps(sample), key=lambda step: -float(step["seconds"]))
    outside = sample.wall - sum(float(step["seconds"]) for step in listed)
    named = [f"{step['step']} {float(step['seconds']) / sample.wall:.0%}" for step in listed[:top]]
    return ", ".join([*named, f"outside steps {outside / sample.wall:.0%} ({outside:.2f} s)"])


def fill_source(lab: Lab, name: str, rows: int) -> None:
    """The table `src` with its key, an index on the cursor, and statistics."""
    with lab.connect(name) as connection:
        connection.execute(f"CREATE TABLE src ({COLUMNS})".encode())
        connection.execute(_ROWS.format(rows=rows).encode())
        connection.execute("ALTER TABLE src ADD PRIMARY KEY (id)")
        connection.execute("CREATE INDEX ON src (updated_at)")
        connection.execute("VACUUM ANALYZE src")
        connection.execute("CHECKPOINT")


def psql(engine: Engine) -> str:
    """psql of the same build, without start-up files."""
    return f"{shutil.which('psql')} -X -q -v ON_ERROR_STOP=1 '{engine.url}'"
