"""Expressions written once as constant Postgres text with `:name` places, parsed by sqlglot, filled with trees."""

from __future__ import annotations

from functools import cache

from sqlglot import exp, parse_one


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


@cache
def _parsed(template: str) -> exp.Expression:
    tree = parse_one(template, dialect="postgres")
    if not isinstance(tree, exp.Expression):
        raise TypeError(f"{template!r} is not an expression")
    return tree
