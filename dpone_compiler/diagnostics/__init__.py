"""Diagnostics: a problem is a type with a code, a help line and a page (its docstring)."""
