"""How a table is cut into ranges, as plain values of a catalog file and back.

partitioning:
  scheme: by_month
  function: months
  column: day
  boundary: right
  indexes:
  - {name: PK_orders, kind: clustered, constraint: primary key, unique: true, columns: [[id, asc], [day, asc]],
     partitioned_by: by_month(day)}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpone_compiler.ir.partitioning import PRIMARY_KEY, UNIQUE, IndexFacts, RangePartitioning

_BOUNDARIES = ("right", "left")
_CONSTRAINTS = ("", PRIMARY_KEY, UNIQUE)
_ORDERS = {"asc": False, "desc": True}


def encode(facts: RangePartitioning) -> dict[str, Any]:
    """Plain values; what is empty is left out."""
    more = {
        "indexes": [_index(each) for each in facts.indexes],
        "checks": list(facts.checks),
        "obstacles": [list(each) for each in facts.obstacles],
    }
    names = ("scheme", "function", "column", "boundary")
    return {**{name: getattr(facts, name) for name in names}, **{k: v for k, v in more.items() if v}}


def decode(raw: Mapping[str, Any]) -> RangePartitioning:
    """The facts. Raises KeyError, TypeError or ValueError on anything else than `encode` writes."""
    return RangePartitioning(
        scheme=str(raw["scheme"]),
        function=str(raw["function"]),
        column=str(raw["column"]),
        boundary=_one_of(_BOUNDARIES, raw["boundary"], "boundary"),
        indexes=tuple(_read_index(each) for each in raw.get("indexes", ())),
        checks=tuple(str(name) for name in raw.get("checks", ())),
        obstacles=tuple((str(kind), str(name)) for kind, name in raw.get("obstacles", ())),
    )


def _index(facts: IndexFacts) -> dict[str, Any]:
    plain = {
        "constraint": facts.constraint,
        "unique": facts.unique,
        "columns": [[name, "desc" if descends else "asc"] for name, descends in facts.columns],
        "included": list(facts.included),
        "partitioned_by": facts.partitioned_by,
        "options": list(facts.options),
    }
    return {"name": facts.name, "kind": facts.kind, **{key: value for key, value in plain.items() if value}}


def _read_index(raw: Mapping[str, Any]) -> IndexFacts:
    return IndexFacts(
        name=str(raw["name"]),
        kind=str(raw["kind"]),
        constraint=_one_of(_CONSTRAINTS, raw.get("constraint", ""), "constraint"),
        unique=bool(raw.get("unique", False)),
        columns=tuple((str(name), _ORDERS[order]) for name, order in raw.get("columns", ())),
        included=tuple(str(name) for name in raw.get("included", ())),
        partitioned_by=str(raw.get("partitioned_by", "")),
        options=tuple(str(option) for option in raw.get("options", ())),
    )


def _one_of(words: tuple[str, ...], given: Any, what: str) -> str:
    if given not in words:
        raise ValueError(f"{what} {given!r} is none of {', '.join(filter(None, words))}")
    return str(given)
