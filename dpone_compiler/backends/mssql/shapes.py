"""Expressions written once as constant T-SQL text with `:name` places, and the small words of T-SQL."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.sql import shapes
from dpone_compiler.sql.mssql_native import type_tree


def shape(template: str, **nodes: exp.Expression) -> exp.Expression:
    """The tree of a constant template with its places filled: see sql/shapes.py."""
    return shapes.shape(template, "tsql", nodes)


def text(value: str) -> exp.Expression:
    """A Unicode literal: N'…'."""
    return exp.National(this=value)


def parameter(name: str) -> exp.Expression:
    """A run parameter: @name, bound by sp_executesql."""
    return exp.Parameter(this=exp.Var(this=name))


def convert(native: str, value: exp.Expression, style: int | None = None) -> exp.Expression:
    """`CONVERT(native, value[, style])`. Raises NativeTypeError."""
    arguments: list[exp.Expression] = [type_tree(native), value.copy()]
    if style is not None:
        arguments.append(exp.Literal.number(style))
    return exp.Anonymous(this="CONVERT", expressions=arguments)
