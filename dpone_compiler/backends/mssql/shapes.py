"""Expressions written once as constant T-SQL text with `:name` places, parsed by sqlglot, filled with trees."""

from __future__ import annotations

from functools import cache

from sqlglot import exp, parse_one

from dpone_compiler.sql.mssql_native import type_tree


def shape(template: str, **nodes: exp.Expression) -> exp.Expression:
    """The tree of a constant template with its places filled. A place without a node, or the reverse, is a bug and raises."""
    tree = _parsed(template).copy()
    places = {place.name for place in tree.find_all(exp.Placeholder)}
    if places != set(nodes):
        raise TypeError(f"places {sorted(places)} do not match nodes {sorted(nodes)}")
    if isinstance(tree, exp.Placeholder):
        return nodes[tree.name].copy()
    for place in list(tree.find_all(exp.Placeholder)):
        place.replace(nodes[place.name].copy())
    return tree


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


@cache
def _parsed(template: str) -> exp.Expression:
    tree = parse_one(template, dialect="tsql")
    if not isinstance(tree, exp.Expression):
        raise TypeError(f"{template!r} is not an expression")
    return tree
