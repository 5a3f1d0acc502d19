"""Names the rows that differ: the smallest keys first, and which columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dpone_compiler.demo.compare.readers import Result, Unreadable
from dpone_compiler.demo.compare.rows import Row, digest, typed_rows

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows of one key that do not meet their equal: each with how often the source and the target hold it."""

    key: Row
    rows: tuple[tuple[Row, int, int], ...]
    columns: tuple[str, ...]

    def __str__(self) -> str:
        key = ", ".join(map(_show, self.key))
        match self.rows:
            case ((one, 1, 0), (other, 0, 1)):
                cells = [
                    f"{name} is {_show(theirs)} in the source, {_show(ours)} in the target"
                    for name, theirs, ours in zip(self.columns, one, other, strict=True)
                    if repr(theirs) != repr(ours)
                ]
                return f"key {key} differs: " + "; ".join(cells)
            case _:
                return f"key {key}: " + "; ".join(_times(source, target) for _, source, target in self.rows)


def name_differences(
    source: Result, target: Result, wanted: Collection[bytes], key: tuple[str, ...], limit: int
) -> tuple[Difference, ...]:
    """The differences with the `limit` smallest keys, of the rows whose digests are `wanted`."""
    names = tuple(column.name for column in source.columns)
    if unknown := [name for name in key if name not in names]:
        raise Unreadable(f"the source query has no column {', '.join(unknown)}; it has {', '.join(names)}")
    positions = [names.index(name) for name in key] or [0]
    one, other = (_smallest(rows, wanted, positions, limit) for rows in typed_rows(source, target))
    keys = sorted({**one, **other}, key=_order)[:limit]
    return tuple(Difference(each, _side_by_side(one.get(each, {}), other.get(each, {})), names) for each in keys)


_Found = dict[Row, dict[bytes, tuple[Row, int]]]


def _smallest(rows: Iterable[Row], wanted: Collection[bytes], positions: list[int], limit: int) -> _Found:
    """Rows by key, holding no more than the `limit` smallest keys at a time."""
    found: _Found = {}
    for row in rows:
        if (name := digest(row)) not in wanted:
            continue
        key = tuple(row[at] for at in positions)
        if key not in found and len(found) == limit:
            largest = max(found, key=_order)
            if _order(key) > _order(largest):
                continue
            del found[largest]
        same = found.setdefault(key, {})
        same[name] = (row, same.get(name, (row, 0))[1] + 1)
    return found


def _side_by_side(
    one: dict[bytes, tuple[Row, int]], other: dict[bytes, tuple[Row, int]]
) -> tuple[tuple[Row, int, int], ...]:
    counts = {name: Counter(source=times) for name, (_, times) in one.items()}
    for name, (_, times) in other.items():
        counts.setdefault(name, Counter())["target"] = times
    rows = {name: row for name, (row, _) in {**other, **one}.items()}
    return tuple((rows[name], count["source"], count["target"]) for name, count in counts.items())


def _order(key: Row) -> list[tuple[str, object]]:
    plain = (int, float, str, bytes)
    return [(type(value).__name__, value if isinstance(value, plain) else repr(value)) for value in key]


def _times(source: int, target: int) -> str:
    if not target:
        return f"missing in the target ({source} in the source)"
    if not source:
        return f"extra in the target ({target} there)"
    return f"{source} in the source, {target} in the target"


def _show(value: object) -> str:
    try:
        text = repr(value.decode()) if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError:
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
