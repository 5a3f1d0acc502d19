"""Peak resident memory of the runner's process from one to ten million narrow rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.lab import Lab, transfer
from tests.bench.measure import BenchError, Line, Sample

_MANIFEST = """
name: narrow
source: {type: postgres, connection_id: bench_source, table: {schema: public, name: narrow}, options: {estimated_rows: 10000000}}
sink:
  type: postgres
  connection_id: bench_pg
  table: {schema: public, name: narrow}
  strategy: {mode: full_refresh, unique_key: [id]}
"""
_MILLION = 1_000_000


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """One run each: the peak does not depend on what else the machine does."""
    with ExitStack() as stack:
        lab = Lab(scratch, stack)
        lab.postgres("bench_source", fsync=False)
        lab.postgres("bench_pg", fsync=False)
        for name in ("bench_source", "bench_pg"):
            with lab.connect(name) as connection:
                connection.execute("CREATE TABLE narrow (id bigint PRIMARY KEY, n integer NOT NULL, t text)")
                connection.execute("CREATE SCHEMA IF NOT EXISTS staging")
        bundle = lab.compile(_MANIFEST, "narrow")
        one = _run(lab, bundle, 1, _MILLION)
        large = 2 if quick else 10
        many = _run(lab, bundle, _MILLION + 1, large * _MILLION)
    yield Line("memory", f"peak at {large} million rows to the peak at 1", many.rss / one.rss, "x", 1.1)
    yield Line(
        "memory",
        f"peak of the runner at {large} million rows",
        many.rss,
        "MB",
        150,
        note=f"at 1 million {one.rss:.1f} MB",
    )


def _run(lab: Lab, bundle: Path, first: int, last: int) -> Sample:
    with lab.connect("bench_source") as connection:
        connection.execute(
            f"INSERT INTO narrow SELECT g, g % 1000, 'row ' || g FROM generate_series({first}, {last}) g".encode()
        )
        connection.execute("VACUUM ANALYZE narrow")
    done = lab.run(bundle)
    if int(transfer(done)["rows"]) != last:
        raise BenchError(f"{transfer(done)['rows']} rows moved, not {last}")
    return done
