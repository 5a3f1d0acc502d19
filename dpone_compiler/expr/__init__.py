"""Typed expressions: the data types of columns and the small expression tree that the Python DSL builds."""
