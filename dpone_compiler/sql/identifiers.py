"""Names as trees: always quoted, so that the engine sees exactly the stored spelling."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from dpone_compiler.ir.schema import TableRef


def identifier(name: str) -> exp.Identifier:
    """A quoted identifier of exactly that spelling."""
    return exp.Identifier(this=name, quoted=True)


def column(name: str, table: str = "") -> exp.Column:
    """A column, qualified by a table alias when one is given."""
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def table(ref: TableRef, alias: str = "") -> exp.Table:
    """A table by its parts; no schema part when the reference has none."""
    node = exp.Table(this=identifier(ref.name), db=identifier(ref.schema) if ref.schema else None)
    if alias:
        node.set("alias", exp.TableAlias(this=identifier(alias)))
    return node


def create_table(ref: TableRef, columns: Sequence[exp.ColumnDef], key: Sequence[str]) -> exp.Create:
    """CREATE TABLE with its primary key, when it has one."""
    parts: list[exp.Expression] = [*columns]
    if key:
        parts.append(exp.PrimaryKey(expressions=[identifier(name) for name in key]))
    return exp.Create(this=exp.Schema(this=table(ref), expressions=parts), kind="TABLE")


def text(value: str) -> exp.Literal:
    """A string literal; the dialect's renderer escapes it."""
    return exp.Literal.string(value)
