"""Postgres as a source and as a sink."""

from dpone_compiler.backends.postgres.backend import BACKEND

__all__ = ["BACKEND"]
