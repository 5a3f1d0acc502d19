"""Introspection: one module an engine reads its catalog into facts."""
