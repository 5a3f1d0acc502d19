"""What holds for every text: names and values survive YAML exactly, and no text makes the reader raise."""

from __future__ import annotations

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dpone_compiler.diagnostics.render import RENDERERS
from dpone_compiler.frontends.load_checks import name_fault
from dpone_compiler.frontends.manifest import read_manifest
from dpone_compiler.frontends.manifest.tree import plain
from dpone_compiler.frontends.manifest.yaml_tree import read_tree
from dpone_compiler.ir.load import SqlText
from dpone_compiler.source.text import SourceFile

# The dumper writes these three raw and means a line end by them, as YAML 1.1 does; we keep them as they are.
# U+0000 is refused (DP033).
BREAKS = "\x85\u2028\u2029"
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters=BREAKS + "\0"), min_size=1, max_size=40)
# JSON leaves control characters of the second block as they are, and YAML does not allow them unescaped.
QUOTED = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff"), max_size=40)
NAMES = TEXT.filter(lambda name: not name_fault(name))
LEAVES = st.one_of(QUOTED, st.integers(-(10**20), 10**20), st.booleans(), st.none())
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(QUOTED, inner, max_size=3))
WORDS = (
    "name source sink type table connection_id strategy mode kind loads defaults schemas tables options where cursor "
    "postgres mssql auto full_refresh dpone.batch.v1 dpone.flow.v1 processes 50M -1 0.5 : - , { } [ ] {{ }} {% & * ! "
    "' \" | > # % @ ` ? << ~ null true é 值 unique_key partition column by columns state limits naming vars"
)
SOUP = st.lists(
    st.sampled_from((*WORDS.split(), "\n", "\n  ", "\n- ", ": ", " ", "\t", "---", "&a ", "*a")), max_size=40
)


def written(name: str, table: str, where: str, key: list[str], *, style: str | None) -> str:
    tree = {
        "name": name,
        "source": {"type": "pg", "connection_id": name, "table": {"schema": table, "name": table}, "where": where},
        "sink": {
            "type": "mssql",
            "connection_id": name,
            "table": {"name": table},
            "strategy": {"mode": "incremental_merge", "unique_key": key},
            "options": {"bulk": {table: where}},
        },
    }
    return str(yaml.dump(tree, Dumper=yaml.SafeDumper, allow_unicode=True, default_style=style, sort_keys=False))


@given(NAMES, TEXT, TEXT, st.lists(TEXT, min_size=1, max_size=3, unique=True), st.sampled_from([None, '"', "'"]))
@settings(max_examples=200, deadline=None)
def test_names_and_values_survive(name: str, table: str, where: str, key: list[str], style: str | None) -> None:
    text = written(name, table, where, key, style=style)
    loads, found = read_manifest(SourceFile("m.yaml", text))
    assert [d.code for d in found] == ["DP050"], (text, [d.problem.message() for d in found])  # bulk has no effect
    (load,) = loads
    assert load.name == load.read.endpoint.connection == name
    assert (load.read.endpoint.table.schema, load.write.endpoint.table.name) == (table, table)
    assert load.read.where == SqlText(text=where)
    assert load.write.key == tuple(key)
    assert json.loads(dict(load.passthrough)["sink.options.bulk"]) == {table: where}


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_json_is_read_as_it_is(tree: object) -> None:
    # PyYAML's own reader is no oracle here: it turns `no` and dates into other things.
    root, found = read_tree(SourceFile("m", json.dumps({"a": tree}, ensure_ascii=False)))
    assert not [d for d in found if d.code != "DP002"]
    assert root is not None
    assert found or plain(root) == {"a": tree}


@given(st.one_of(st.text(max_size=80), SOUP.map("".join), SOUP.map(" ".join)))
@settings(max_examples=500, deadline=None)
def test_no_text_makes_the_reader_raise(text: str) -> None:
    file = SourceFile("m.yaml", text)
    loads, found = read_manifest(file)
    assert loads or found
    for render in RENDERERS.values():
        render(found, {file.name: file})


@given(TREES, st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_value_at_any_place_makes_the_reader_raise(value: object, path: str, text: str) -> None:
    written_value = json.dumps(value, ensure_ascii=False)
    for form in (
        '{"name": %s, "source": %s, "sink": %s}',
        '{"loads": [%s, %s], "defaults": %s}',
        '{"kind": "dpone.batch.v1", "defaults": %s, "naming": %s, "schemas": {"a": {"tables": %s}}}',
        '{"name": "a", "source": {"type": "pg", "options": %s, "cursor": %s}, "sink": {"strategy": %s}}',
    ):
        source = SourceFile("m.yaml", form.replace("%s", written_value))
        loads, found = read_manifest(source, overrides={path: text})
        assert loads or found
