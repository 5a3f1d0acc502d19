"""The four routes with every strategy: each text that is emitted is read by its engine's own parser, with sample values set, and
counted. The same checkers refuse planted texts.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator

import pglast
import pytest

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.runtime.connections.clickhouse_text import bind_legacy, split_statements
from tests import scriptdom
from tests.bundle_files import test_parse as parse
from tests.bundle_files.routes import ROUTES, STRATEGIES, compiled
from tests.scriptdom import TsqlError
from tests.tsql import lints
from tests.tsql.test_bundles import SAMPLES, sampled

# A place without a value of its own takes 1: as a text, as a number and as a name.
VALUES = {**SAMPLES, "partitions": '["202601", "o\'clock \\\\"]'}
PLACES = re.compile(r"\{(\w+):")
Texts = dict[tuple[str, str], list[str]]
Readers = dict[str, Callable[[str], bool]]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """(dialect, strategy) -> every text of the four routes; none of them is refused."""
    folder, found = tmp_path_factory.mktemp("routes"), Texts()
    for source, sink in ROUTES:
        for mode in STRATEGIES:
            result = compiled(folder, source, sink, mode)
            assert not result.failed, (source, sink, mode, [each.code for each in result.diagnostics])
            (made,) = result.bundles
            for dialect, text in _texts(made):
                found.setdefault((dialect, mode), []).append(text)
    return found


def _texts(made: Bundle) -> Iterator[tuple[str, str]]:
    plan = json.loads(made.files["plan.json"])
    ends = (plan["route"]["source"]["engine"], plan["route"]["target"]["engine"])
    for path, text in made.files.items():
        if path.endswith(".sh"):
            yield "bash", text
        elif path.endswith(".sql"):
            said = re.search(r"^-- engine: (\w+)", text, re.MULTILINE)
            dialect = said[1] if said else ends["_source" not in path and path != "replay/drop-slot.sql"]
            for one in split_statements(text) if dialect == "clickhouse" else [text]:
                yield dialect, one


@pytest.fixture(scope="module")
def readers(
    read_by_clickhouse: Callable[[list[str]], list[str]],
    parse_tsql: Callable[[str], list[TsqlError]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Readers:
    """Whether a dialect's own parser takes a text, its parameters replaced by samples."""
    script = tmp_path_factory.mktemp("scripts") / "run.sh"

    def postgres(text: str) -> bool:
        try:
            for tree in parse.read_by_postgres(text):
                if isinstance(tree.stmt, pglast.ast.DoStmt):
                    parse.read_body(tree.stmt)
        except pglast.parser.ParseError:
            return False
        return True

    def mssql(text: str) -> bool:
        whole = text if text.startswith("-- setup") or "@" not in text else sampled(text)
        if parse_tsql(whole):
            return False
        tree, _ = scriptdom.read(whole)
        return tree.Batches.Count == 1 and not lints.lint(scriptdom.nodes(tree))

    def bash(text: str) -> bool:
        script.write_text(text, encoding="utf-8")
        checks = (["bash", "-n", str(script)], [parse.SHELLCHECK, "--severity=style", "--shell=bash", str(script)])
        return all(subprocess.run(words, capture_output=True, check=False).returncode == 0 for words in checks)

    def clickhouse(text: str) -> bool:
        given = {name: VALUES.get(name, "1") for name in PLACES.findall(text)}
        return bool(read_by_clickhouse([bind_legacy(text, given)])[0])

    return {"postgres": postgres, "mssql": mssql, "clickhouse": clickhouse, "bash": bash}


def test_every_text_of_every_route_is_read_by_its_own_parser(
    texts: Texts, readers: Readers, capsys: pytest.CaptureFixture[str]
) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    failed: list[str] = []
    known: dict[tuple[str, str], bool] = {}  # the shell frame is the same in many bundles but for its steps
    for (dialect, mode), listed in texts.items():
        for text in listed:
            if (dialect, text) not in known:
                known[dialect, text] = readers[dialect](text)
            counted[dialect, mode] += 1
            if not known[dialect, text]:
                failed.append(f"{dialect}, {mode}: {text[:400]}")
    assert not failed, "\n".join(failed)
    dialects = ("postgres", "mssql", "clickhouse", "bash")
    lines = [f"{'texts read, none failed':24}" + "".join(f"{dialect:>12}" for dialect in dialects)]
    lines += [f"{mode:24}" + "".join(f"{counted[dialect, mode]:12}" for dialect in dialects) for mode in STRATEGIES]
    total = {dialect: sum(counted[dialect, mode] for mode in STRATEGIES) for dialect in dialects}
    lines.append(f"{'all':24}" + "".join(f"{total[dialect]:12}" for dialect in dialects))
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert all(total.values())
    assert all(sum(counted[dialect, mode] for dialect in dialects) for mode in STRATEGIES)


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("postgres", "SELECT TOP 10 * FROM t;"),
        ("postgres", "DELETE t FROM t WHERE a = 1;"),
        ("postgres", "DO $$ BEGIN IF a THEN PERFORM 1; END $$;"),
        ("mssql", "MERGE t AS t USING s AS s ON t.k = s.k WHEN MATCHED THEN DELETE;"),
        ("mssql", "DELETE FROM t WHERE 1 = 1;"),
        ("mssql", "INSERT INTO t (a) SELECT a FROM s LIMIT 1;"),
        ("clickhouse", "ALTER TABLE t REPLACE PARTITION 1"),
        ("clickhouse", "INSERT INTO t (a SELECT 1"),
        ("clickhouse", "SELECT 1 WHERE a = {run_id:String} AND"),
        ("bash", "if true; then\n"),
        ("bash", "#!/bin/bash\nrm -rf $1/*\n"),
        ("bash", '#!/bin/bash\nfor each in $(ls); do echo "$each"; done\n'),
    ],
)
def test_a_planted_text_is_refused(dialect: str, text: str, readers: Readers) -> None:
    assert not readers[dialect](text)
