"""Tables of many columns: one statement over all of them is longer than ClickHouse parses and than an argument of a command may be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from tests.engine_fixtures import FreshDatabase, run_clickhouse

_DEFAULT_LIMIT = 262_144  # bytes: ClickHouse's max_query_size
_ONE_ARGUMENT = 131_072  # bytes: what Linux lets one argument be
_ROWS = 7
_MANIFEST = """
name: wide
source: {type: postgres, connection_id: wide_source, table: {schema: public, name: wide}}
sink: {type: clickhouse, connection_id: wide_target, table: {schema: SCHEMA, name: wide}, strategy: {mode: full_refresh}}
"""


class _Wide:
    """A table of `width` columns on both sides, and the bundle that moves it."""

    def __init__(self, folder: Path, source: str, target: str, width: int) -> None:
        self.folder, self.source, self.target, self.width = folder, source, target, width
        self.schema = target.rpartition("/")[2]
        columns = range(1, width)
        with psycopg.connect(source, autocommit=True) as session:
            made = ", ".join(f'"c {n}" {"smallint" if n % 3 else "boolean"}' for n in columns)
            session.execute(f"CREATE TABLE wide (id int PRIMARY KEY, {made})".encode())
            session.execute(
                'INSERT INTO wide (id, "c 1", "c 2", "c 3") SELECT n, n, NULL, n %% 2 = 0 FROM generate_series(1, %s) AS n',
                (_ROWS,),
            )
        made = ", ".join(f"`c {n}` Nullable({'Int16' if n % 3 else 'UInt8'})" for n in columns)
        run_clickhouse(target, f"CREATE TABLE wide (id Int32, {made}) ENGINE = MergeTree ORDER BY id")
        (folder / "wide.yaml").write_text(_MANIFEST.replace("SCHEMA", self.schema), encoding="utf-8")
        self.dponec("introspect", "wide.yaml")
        self.dponec("compile", "wide.yaml", "-o", "plans", "--no-cache")

    def longest(self) -> int:
        """The bytes of the longest step."""
        return max(path.stat().st_size for path in (self.folder / "plans" / "wide" / "steps").iterdir())

    def environ(self, target: str) -> dict[str, str]:
        """Both connections."""
        return {**os.environ, "DPONE_CONN_WIDE_SOURCE": self.source, "DPONE_CONN_WIDE_TARGET": target}

    def dponec(self, *words: str) -> None:
        """Run it; anything but exit 0 fails the test."""
        self._run((sys.executable, "-m", "dpone_compiler.cli.main", *words), self.target)

    def run_sh(self, target: str) -> None:
        """Run the script, as `dponec`."""
        self._run(("bash", "plans/wide/run.sh"), target)

    def _run(self, words: tuple[str, ...], target: str) -> None:
        done = subprocess.run(
            words, cwd=self.folder, env=self.environ(target), capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"

    def arrived(self) -> str:
        """What the target holds."""
        asked = "count(), sum(`c 1`), countIf(isNull(`c 2`)), countIf(`c 3` = 1)"
        return run_clickhouse(self.target, f"SELECT {asked}, countIf(isNull(`c {self.width - 1}`)) FROM wide").strip()


_ALL = f"{_ROWS}\t{sum(range(1, _ROWS + 1))}\t{_ROWS}\t{_ROWS // 2}\t{_ROWS}"


def test_a_run_over_more_than_the_server_parses_by_itself(
    tmp_path: Path, pg_wheel_db: FreshDatabase, chdb_db: FreshDatabase
) -> None:
    wide = _Wide(tmp_path, pg_wheel_db(), chdb_db(), 1_200)
    assert wide.longest() > _DEFAULT_LIMIT
    wide.dponec("run", "plans/wide", "--apply-setup")
    assert wide.arrived() == _ALL


def test_the_script_over_more_than_an_argument_may_be(
    tmp_path: Path, pg_wheel_db: FreshDatabase, clickhouse_server: ClickHouseServer, clickhouse_server_db: FreshDatabase
) -> None:
    wide = _Wide(tmp_path, pg_wheel_db(), clickhouse_server_db(), 520)
    assert _ONE_ARGUMENT < wide.longest() < _DEFAULT_LIMIT
    wide.dponec("run", "plans/wide", "--apply-setup")
    run_clickhouse(wide.target, "ALTER TABLE wide DROP PARTITION tuple()")
    wide.run_sh(clickhouse_server.native_url_for(wide.schema))
    assert wide.arrived() == _ALL
    wide.run_sh(wide.target)  # by curl
    assert wide.arrived() == _ALL
