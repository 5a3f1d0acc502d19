"""run.sh into SQL Server: a real Postgres at one end, stand-ins for sqlcmd and bcp at the other, which record what they are given.

The stand-ins know nothing of T-SQL: they answer each step with the row that a server would give. What is proved is the script:
arguments, the order of calls, what is bound how, that rows leave as they are, and that a lying bcp is caught.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.driver.output import write_bundle
from tests.compiled_bundles import bundle
from tests.engine_fixtures import FreshDatabase
from tests.engines.sqlcmd_standin import sqlcmd

# How a step fails, and the slices that are left.
MORE = r"""
fail = os.environ.get("STANDIN_FAIL", "")
if fail and any(fail == step for step, _ in steps):
    print(os.environ.get("STANDIN_SAYS") or
          "Msg 50510, Level 16, State 1, Server s, Line 9\nDP510: the target holds 1 rows of this run's scope", file=sys.stderr)
    sys.exit(1)
recorded = log.read_text().count('["record-slice", ""]')
if recorded < 3:
    low, high = (1000 * recorded, min(1000 * recorded + 1000, 2500))
    rows["next-slice"] = f"{low}\x1f{high}\x1f{2 - recorded}"
"""
BCP = r"""
import json, os, pathlib, sys
log = pathlib.Path(os.environ["STANDIN_LOG"])
words = sys.argv[1:]
lines = pathlib.Path(words[words.index("in") + 1]).read_bytes().decode("utf-16-le").splitlines(keepends=True)
rows = [json.loads(line) for line in lines]
with log.open("a") as out:
    out.write(json.dumps({"bcp": words, "rows": rows, "ends": all(line.endswith("\n") for line in lines)}) + "\n")
lie = os.environ.get("STANDIN_LIE", "")
if lie == "error_file":
    pathlib.Path(words[words.index("-e") + 1]).write_text("#@ Row 1, Column 1: String data, right truncation @#\n")
