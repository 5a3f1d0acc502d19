"""run.sh with SQL Server as its source: stand-ins for sqlcmd and bcp (bcp_lab.py), a real sink behind them.

What is proved: the rows of a queryout arrive exactly, each way in which bcp can go wrong is seen before the target changes, and what to
type next is said.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.driver.output import write_bundle
from tests.compiled_bundles import bundle
from tests.engine_fixtures import FreshDatabase
from tests.engines.bcp_lab import BcpLab, digests, escaped

# U+0000 is not among them: Postgres holds none, which its column's losses say. The first text begins with the mark of a byte order.
TEXTS = (
    "\ufeffmark",
    "",
    None,
    "tab\t cr\r lf\n back\\slash \\N \\n",
    "=equals #hash !bang \x1f\x1e\x01",
    "Привет 😀 e\u0301",
    "trailing  ",
    "x" * 70_000,
)
AT = "2026-01-01 00:00:00.000000"
MICROSECONDS = "1767225600000000"

LIES = (
    ("error file", "DP431", "bcp could not send every row"),
    ("silent", "DP431", "does not say how many rows"),
    ("cut", "DP431", f"the source counted {len(TEXTS)} rows and {len(TEXTS) - 1} arrived"),
    ("middle", "DP431", "ends in the middle of a row"),
    ("half", "DP431", "not in the encoding"),
    ("another code page", "DP431", "not in the encoding"),
    ("surrogate", "DP431", "not in the encoding"),
    ("count", "DP431", f"bcp copied {len(TEXTS)} lines and {len(TEXTS) + 1} arrived"),
    ("no count", "DP431", "the rows came without their count"),
    ("stray", "DP431", "with lines that are none"),
    ("lossy", "DP524", 'column "Day": 2 values'),
    ("refused", "DP423", "SQL Server says 229: not permitted"),
)


@pytest.fixture
def lab(tmp_path: Path, pg_wheel_db: FreshDatabase) -> Iterator[BcpLab]:
    """append_ms_pg into a real Postgres."""
    target = pg_wheel_db()
    write_bundle(bundle("append_ms_pg"), tmp_path)
    with psycopg.connect(target, autocommit=True) as session:
        session.execute("CREATE SCHEMA dwh; CREATE SCHEMA IF NOT EXISTS staging")
        session.execute("CREATE TABLE dwh.events (id bigint NOT NULL PRIMARY KEY, kind text, at timestamptz NOT NULL)")
        session.execute((tmp_path / "append_ms_pg" / "setup" / "postgres_state.sql").read_bytes())
    made = BcpLab(tmp_path, tmp_path / "append_ms_pg" / "run.sh", DPONE_CONN_CASE_DWH=target)
    rows = [(str(n), text, AT) for n, text in enumerate(TEXTS, 1)]
    made.lay(
        ["\t".join(escaped(value) for value in row) for row in rows],
        digests([(number, text, MICROSECONDS) for number, text, _ in rows]),
    )
    yield made


def _target(lab: BcpLab) -> list[tuple[int, str | None]]:
    with psycopg.connect(lab.environ["DPONE_CONN_CASE_DWH"], autocommit=True) as session:
        return session.execute("SELECT id, kind FROM dwh.events ORDER BY id").fetchall()


@pytest.mark.parametrize("lie", ["", "windows"])
def test_every_row_arrives_as_it_is(lie: str, lab: BcpLab) -> None:
    """Also from a bcp that writes the mark of its byte order and ends its lines with CR LF."""
    done = lab.run(STANDIN_LIE=lie)
    assert done.returncode == 0, done.stderr
    assert _target(lab) == list(enumerate(TEXTS, 1))


def test_bcp_is_told_all_that_it_has_to_know(lab: BcpLab) -> None:
    assert lab.run().returncode == 0
    (words,) = lab.bcp("queryout")
    query = words[0]
    assert query.startswith("SET TRANSACTION ISOLATION LEVEL SNAPSHOT;DECLARE @window_low nvarchar(max) = N'1';\n")
    assert "DECLARE @window_high nvarchar(max) = N'9';\n" in query and "@fence" not in query
    assert words[words.index("-S") + 1] == "tcp:crm.internal,1433"
    assert words[words.index("-d") + 1] == "sales"
    assert words[words.index("-a") + 1] == "16383"
    assert {"-T", "-u", "-q", "-w", "-e"} <= set(words)
    assert not {"-C", "-P", "-U", "-c"} & set(words)
    (call,) = [each for each in lab.calls() if "bcp" in each]
    assert call["env"] == {"LC_ALL": "C.UTF-8"}
    assert not list(lab.folder.glob("**/*.utf16"))


def test_the_packet_is_as_large_as_somebody_says(lab: BcpLab) -> None:
    assert lab.run(DPONEC_BCP_PACKET="32000").returncode == 0
    (words,) = lab.bcp("queryout")
    assert words[words.index("-a") + 1] == "32000"


@pytest.mark.parametrize("packet", ["0", "1e4", "-1", "16383 -P x", "999999"])
def test_what_is_no_size_of_a_packet_is_refused(packet: str, lab: BcpLab) -> None:
    done = lab.run(DPONEC_BCP_PACKET=packet)
    assert (done.returncode, "DPONEC_BCP_PACKET" in done.stderr) == (1, True), done.stderr
    assert "next: dponec run " in done.stderr
    assert not lab.bcp("queryout")


def test_without_snapshots_the_query_is_the_same_but_for_the_level(lab: BcpLab) -> None:
    assert lab.run(STANDIN_SNAPSHOT="0").returncode == 0
    assert lab.bcp("queryout")[0][0].startswith("DECLARE @window_low ")


@pytest.mark.parametrize(("lie", "code", "said"), LIES)
def test_what_bcp_does_wrong_is_seen_before_the_target_changes(lie: str, code: str, said: str, lab: BcpLab) -> None:
    done = lab.run(STANDIN_LIE=lie)
    assert (done.returncode, f": {code}: " in done.stderr, said in done.stderr) == (5, True, True), done.stderr
    assert "  next: " in done.stderr
    assert _target(lab) == []


@pytest.mark.parametrize("lie", ["", "windows"])
def test_a_pipe_instead_of_a_file_gives_the_same_rows(lie: str, lab: BcpLab) -> None:
    done = lab.run(STANDIN_LIE=lie, DPONEC_BCP_STREAM="1")
    assert done.returncode == 0, done.stderr
    assert _target(lab) == list(enumerate(TEXTS, 1))
    assert lab.bcp("queryout")[0][2] == "/dev/fd/3"


@pytest.mark.parametrize("lie", [lie for lie, _, _ in LIES])
def test_what_bcp_does_wrong_in_a_pipe_is_seen_before_the_target_changes(lie: str, lab: BcpLab) -> None:
    done = lab.run(STANDIN_LIE=lie, DPONEC_BCP_STREAM="1")
    assert (done.returncode, "  next: " in done.stderr) == (5, True), done.stderr
    assert _target(lab) == []


def test_a_digest_that_is_not_that_of_the_rows_stops_the_run(lab: BcpLab) -> None:
    rows = [f"1\tone\t{AT}"]
    lab.lay(rows, digests([("1", "two", MICROSECONDS)]))
    done = lab.run()
    assert (done.returncode, "DP501" in done.stderr) == (1, True), done.stderr
    assert _target(lab) == []


def test_no_file_of_the_work_grows_over_its_limit(lab: BcpLab) -> None:
    lab.lay(["1\t" + "x" * 3_000_000 + f"\t{AT}"], ["0", "0"])
    done = lab.run(DPONEC_WORK_MB="1")
    assert (done.returncode, "DP425: the work file would be larger than 1 MB" in done.stderr) == (5, True), done.stderr
    assert "next: dponec run " in done.stderr
    assert _target(lab) == []


def test_a_query_that_no_command_line_takes_is_refused(lab: BcpLab) -> None:
    done = lab.run(STANDIN_WINDOW="1," + "9" * 131_000)
    assert (done.returncode, "a command line takes words of 131000" in done.stderr) == (1, True), done.stderr
    assert "next: dponec run " in done.stderr
    assert not lab.bcp("queryout")


def test_no_rows_are_no_error(lab: BcpLab) -> None:
    lab.lay([], ["0", "0"])
    done = lab.run()
    assert done.returncode == 0, done.stderr
    assert _target(lab) == []


@pytest.mark.parametrize("missing", ["sqlcmd", "bcp"])
def test_a_client_that_is_missing_is_named_before_anything_is_called(missing: str, lab: BcpLab) -> None:
    (lab.folder / "bin" / missing).unlink()
    done = lab.run()
    assert (done.returncode, f"DP606: {missing} is not installed" in done.stderr) == (1, True), done.stderr
    assert "next: dponec run " in done.stderr
    assert not lab.calls()


@pytest.mark.skipif(shutil.which("freebcp") is None, reason="apt-get install freetds-bin")
def test_the_bcp_of_freetds_is_told_from_that_of_microsoft(lab: BcpLab) -> None:
    """The real program: it has other flags, and stops before it opens a connection."""
    (lab.folder / "bin" / "bcp").unlink()
    (lab.folder / "bin" / "bcp").symlink_to(str(shutil.which("freebcp")))
    done = lab.run()
    assert (done.returncode, "DP606: this bcp is that of FreeTDS" in done.stderr) == (5, True), done.stderr
    assert "next: dponec run " in done.stderr
    assert _target(lab) == []


def test_a_machine_without_a_utf_8_locale_is_refused(lab: BcpLab) -> None:
    lab.put("locale", "print('ANSI_X3.4-1968')")
    done = lab.run()
    assert (done.returncode, "another code page" in done.stderr) == (1, True), done.stderr
    assert not lab.calls()
