"""Backends: one folder an engine; they know no sibling."""
