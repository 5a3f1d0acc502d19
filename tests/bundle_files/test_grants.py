"""What setup/ grants is what the plan's own statements ask for, on the target as in the vendors' tables of rights."""

from __future__ import annotations

import json
import re

import pytest

from tests.compiled_bundles import CASES, EXAMPLES, bundle

# https://clickhouse.com/docs/sql-reference/statements/grant and what the server's interpreters of each statement ask for.
ASKED = {
    r"ALTER TABLE {t}\s+REPLACE PARTITION": {"INSERT", "ALTER DELETE"},
    r"ALTER TABLE {t}\s+(?:DROP|DETACH) PARTITION": {"ALTER DELETE"},
    r"ALTER TABLE \S+ MOVE PARTITION .* TO TABLE {t}": {"INSERT"},
    r"ALTER TABLE {t}\s+ADD COLUMN": {"ALTER ADD COLUMN"},
    r"DELETE FROM {t}": {"ALTER DELETE", "SELECT"},
    r"EXCHANGE TABLES {t}": {"SELECT", "INSERT", "CREATE TABLE", "DROP TABLE"},
    r"INSERT INTO {t}": {"INSERT"},
    r"CREATE TABLE IF NOT EXISTS {t}": {"CREATE TABLE"},
    r"FROM {t}": {"SELECT"},
}
CLICKHOUSE = [
    name for name in (*CASES, *EXAMPLES) if "setup/01_state.sql" in bundle(name).files or name.endswith("_ch")
]


def granted(text: str) -> dict[str, set[str]]:
    """Table or database -> rights."""
    found = re.findall(r"^GRANT (.+) ON (.+) TO dponec_loader;$", text, re.MULTILINE)
    return {what: set(rights.split(", ")) for rights, what in found}


@pytest.mark.parametrize("name", CLICKHOUSE)
def test_the_loader_may_do_what_the_steps_do(name: str) -> None:
    files = bundle(name).files
    texts = [text for path, text in files.items() if path.startswith("setup/") and path.endswith("_grants.sql")]
    if name.endswith("_ch18"):
        assert not texts, "18.16 has no GRANT"
        return
    (text,) = [each for each in texts if "dponec_loader" in each]
    rights = granted(text)
    (target,) = [what for what in rights if not what.endswith("*") and "system" not in what and "dponec_" not in what]
    (staging,) = [what for what in rights if what.endswith(".*")]
    assert rights[staging] == {"SELECT", "INSERT", "CREATE TABLE", "DROP TABLE", "ALTER DELETE"}
    body = "\n".join(
        re.sub(r"^--.*$", "", text, flags=re.M)
        for path, text in files.items()
        if path.startswith(("steps/", "replay/"))
    )
    asked = {
        right
        for shape, needs in ASKED.items()
        if re.search(shape.replace("{t}", re.escape(target)), body)
        for right in needs
    }
    assert asked, "the shapes of this test meet no statement"
    assert rights[target] >= asked
    assert rights[target] - asked <= {"SELECT", "INSERT"}, "more than the plan needs"
    systems = {what for what in rights if "system" in what}
    assert {f"`system`.`{table}`" for table in re.findall(r"FROM system\.(\w+)", body) if table != "one"} <= systems


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith(("_ms_ms", "_ms_pg", "_ms_ch"))])
def test_who_reads_sql_server_may_select(name: str) -> None:
    files = bundle(name).files
    plan = json.loads(files["plan.json"])
    schema, _, table = plan["route"]["source"]["table"].rpartition(".")
    assert f"GRANT SELECT ON [{schema}].[{table}] TO [$(reader)];" in files["setup/mssql_source.sql"]
    assert "setup/mssql_source.sql" in plan["setup"]