count = len(rows) - (lie == "count")
pathlib.Path(os.environ["STANDIN_LOG"] + ".copied").write_text(str(count))
print(f"\nStarting copy...\n\n{count} rows copied.\nNetwork packet size (bytes): 16384")
"""
ORDERS = """CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint NOT NULL, day date NOT NULL, at timestamptz NOT NULL, amount numeric(18,2), status text NOT NULL,
                          PRIMARY KEY (id, day))"""
NASTY = ["tab\t, quote \" ' and \\ and \n end", "Привет 😀", "", "draft"]


class Lab:
    """The bundle, the stand-ins and their log."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.log = folder, folder / "log"
        tools = folder / "bin"
        tools.mkdir()
        for name, code in (("sqlcmd", sqlcmd(MORE)), ("bcp", BCP)):
            tool = tools / name
            tool.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        for name in ("merge_ms", "backfill_replace_ms", "switch_ms"):
            write_bundle(bundle(name), folder)
        self.environ = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "STANDIN_LOG": str(self.log),
            "DPONE_CONN_CASE_PG": source,
            "DPONE_CONN_CASE_MS": "mssql://mart.internal:1444/dwh?TrustServerCertificate=yes",
        }

    def run(self, name: str = "merge_ms", **more: str) -> subprocess.CompletedProcess[str]:
        words = ("bash", str(self.folder / name / "run.sh"), "--journal-dir", str(self.folder / "runs"))
        return subprocess.run(
            words,
            env={**self.environ, **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def lab(tmp_path: Path, pg_wheel_db: FreshDatabase) -> Lab:
    source = pg_wheel_db()
    with psycopg.connect(source, autocommit=True) as session:
        session.execute(ORDERS.encode())
        for number, status in enumerate(NASTY):
            session.execute(
                "INSERT INTO shop.orders VALUES (%s, '2026-01-01', '2026-01-01', %s, %s)",
                (number, None if number == 1 else number, status),
            )
    return Lab(tmp_path, source)


def test_the_plan_runs_with_the_vendors_clients(lab: Lab) -> None:
    done = lab.run()
    assert done.returncode == 0, done.stderr
    calls = lab.calls()
    steps = [step for call in calls for step in call.get("steps", [])]  # type: ignore[union-attr]
    names = [name for name, role in steps if role in ("", None)]
    assert names[:3] == ["check-target", "read-state", "acquire-lease"]
    assert names[-4:] == ["commit-state", "drop-rows", "drop-left", "release-lease"]
    for call in calls:
        words = call.get("sqlcmd")
        if words is not None:
            assert {"-b", "-I", "-x", "-r1", "-E", "-C"} <= set(words)  # type: ignore[call-overload]
            assert call["env"] == {
                "SQLCMDSERVER": "tcp:mart.internal,1444",
                "SQLCMDDBNAME": "dwh",
                "SQLCMDUSER": "",
                "LC_ALL": "C.UTF-8",
            }


def test_one_transaction_is_one_call(lab: Lab) -> None:
    assert lab.run().returncode == 0
    (finalize,) = [c for c in lab.calls() if ["commit-state", ""] in c.get("steps", [])]  # type: ignore[operator]
    assert next(name for name, _ in finalize["steps"]) == "fence-finalize"  # type: ignore[attr-defined, index]
    text = str(finalize["text"])
    assert text.startswith("BEGIN TRANSACTION;\nGO\n")
    assert text.rstrip().endswith("COMMIT TRANSACTION;\nGO")
    assert "DECLARE @fence nvarchar(max) = N'7';" in text


def test_rows_leave_as_they_are(lab: Lab) -> None:
    assert lab.run().returncode == 0
    sent = next(call for call in reversed(lab.calls()) if "bcp" in call)
    assert sent["ends"] is True
    assert sorted(row[4] for row in sent["rows"]) == sorted(NASTY[:3])  # type: ignore[attr-defined]
    assert {row[3] for row in sent["rows"]} == {"0.00", None, "2.00"}  # type: ignore[attr-defined]
    words = sent["bcp"]
    assert words[0] == "[staging].[t_lines]"  # type: ignore[index]
    for flag in ("-T", "-u", "-q", "-w", "-k"):
        assert flag in words  # type: ignore[operator]
    assert words[words.index("-h") + 1] == "TABLOCK"  # type: ignore[index, attr-defined]
    assert words[words.index("-m") + 1] == "1"  # type: ignore[index, attr-defined]
    assert "-C" not in words and "-P" not in words  # type: ignore[operator]


@pytest.mark.parametrize(("lie", "said"), [("error_file", "could not send every row"), ("count", "bcp copied")])
def test_a_lying_bcp_is_caught_before_the_target_changes(lie: str, said: str, lab: Lab) -> None:
    done = lab.run(STANDIN_LIE=lie)
    assert done.returncode == 5
    assert "DP431" in done.stderr and said in done.stderr
    assert not any(["fence-finalize", ""] in call.get("steps", []) for call in lab.calls())  # type: ignore[operator]


def test_an_error_of_the_server_is_named_by_its_code(lab: Lab) -> None:
    done = lab.run(STANDIN_FAIL="reconcile")
    assert done.returncode == 1
    assert "DP510" in done.stderr and "dponec explain DP510" in done.stderr


@pytest.mark.parametrize(
    "says",
    [
        "Sqlcmd: Error: Microsoft ODBC Driver 18 for SQL Server : Login timeout expired.",
        "Sqlcmd: Error: Microsoft ODBC Driver 18 for SQL Server : TCP Provider: Error code 0x68.\nCommunication link failure.",
        "SQLState = 08001, NativeError = 26\nError = [Microsoft][ODBC Driver 18 for SQL Server]A network-related error has occurred",
    ],
)
def test_a_server_that_is_not_reached_may_be_there_later(says: str, lab: Lab) -> None:
    done = lab.run(STANDIN_FAIL="read-state", STANDIN_SAYS=says)
    assert (done.returncode, "DP421" in done.stderr) == (4, True), done.stderr


def test_every_transaction_prolongs_the_lease_at_its_end(lab: Lab) -> None:
    assert lab.run().returncode == 0
    groups = [str(c["text"]) for c in lab.calls() if str(c.get("text", "")).startswith("BEGIN TRANSACTION;")]
    assert len(groups) == 2
    for text in groups:
        last = text.rindex("-- step ")
        assert text[last:].startswith("-- step acquire-lease (heartbeat)"), (
            "however long it took, a rival finds it held"
        )
        assert "DECLARE @fence nvarchar(max) = N'7';" in text[:last].rpartition("\nGO\n")[2]


def test_the_lease_is_prolonged_while_rows_are_on_their_way(lab: Lab) -> None:
    script = lab.folder / "merge_ms" / "run.sh"
    script.write_text(re.sub(r"^BEAT=\S+", "BEAT=0.050", script.read_text(), flags=re.M))
    assert lab.run().returncode == 0
    beats = [c for c in lab.calls() if c.get("steps") == [["acquire-lease", "heartbeat"]]]
    assert beats and all("READPAST" in str(c["text"]) for c in beats)


def test_a_password_never_goes_to_bcp(lab: Lab) -> None:
    done = lab.run(DPONE_CONN_CASE_MS="mssql://sa:s3cret@mart.internal/dwh")
    assert done.returncode == 1
    assert "Kerberos" in done.stderr and "dponec run" in done.stderr
    assert "s3cret" not in done.stderr
    assert not lab.log.exists(), "no client was called at all"


def test_a_work_file_has_a_limit(lab: Lab) -> None:
    done = lab.run(DPONEC_WORK_MB="0")
    assert done.returncode != 0
    assert not any("bcp" in call for call in lab.calls())


def test_partitions_are_built_in_one_call_and_switched_in_that_of_the_state(lab: Lab) -> None:
    done = lab.run("switch_ms")
    assert done.returncode == 0, done.stderr
    calls = [c for c in lab.calls() if "steps" in c]
    build, swap, drop = (
        next(c for c in calls if [step, ""] in c["steps"])  # type: ignore[operator]
        for step in ("build-partitions", "swap-partitions", "drop-retired")
    )
    assert build["steps"] == [["build-partitions", ""]] and drop["steps"] == [["drop-retired", ""]]
    inside = [name for name, role in swap["steps"] if not role]  # type: ignore[attr-defined]
    assert inside == ["fence-finalize", "delete-moved", "swap-partitions", "reconcile", "commit-state"]
    for call in (build, swap):
        assert """DECLARE @partitions nvarchar(max) = N'["2026-01-01"]';""" in str(call["text"])
    assert str(swap["text"]).startswith("BEGIN TRANSACTION;\nGO\n")
    assert calls.index(build) < calls.index(swap) < calls.index(drop)


def test_a_backfill_takes_slice_after_slice(lab: Lab) -> None:
    done = lab.run("backfill_replace_ms")
    assert done.returncode == 0, done.stderr
    finals = [str(c["text"]) for c in lab.calls() if ["record-slice", ""] in c.get("steps", [])]  # type: ignore[operator]
    ends = [("0", "1000"), ("1000", "2000"), ("2000", "2500")]
    assert len(finals) == len(ends)
    for text, (low, high) in zip(finals, ends, strict=True):
        assert f"DECLARE @window_low nvarchar(max) = N'{low}';" in text
        assert f"DECLARE @window_high nvarchar(max) = N'{high}';" in text
        # The note stands in the transaction of its data and its state.
        assert (
            text.index("-- step delete-scope") < text.index("-- step record-slice") < text.index("-- step commit-state")
        )
    assert (
        len({run for text in finals for run in re.findall(r"@run_id nvarchar\(max\) = N'([0-9a-f-]{36})'", text)}) == 3
    )
    again = lab.run("backfill_replace_ms")
    assert (again.returncode, "every slice of the backfill is loaded" in again.stdout) == (0, True), again.stderr
