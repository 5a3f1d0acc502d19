"""Statements of T-SQL as Postgres says them, by sqlglot: for their meaning as sets alone.

What this cannot show stays with ScriptDom and the vendor's pages: locks, collations, conversions, canonical texts (a hash is taken of
the values themselves here), error handling.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sqlglot import exp, parse_one

from tests import scriptdom
from tests.bundle_files.test_parse import of
from tests.tsql.lints import text_of

_CHANGES = ("UpdateStatement", "DeleteStatement", "InsertStatement")
_TYPES = ((r"VARCHAR\(MAX\)", "text"), (r"BYTEA\((?:MAX|\d+)\)", "bytea"), (r"\bBIT\b", "smallint"))


Given = tuple[tuple[str, str], ...]
"""Variables and parameters as SQL of Postgres."""


@cache
def changes(name: str, *steps: str, given: Given = ()) -> tuple[str, ...]:
    """The statements that change a table, of the steps of that name, in order."""
    found = (node for step in steps for node in _statements(name, step))
    return tuple(transpiled(text_of(node), given) for node in found if scriptdom.kind(node) in _CHANGES or _own(node))


def counts(name: str, step: str, given: Given = ()) -> tuple[str, ...]:
    """The queries of one step that count what is wrong."""
    return assigned(name, step, "dp_wrong", given)


@cache
def assigned(name: str, step: str, variable: str, given: Given = ()) -> tuple[str, ...]:
    """The queries of one step whose one value goes into that variable."""
    found = re.compile(rf"SELECT\s+@{variable}\s*=\s*")
    texts = (text_of(node) for node in _statements(name, step) if scriptdom.kind(node) == "SelectStatement")
    return tuple(transpiled(found.sub("SELECT ", text, count=1), given) for text in texts if found.match(text))


@cache
def queries(name: str, step: str, given: Given = ()) -> tuple[str, ...]:
    """The queries of one step that answer the runtime."""
    texts = (text_of(node) for node in _statements(name, step) if scriptdom.kind(node) == "SelectStatement")
    return tuple(transpiled(text, given) for text in texts if "SELECT @" not in text)


@cache
def _statements(name: str, step: str) -> tuple[Any, ...]:
    (text,) = [text for path, text in of(name, "mssql") if path.endswith(f"-{step}.sql")]
    return tuple(scriptdom.nodes(scriptdom.read(text)[0]))


def _own(node: Any) -> bool:
    """What makes and drops a temporary table."""
    into = scriptdom.kind(node) == "SelectStatement" and node.Into is not None
    return into or (scriptdom.kind(node) == "DropTableStatement" and "#" in text_of(node))


def transpiled(text: str, given: Given = ()) -> str:
    """One statement."""
    tree = parse_one(text, dialect="tsql")
    for hint in list(tree.find_all(exp.WithTableHint)):
        hint.pop()
    for table in tree.find_all(exp.Table):
        table.set("hints", None)
    for apply in tree.find_all(exp.Lateral):
        _of_values(apply)
    tree = tree.transform(lambda node: _plain(node, dict(given)))
    if isinstance(tree, exp.Update) and tree.args.get("from_") is not None:
        _joined(tree)
    if isinstance(tree, exp.Delete) and tree.args.get("tables"):  # DELETE [t] FROM target AS t
        tree.set("tables", None)
    said = tree.sql(dialect="postgres")
    for pattern, instead in _TYPES:
        said = re.sub(pattern, instead, said)
    return said.replace('"#', '"').replace('DROP TABLE "dponec', 'DROP TABLE pg_temp."dponec')


def _joined(tree: exp.Update) -> None:
    """UPDATE [t] … FROM target AS t [JOIN staging AS s ON …]"""
    origin = tree.args["from_"].this
    joins = origin.args.pop("joins", [])
    tree.set("this", origin)
    tree.set("from_", exp.From(this=joins[0].this) if joins else None)
    for join in joins:
        tree.where(join.args["on"], copy=False)
    for assignment in tree.expressions:
        assignment.this.set("table", None)


def _of_values(apply: exp.Lateral) -> None:
    """CROSS APPLY (SELECT canonical texts): the columns that they are made of take their place."""
    for alias in apply.find(exp.Select).expressions if apply.find(exp.Select) else ():
        found = alias.this.find(exp.Column)
        if found is not None:
            alias.set("this", found.copy())


def _plain(node: exp.Expression, given: dict[str, str]) -> exp.Expression:
    """What Postgres calls otherwise: the number of bytes, a hash, a hash in hexadecimal digits, a variable."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "DATALENGTH":
        return exp.Anonymous(this="octet_length", expressions=node.expressions)
    if isinstance(node, (exp.SHA2, exp.MD5)):
        values = {found.name: found.copy() for found in node.find_all(exp.Column) if found.table == "v"}
        row = exp.cast(exp.Anonymous(this="ROW", expressions=list(values.values())), "text")
        return exp.Anonymous(this="convert_to", expressions=[exp.func("MD5", row), exp.Literal.string("UTF8")])
    if isinstance(node, exp.Convert) and node.args.get("style") == exp.Literal.number(2):
        return exp.Anonymous(this="encode", expressions=[node.expression, exp.Literal.string("hex")])
    if isinstance(node, exp.Anonymous) and node.name.upper() == "SWITCHOFFSET":  # instants are UTC here
        return node.expressions[0]
    if isinstance(node, exp.StrPosition):  # CHARINDEX
        return exp.Anonymous(this="strpos", expressions=[node.this, node.args["substr"]])
    if isinstance(node, exp.Parameter) and node.name in given:
        return parse_one(given[node.name], dialect="postgres")
    return node
