"""Expressions written once as constant Postgres text with `:name` places."""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.sql import shapes


def shape(template: str, **nodes: exp.Expression) -> exp.Expression:
    """The tree of a constant template with its places filled: see sql/shapes.py."""
    return shapes.shape(template, "postgres", nodes)
