"""Names and values that try to break out of the SQL: the statements keep their shape, the names stay whole, the load runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlglot import tokenize
from sqlglot.tokens import Token, TokenType

from tests.engine_fixtures import run_clickhouse
from tests.engines.loads.hostile import NASTY, PLAIN, names_of, quoted
from tests.engines.loads.world import World, on

FILTER = "it's; -- $(id) `id` \n \\n \\ ü \" $$ {v:String}"
_HEREDOC = re.compile(r"^DO \$(\w*)\$(.*)\$\1\$;", re.DOTALL | re.MULTILINE)


def build(world: World, nasty: str, value: str, *, create: bool = True) -> World:
    """Tables, columns and a load that are named after `nasty`; the filter compares with `value`."""
    name, sink = nasty.strip(), world.sink.engine
    # Postgres cuts names at 63 bytes in silence, and ClickHouse makes file names of tables.
    schema, table = names_of(nasty)
    key, cursor, note = (f"{letter} {name}"[:55] for letter in "abc")
    world.source_table, world.table = (schema, table), (schema, table)
    pg = [quoted("postgres", each) for each in (schema, table, key, cursor, note)]
    if create:
        world.source(f"CREATE SCHEMA {pg[0]}")
        world.source(f"CREATE TABLE {pg[0]}.{pg[1]} ({pg[2]} int NOT NULL, {pg[3]} timestamptz NOT NULL, {pg[4]} text)")
        _fill(world, pg, value)
        if sink == "clickhouse":
            ch = [quoted(sink, each) for each in (schema, table, key, cursor, note)]
            world.target(f"CREATE DATABASE {ch[0]}")
            world.target(
                f"CREATE TABLE {ch[0]}.{ch[1]} ({ch[2]} Int32, {ch[3]} {world.sink.moment}, {ch[4]} Nullable(String)) "
                f"ENGINE = MergeTree PARTITION BY toYYYYMM({ch[3]}) ORDER BY {ch[2]}"
            )
        else:
            world.target(
                f"CREATE SCHEMA {pg[0]}; CREATE TABLE {pg[0]}.{pg[1]} ({pg[2]} int, {pg[3]} timestamptz, {pg[4]} text)"
            )
    literal = "'" + value.replace("'", "''") + "'"
    source = {"cursor": {"column": cursor, "assigned_by": "database"}, "where": f"{pg[4]} = {literal}"}
    load = "l " + nasty.replace("\n", "").replace("/", "").replace("\\", "").strip()
    return world.load("incremental_merge", name=load, key=[key], source=source, on_leave_filter="delete")


def _fill(world: World, pg: list[str], value: str) -> None:
    with psycopg.connect(world.source_url, autocommit=True) as session:
        sql = f"INSERT INTO {pg[0]}.{pg[1]} VALUES (1, '2026-01-01', ".encode()
        for text in (value, "other"):
            session.pgconn.exec_params(sql.replace(b"(1", b"(1" if text == value else b"(2") + b"$1)", [text.encode()])


def found(world: World) -> list[tuple[str, str]]:
    """Key and text of the target's rows."""
    schema, table = (quoted(world.sink.engine, each) for each in world.table)
    if world.sink.clickhouse:
        text = run_clickhouse(world.target_url, f"SELECT * FROM {schema}.{table} FORMAT JSONCompactEachRow")
        return [(str(row[0]), row[2]) for row in map(json.loads, text.splitlines())]
    with psycopg.connect(world.target_url, autocommit=True) as session:
        return [(str(row[0]), row[2]) for row in session.execute(f"SELECT * FROM {schema}.{table}".encode())]


def statements(folder: Path, engine: str) -> Iterator[tuple[str, list[Token]]]:
    """Every SQL text of the bundle in tokens; the inside of a DO block on its own."""
    for path in sorted(folder.rglob("*.sql")):
        body = path.read_text()
        source = "freeze" in path.name or "source" in path.name or ".extract" in path.name
        dialect = "postgres" if source or engine == "postgres" else "clickhouse"
        inner = [match.group(2) for match in _HEREDOC.finditer(body)]
        name = path.relative_to(folder).as_posix()
        for number, text in enumerate([_HEREDOC.sub("", body), *inner]):
            yield f"{name}#{number}", list(tokenize(text, dialect=dialect))


def shape(tokens: list[Token]) -> list[TokenType]:
    return [TokenType.STRING if token.token_type is TokenType.RAW_STRING else token.token_type for token in tokens]


@on("pg18", "chdb")
def test_it_runs_and_the_names_and_values_stay_whole(tidy: World) -> None:
    world = build(tidy, NASTY, FILTER)
    world.run()
    assert found(world) == [("1", FILTER)]
    world.run()
    assert found(world) == [("1", FILTER)]


@on("pg18", "chdb")
def test_every_statement_has_the_shape_it_has_with_plain_names(tidy: World) -> None:
    build(tidy, PLAIN, "plain value")
    plain: dict[str, Any] = dict(statements(tidy.bundle, tidy.sink.engine))
    nasty = dict(statements(build(tidy, NASTY, FILTER).bundle, tidy.sink.engine))
    assert nasty.keys() == plain.keys()
    for name, tokens in nasty.items():
        assert shape(tokens) == shape(plain[name]), name
    texts = [token.text for tokens in nasty.values() for token in tokens]
    for name in (*names_of(NASTY), f"a {NASTY.strip()}"[:55], FILTER):
        assert name in texts


@on("pg18")
@pytest.mark.parametrize("name", ["a\nb", "../up", "", ".."])
def test_a_load_name_that_cannot_be_a_folder_is_refused(world: World, name: str) -> None:
    world.orders()
    result = world.compiled("full_refresh", name=name)
    assert result.failed
    assert not result.bundles
