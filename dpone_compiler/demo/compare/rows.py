"""Rows of both sides as typed values that can be compared, and the digest that stands for a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dpone_compiler.demo.compare.readers import Column, Result, Unreadable
from dpone_compiler.demo.compare.values import Parse, meeting_kind

Row = tuple[object, ...]


def typed_rows(source: Result, target: Result) -> tuple[Iterator[Row], Iterator[Row]]:
    """The rows of both sides; columns meet by position."""
    if len(source.columns) != len(target.columns):
        raise Unreadable(f"{len(source.columns)} columns in the source, {len(target.columns)} in the target")
    pairs = [_parsers(*columns) for columns in zip(source.columns, target.columns, strict=True)]
    return _rows(source, [one for one, _ in pairs]), _rows(target, [other for _, other in pairs])


def digest(row: Row) -> bytes:
    """128 bits that stand for a row; the repr of a typed row says its content and nothing else."""
    return hashlib.blake2b(repr(row).encode(), digest_size=16).digest()


def _parsers(source: Column, target: Column) -> tuple[Parse, Parse]:
    source_kind, target_kind = meeting_kind(source.kind, target.kind)
    return source.parse(source_kind), target.parse(target_kind)


def _rows(result: Result, parsers: list[Parse]) -> Iterator[Row]:
    for texts in result.rows:
        yield tuple([None if raw is None else parse(raw) for parse, raw in zip(parsers, texts, strict=True)])
