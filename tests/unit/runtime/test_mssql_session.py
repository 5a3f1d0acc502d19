"""The SQL Server session over a driver that records: what is bound, what is read, what is said of an error. No server is needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pyodbc = pytest.importorskip("pyodbc", exc_type=ImportError)

from dpone_compiler.runtime.connections.mssql import MssqlSession  # noqa: E402
from dpone_compiler.runtime.connections.mssql_address import connection_string  # noqa: E402
from dpone_compiler.runtime.connections.mssql_errors import normalise  # noqa: E402
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, parse_url  # noqa: E402
from dpone_compiler.runtime.connections.session import Chunk, EngineError  # noqa: E402

Answer = tuple[list[str], list[tuple[object, ...]]] | int | Exception
URL = "mssql://loader:p%7D%3Bw@db:1444/dwh?driver=FreeTDS&server=db,1444"  # `server`: nobody is knocked at


class Cursor:
    """Gives the answers that were laid out, one result set after the other; an exception is raised when it is its turn."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._left: list[Answer] = []
        self._rows: list[tuple[object, ...]] = []
        self.arraysize = 1
        self.description: list[tuple[str]] | None = None
        self.rowcount = -1

    def execute(self, text: str, *values: str) -> None:
        self._driver.asked.append((text, values))
        self._left = list(self._driver.answers(text, values))
        self._show()

    def _show(self) -> None:
        self.description, self.rowcount, self._rows = None, -1, []
        if not self._left:
            return
        match self._left[0]:
            case Exception() as error:
                raise error
            case int() as count:
                self.rowcount = count
            case (names, rows):
                self.description, self._rows = [(name,) for name in names], rows

    def fetchmany(self) -> list[tuple[object, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchall(self) -> list[tuple[object, ...]]:
        return self._rows

    def nextset(self) -> bool:
        self._left = self._left[1:]
        self._show()
        return bool(self._left)

    def close(self) -> None: ...
    def cancel(self) -> None: ...


class Driver:
    """A connection of pyodbc, as far as the session uses it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.laid: list[list[Answer]] = []
        self.closed = False

    def answers(self, text: str, values: tuple[str, ...]) -> list[Answer]:
        return self.laid.pop(0) if self.laid else []

    def cursor(self) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    monkeypatch.setattr(pyodbc, "connect", lambda *_args, **_named: made)
    return made


@pytest.fixture
def session(driver: Driver) -> Iterator[MssqlSession]:
    opened = MssqlSession(parse_url("dwh", URL), {"lock_timeout": "30s"})
    driver.asked.clear()
    yield opened
    opened.close()


def odbc(number: int, text: str, state: str = "42000") -> Any:
    return pyodbc.ProgrammingError(
        state, f"[{state}] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{text} ({number}) (SQLExecDirectW)"
    )


def test_a_session_pins_its_settings(driver: Driver) -> None:
    MssqlSession(parse_url("dwh", URL), {"lock_timeout": "30s"})
    said = "\n".join(text for text, _ in driver.asked)
    for setting in (
        "XACT_ABORT ON",
        "QUOTED_IDENTIFIER ON",
        "ANSI_WARNINGS",
        "IMPLICIT_TRANSACTIONS OFF",
        "SET LOCK_TIMEOUT 30000",
    ):
        assert setting in said
    assert pyodbc.pooling is False


def test_values_are_bound_and_never_pasted(session: MssqlSession, driver: Driver) -> None:
    session.run("SELECT @run_id, @fence;", {"run_id": "'; DROP TABLE t --", "fence": "7"})
    ((text, values),) = driver.asked
    assert text == "EXEC sys.sp_executesql ?, ?, ?, ?"
    assert values == (
        "SELECT @run_id, @fence;",
        "@fence nvarchar(max), @run_id nvarchar(max)",
        "7",
        "'; DROP TABLE t --",
    )


def test_a_body_without_parameters_is_sent_as_it_stands(session: MssqlSession, driver: Driver) -> None:
    session.run("CREATE TABLE t (a int);", {})
    assert driver.asked == [("CREATE TABLE t (a int);", ())]


def test_every_result_set_is_read(session: MssqlSession, driver: Driver) -> None:
    driver.laid.append([3, (["a"], [("x",)]), (["b", "c"], [(None, 7)])])
    result = session.run("…", {})
    assert (result.columns, result.rows, result.affected) == (("b", "c"), ((None, "7"),), 3)


def test_an_error_behind_a_result_set_is_an_error(session: MssqlSession, driver: Driver) -> None:
    driver.laid.append([(["a"], [("x",)]), odbc(50510, "DP510: 2 rows were applied, 3 were staged; rolled back")])
    with pytest.raises(EngineError) as caught:
        session.run("…", {})
    assert (caught.value.code, caught.value.message) == ("DP510", "2 rows were applied, 3 were staged; rolled back")


def test_rows_arrive_in_batches_of_json(session: MssqlSession, driver: Driver) -> None:
    rows = [[str(number), 'tab\t\\ "quote" \n é😀', None, ""] for number in range(40_000)]
    lines = [json.dumps(row, ensure_ascii=False).replace("\\", "\\\\").encode() + b"\n" for row in rows]
    stream = b"".join(lines)
    driver.answers = lambda text, values: [(["rows"], [(str(len(json.loads(values[3]))),)])]  # type: ignore[method-assign]
    chunks = [
        Chunk(stream[at : at + 100_001], 1) for at in range(0, len(stream), 100_001)
    ]  # cut anywhere, also inside é
    assert session.copy_in("INSERT …", {"fence": "7"}, chunks) == len(rows)
    sent = [json.loads(values[3]) for _, values in driver.asked]
    assert len(sent) > 1
    assert [row for batch in sent for row in batch] == rows
    assert driver.asked[0][1][:3] == ("INSERT …", "@fence nvarchar(max), @rows nvarchar(max)", "7")


def test_no_rows_is_no_batch(session: MssqlSession, driver: Driver) -> None:
    assert session.copy_in("INSERT …", {}, []) == 0
    assert driver.asked == []


def test_a_transaction_is_committed_only_when_it_is_open(session: MssqlSession, driver: Driver) -> None:
    session.begin()
    session.commit()
    session.rollback()
    begun, committed, level, rolled, _ = (text for text, _ in driver.asked)
    assert level == "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
    assert begun == "BEGIN TRANSACTION;"
    assert "@@TRANCOUNT <> 1 OR XACT_STATE() <> 1" in committed and committed.endswith("COMMIT TRANSACTION;")
    assert rolled == "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;"


def test_lines_leave_in_blocks_and_an_error_behind_them_is_an_error(session: MssqlSession, driver: Driver) -> None:
    driver.laid.append([(["line"], [("a\té",), ("b",)])])
    lines = session.copy_out("SELECT …", {"window_low": "1"})
    assert [chunk.data for chunk in lines] == ["a\té\nb\n".encode()]
    assert lines.total == 2
    assert driver.asked[0][1] == ("SELECT …", "@window_low nvarchar(max)", "1")
    driver.laid.append([(["line"], [("a",)]), odbc(1205, "deadlock", "40001")])
    broken = session.copy_out("SELECT …", {})
    with pytest.raises(EngineError, match="deadlock"):
        list(broken)


@pytest.mark.parametrize(("allowed", "level"), [("1", True), ("0", False)])
def test_a_snapshot_is_taken_where_the_database_allows_it(
    session: MssqlSession, driver: Driver, allowed: str, level: bool
) -> None:
    driver.laid.append([(["allowed"], [(allowed,)])])
    session.begin(snapshot=True)
    session.commit()
    said = [text for text, _ in driver.asked]
    assert ("SET TRANSACTION ISOLATION LEVEL SNAPSHOT;" in said) is level
    assert said[-1] == "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"


@pytest.mark.parametrize(
    ("number", "state", "transient", "permission", "unreachable"),
    [
        (1205, "40001", True, False, False),
        (1222, "42000", True, False, False),
        (51222, "42000", True, False, False),
        (3960, "42000", True, False, False),
        (40613, "42000", True, False, False),
        (229, "42000", False, True, False),
        (262, "42000", False, True, False),
        (2760, "42000", False, True, False),
        (1088, "42000", False, True, False),
        (18456, "28000", False, True, False),
        (10054, "08S01", True, False, True),
        (2627, "23000", False, False, False),
        (208, "42S02", False, False, False),
    ],
)
def test_errors_are_told_apart(number: int, state: str, transient: bool, permission: bool, unreachable: bool) -> None:
    error = normalise(odbc(number, "text", state))
    assert error.code == str(number)
    assert (error.transient, error.permission, error.unreachable) == (transient, permission, unreachable)


def test_a_server_that_was_never_reached_is_not_worth_a_retry() -> None:
    error = normalise(
        pyodbc.OperationalError("HYT00", "[HYT00] [unixODBC]Login timeout expired (0) (SQLDriverConnect)"), opening=True
    )
    assert (error.code, error.transient, error.unreachable) == ("HYT00", False, True)


@pytest.mark.parametrize(
    ("number", "text", "hidden"),
    [
        (2627, "Violation of PRIMARY KEY constraint 'PK_t'. The duplicate key value is (4711, a).", "4711"),
        (2628, "String or binary data would be truncated in table 'dwh.dbo.t', column 'c'. Truncated value: 'secret'.", "secret"),
        (245, "Conversion failed when converting the nvarchar value 'secret' to data type int.", "secret"),
        (248, "The conversion of the nvarchar value '4711' overflowed an int column.", "4711"),
        (220, "Arithmetic overflow error for data type tinyint, value = 4711.", "4711"),
    ],
)  # fmt: skip
def test_values_of_rows_are_not_repeated(number: int, text: str, hidden: str) -> None:
    error = normalise(odbc(number, text))
    assert hidden not in str(error)
    assert "…" in error.message
    assert "ODBC" not in error.message


def test_the_connection_string_quotes_what_it_is_given() -> None:
    url = parse_url("dwh", "mssql://lo%3Bader:p%7Dw%3B@db:1444/d%20w?driver=ODBC+Driver+18+for+SQL+Server&Encrypt=yes")
    assert connection_string(url) == (
        "DRIVER={ODBC Driver 18 for SQL Server};SERVER=tcp:db,1444;DATABASE={d w};UID={lo;ader};PWD={p}}w;};Encrypt=yes;APP=dponec"
    )


def test_without_a_user_the_login_is_kerberos() -> None:
    assert "Trusted_Connection=yes" in connection_string(parse_url("dwh", "mssql://db/dwh"))
    assert "Trusted_Connection" not in connection_string(
        parse_url("dwh", "mssql://db/dwh?Authentication=ActiveDirectoryMsi")
    )


def test_free_tds_is_told_its_protocol() -> None:
    text = connection_string(parse_url("dwh", "mssql://sa:x@db/dwh?driver=/usr/lib/odbc/libtdsodbc.so"))
    assert text.startswith(
        "DRIVER=/usr/lib/odbc/libtdsodbc.so;SERVER=db;PORT=1433;TDS_Version=7.4;ClientCharset=UTF-8;"
    )


def test_a_key_that_is_no_word_is_refused() -> None:
    with pytest.raises(ConnectionProblem, match="DP603"):
        connection_string(parse_url("dwh", "mssql://db/dwh?a%3Bb=c"))
