"""The two native paths out of SQL Server, whole: into a real ClickHouse over HTTP, and from bcp to bcp (stand-ins: bcp_lab.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dpone_compiler.driver.compile import Options, compile_paths
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.connections.clickhouse_text import split_statements
from dpone_compiler.runtime.setup import target_files
from tests.bundle_files.routes import manifest
from tests.compiled_bundles import ROOT, bundle
from tests.engine_fixtures import run_clickhouse
from tests.engines.bcp_lab import BcpLab, digests, escaped

TEXTS = (
    "",
    "nul \0 inside",
    "\ufeffmark",
    "tab\t cr\r lf\n back\\slash \\N",
    "Привет 😀",
    "trailing  ",
    "ਊ਍ \u2028 \x1f\x1e",
)
DAY, DAYS = "2026-01-05", "20458"
AT, MICROSECONDS = "2026-01-05 00:00:00.000000", "1767571200000000"


@pytest.fixture(scope="module")
def own_chdb(chdb: Engine) -> Iterator[Engine]:
    """The plan names the databases `dwh` and `dponec`; on the shared server they belong to others, too."""
    with start_chdb() as engine:
        yield engine


@pytest.fixture
def clickhouse(own_chdb: Engine, tmp_path: Path) -> Iterator[tuple[BcpLab, str]]:
    """full_refresh from SQL Server into chDB, content compared; and the address of its database."""
    url = own_chdb.url
    load = manifest("mssql", "clickhouse", "full_refresh")
    load["sink"]["strategy"]["policies"] = {"reconcile": "content"}
    file = tmp_path / "load.yaml"
    file.write_text(yaml.safe_dump(load), encoding="utf-8")
    (made,) = compile_paths([file], Options(catalog=ROOT / "tests" / "cases" / "loads" / "catalog")).bundles
    write_bundle(made, tmp_path)
    run_clickhouse(url, "CREATE DATABASE dwh")
    run_clickhouse(
        url,
        "CREATE TABLE dwh.orders (id Int64, day Date32, at DateTime64(6, 'UTC'), amount Nullable(Decimal(18, 2)), status String)"
        " ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY (id, day)",
    )
    bundle = load_bundle(tmp_path / load["name"])
    for path in target_files(bundle.doc):
        for statement in split_statements(bundle.body(path)):
            run_clickhouse(url, statement)
    # The locks of a target lie in those folders: tests of two workers load the same one, on servers of their own.
    places = {"DPONE_CONN_CASE_CH": url, "XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    lab = BcpLab(tmp_path, tmp_path / load["name"] / "run.sh", **places)
    rows = [(str(n), DAY, AT, None if n % 2 else "2.50", text) for n, text in enumerate(TEXTS)]
    canonical = [(n, DAYS, MICROSECONDS, None if amount is None else "2.5", text) for n, _, _, amount, text in rows]
    lab.lay(["\t".join(escaped(value) for value in row) for row in rows], digests(canonical))
    try:
        yield lab, url
    finally:
        run_clickhouse(url, "DROP DATABASE dwh")
        for name in run_clickhouse(url, "SELECT name FROM system.databases WHERE name LIKE 'dponec%'").split():
            run_clickhouse(url, f"DROP DATABASE {name}")


def test_rows_of_sql_server_arrive_in_clickhouse_as_they_are(clickhouse: tuple[BcpLab, str]) -> None:
    lab, url = clickhouse
    done = lab.run()
    assert done.returncode == 0, done.stderr
    found = run_clickhouse(url, "SELECT id, hex(status), isNull(amount) FROM dwh.orders ORDER BY id")
    given = [f"{n}\t{text.encode().hex().upper()}\t{n % 2}" for n, text in enumerate(TEXTS)]
    assert found.splitlines() == given


@pytest.mark.parametrize("lie", ["cut", "middle", "error file", "count", "lossy"])
def test_a_wrong_bcp_leaves_clickhouse_as_it_was(lie: str, clickhouse: tuple[BcpLab, str]) -> None:
    lab, url = clickhouse
    done = lab.run(STANDIN_LIE=lie)
    assert (done.returncode, "  next: " in done.stderr) == (5, True), done.stderr
    assert run_clickhouse(url, "SELECT count() FROM dwh.orders").strip() == "0"


@pytest.fixture
def copied(tmp_path: Path) -> BcpLab:
    """merge_ms_ms between two servers."""
    write_bundle(bundle("merge_ms_ms"), tmp_path)
    lab = BcpLab(tmp_path, tmp_path / "merge_ms_ms" / "run.sh", DPONE_CONN_CASE_MS="mssql://mart.internal:1444/dwh")
    rows = [[str(n), DAY, AT, None, text] for n, text in enumerate(TEXTS)]
    lines = [json.dumps(row, ensure_ascii=False).replace("\\", "\\\\") for row in rows]
    lab.lay(lines, ["1", "2"], keys=['["7", "2026-01-05"]'])
    return lab


def test_rows_go_from_bcp_to_bcp_as_they_are(copied: BcpLab) -> None:
    done = copied.run()
    assert done.returncode == 0, done.stderr
    sent = [call for call in copied.calls() if "rows" in call]
    assert [len(call["rows"]) for call in sent] == [1, len(TEXTS)]  # type: ignore[arg-type]
    assert sent[1]["rows"] == [[str(n), DAY, AT, None, text] for n, text in enumerate(TEXTS)]
    assert all(call["ends"] for call in sent)


def test_each_bcp_speaks_to_its_own_server(copied: BcpLab) -> None:
    assert copied.run().returncode == 0
    out, into = copied.bcp("queryout")[0], copied.bcp("in")[0]
    servers = [(words[words.index("-S") + 1], words[words.index("-d") + 1]) for words in (out, into)]
    assert servers == [("tcp:crm.internal,1433", "sales"), ("tcp:mart.internal,1444", "dwh")]
    assert ("-u" in out, "-u" in into) == (True, False)
    assert {"-k", "-h", "-m"} <= set(into) and not {"-k", "-h", "-m"} & set(out)
    by_server: dict[str, set[str]] = {}
    for call in copied.calls():
        if "sqlcmd" in call:
            server = str(call["env"]["SQLCMDSERVER"])  # type: ignore[index, call-overload]
            by_server.setdefault(server, set()).update(step for step, _ in call["steps"])  # type: ignore[attr-defined, misc]
    assert by_server["tcp:crm.internal,1433"] == {"check-source", "freeze-window", "check-values-rows"}
    assert "commit-state" in by_server["tcp:mart.internal,1444"]


@pytest.mark.parametrize("lie", ["cut", "another code page", "error file", "no count"])
def test_a_wrong_queryout_never_reaches_the_finalizer(lie: str, copied: BcpLab) -> None:
    done = copied.run(STANDIN_LIE=lie)
    assert (done.returncode, "DP431" in done.stderr, "  next: " in done.stderr) == (5, True, True), done.stderr
    assert not any(["fence-finalize", ""] in call.get("steps", []) for call in copied.calls())  # type: ignore[operator]


def test_the_instant_of_a_history_is_read_from_the_source_s_clock(tmp_path: Path) -> None:
    """sqlcmd ends every answer with a count of its rows unless the batch says NOCOUNT; that count is no instant."""
    load = manifest("mssql", "mssql", "scd2")
    load["source"].pop("cursor", None)
    file = tmp_path / "load.yaml"
    file.write_text(yaml.safe_dump(load), encoding="utf-8")
    (made,) = compile_paths([file], Options(catalog=ROOT / "tests" / "cases" / "loads" / "catalog")).bundles
    write_bundle(made, tmp_path)
    lab = BcpLab(tmp_path, tmp_path / load["name"] / "run.sh", DPONE_CONN_CASE_MS="mssql://mart.internal:1444/dwh")
    lab.lay(['["1","2026-01-05","2026-01-05 00:00:00.000000",null,"x"]'], ["1", "2"])
    done = lab.run()
    assert done.returncode == 0, done.stderr
    (opened,) = [str(c["text"]) for c in lab.calls() if ["open-attempt", ""] in c.get("steps", [])]  # type: ignore[operator]
    assert "DECLARE @window_high nvarchar(max) = N'2026-03-01 10:00:00.000000+00:00';" in opened
