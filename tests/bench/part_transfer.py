"""The transfer step against the raw pipes of the same rounds: Postgres to Postgres, to ClickHouse 18.16, and to chDB."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer, start_clickhouse_server
from tests.bench.lab import COLUMNS, Lab, fill_source, psql, shares, transfer
from tests.bench.measure import Line, Sample, cpu, interleave, ratio, shell, wall

_MANIFEST = """
name: {name}
source: {{type: postgres, connection_id: bench_source, table: {{schema: public, name: src}}, options: {{estimated_rows: {rows}}}}}
sink:
  type: {engine}
  connection_id: {connection}
  table: {{schema: {schema}, name: snk}}
  strategy: {{mode: full_refresh, unique_key: [id]}}
"""
_CLICKHOUSE = (
    "id Int64, customer Int32, name String, note Nullable(String), amount Decimal(18,2), score Float64, "
    "{time}, d Date, u UUID, j String"
)


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """Each route against its pipe; fsync matters to the Postgres target alone."""
    rows, rounds = (1_000_000, 2) if quick else (2_000_000, 3)
    for fsync in (True,) if quick else (True, False):
        with ExitStack() as stack:
            lab = Lab(scratch, stack)
            lab.postgres("bench_source", fsync=fsync)
            fill_source(lab, "bench_source", rows)
            yield from _postgres(lab, rows, rounds, fsync)
            if fsync:
                yield from _clickhouse(lab, rows, rounds, "18.16")
                yield from _clickhouse(lab, rows, rounds, "chDB")


def _postgres(lab: Lab, rows: int, rounds: int, fsync: bool) -> list[Line]:
    source, target = lab.engines["bench_source"], lab.postgres("bench_pg", fsync=fsync)
    with lab.connect("bench_pg") as connection:
        connection.execute(
            f"CREATE TABLE snk ({COLUMNS}, PRIMARY KEY (id)); CREATE UNLOGGED TABLE raw ({COLUMNS})".encode()
        )
        connection.execute("CREATE SCHEMA IF NOT EXISTS staging")
    text = _MANIFEST.format(name="pg", engine="postgres", connection="bench_pg", schema="public", rows=rows)
    bundle = lab.compile(text, "pg")

    def clean() -> None:
        with lab.connect("bench_pg") as connection:
            connection.execute("TRUNCATE raw")
            connection.execute("CHECKPOINT")

    def pipe() -> Sample:
        clean()
        before = lab.engine_cpu()
        done = shell(
            f"{psql(source)} -c 'COPY src TO STDOUT (FORMAT binary)' | {psql(target)} -c 'COPY raw FROM STDIN (FORMAT binary)'"
        )
        return Sample(done.wall, done.cpu, extra={"engines": lab.engine_cpu() - before})

    def ours() -> Sample:
        clean()
        return lab.run(bundle)

    # Both fill an unlogged table without a key: staging is one, so the raw table is one too.
    label = f"pg->pg binary, fsync {'on' if fsync else 'off'}"
    lines = _compare(label, pipe, ours, rows, rounds)
    lab.engines.pop("bench_pg").stop()
    return lines


def _clickhouse(lab: Lab, rows: int, rounds: int, kind: str) -> list[Line]:
    source = lab.engines["bench_source"]
    engine = start_clickhouse_server() if kind == "18.16" else start_chdb()
    name = "bench_ch" if kind == "18.16" else "bench_chdb"
    lab.engines[name] = lab.stack.enter_context(engine)
    # 18.16 has no DateTime64: seconds, as the generated rows have. The raw pipe and the run write equal tables.
    columns = _CLICKHOUSE.format(
        time="updated_at DateTime('UTC')" if kind == "18.16" else "updated_at DateTime64(6, 'UTC')"
    )
    http = "http://" + engine.url.split("://", 1)[1].rsplit("/", 1)[0] + "/"

    def ask(sql: str) -> None:
        with urlopen(Request(http, data=sql.encode())) as answer:
            answer.read()

    ask("CREATE DATABASE dwh")
    for table in ("snk", "raw"):
        ask(f"CREATE TABLE dwh.{table} ({columns}) ENGINE = MergeTree ORDER BY id")
    text = _MANIFEST.format(name=name, engine="clickhouse", connection=name, schema="dwh", rows=rows)
    bundle = lab.compile(text, name)
    into = "INSERT INTO dwh.raw FORMAT TabSeparated"
    if isinstance(engine, ClickHouseServer):
        sink = f"{shutil.which('clickhouse-client')} --port {engine.native_port} --query '{into}'"
    else:
        query = into.replace(" ", "%20")
        sink = f"curl -sS --fail -X POST -T - -H 'Expect:' '{http}?query={query}'"
    # The text that the columns' types read: a time zone's offset is not part of it.
    select = "SELECT id, customer, name, note, amount, score, updated_at AT TIME ZONE 'UTC', d, u, j FROM src"

    def pipe() -> Sample:
        ask("TRUNCATE TABLE dwh.raw")
        before = lab.engine_cpu()
        done = shell(f'{psql(source)} -c "COPY ({select}) TO STDOUT" | {sink}')
        return Sample(done.wall, done.cpu, extra={"engines": lab.engine_cpu() - before})

    lines = _compare(f"pg->clickhouse {kind} text", pipe, lambda: lab.run(bundle), rows, rounds)
    lab.engines.pop(name).stop()
    return lines


def _compare(label: str, pipe: Callable[[], Sample], ours: Callable[[], Sample], rows: int, rounds: int) -> list[Line]:
    found = interleave({"pipe": pipe, "ours": ours}, rounds, warm=1)
    raw, runs = found["pipe"], found["ours"]
    speeds = [float(transfer(run)["rows"]) / float(transfer(run)["seconds"]) for run in runs]
    moved = {int(transfer(run)["rows"]) for run in runs}
    step = median(speed / (rows / one.wall) for speed, one in zip(speeds, raw, strict=True))
    whole = ratio(runs, raw, lambda sample: sample.wall)
    total = ratio(runs, raw, lambda sample: sample.cpu + float(sample.extra["engines"]))
    last = sorted(runs, key=lambda run: run.wall)[len(runs) // 2]
    return [
        Line("transfer", f"{label}: speed of the step to the pipe", step, "x", 0.9, True, f"rows moved {moved}"),
        Line("transfer", f"{label}: step", median(speeds), "rows/s", note=f"pipe {rows / wall(raw):,.0f} rows/s"),
        Line(
            "transfer",
            f"{label}: whole run to the pipe",
            whole,
            "x",
            note=f"CPU with engines {total:.2f} x; {shares(last)}",
        ),
        Line("transfer", f"{label}: CPU of the runner", cpu(runs), "s", note=f"of the pipe's clients {cpu(raw):.2f} s"),
    ]
