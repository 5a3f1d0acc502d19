"""Sentences about a target that is not what it seems: views that read it, expiring rows, engines that change rows."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import engine_name, is_legacy
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import Load
from dpone_compiler.spi.backend import Facts

_PLAIN_ENGINES = ("MergeTree", "ReplacingMergeTree")


def hazards(load: Load, facts: Facts) -> tuple[tuple[str, str], ...]:
    """(kind, sentence) of every hazard that the snapshot shows."""
    found: list[tuple[str, str]] = []
    if facts.target_engine is None or not facts.target_engine.version:
        found.append(("engine_version", "the server's version is not known: the SQL is made for 23.12 or newer"))
    found.extend(_misread_floats(load, facts))
    if facts.target_table is None:
        return tuple(found)
    structure = facts.target_table.structure
    for kind, name in structure.hazards:
        if kind == "materialized_view":
            found.append(
                (
                    "materialized_view",
                    f"materialized view {name} sees inserted blocks only: rows that are moved, replaced or exchanged in do "
                    "not reach it, and deleted rows stay in it (ClickHouse#105021)",
                )
            )
        if kind == "ttl":
            found.append(
                (
                    "ttl",
                    "the target has a TTL: staged rows that are already expired vanish, and reconciliation will say so",
                )
            )
    computed = [column.name for column in structure.columns if column.generated]
    if computed:
        found.append(
            (
                "computed_columns",
                f"{', '.join(computed)}: computed anew for every row that is written again, loaded or not: a value that does not follow "
                "from the stored columns alone (now(), an EPHEMERAL column, a changed expression) is lost",
            )
        )
    engine = engine_name(structure)
    family = engine.removeprefix("Replicated").removeprefix("Shared")
    if engine and family not in _PLAIN_ENGINES:
        found.append(
            (
                "table_engine",
                f"engine {engine} combines or drops rows by itself (or holds none): counts after a load may differ",
            )
        )
    if engine.startswith("Replicated"):
        found.append(("replicas", "the target is replicated: other replicas show a change when they have fetched it"))
    return tuple(found)


def _misread_floats(load: Load, facts: Facts) -> list[tuple[str, str]]:
    """The text reader of old servers rounds by itself [run on 18.16]; where values are compared, such a run is refused (DP501)."""
    level, columns = load.decisions.reconcile, load.decisions.columns
    if isinstance(level, Undecided) or isinstance(columns, Undecided) or not is_legacy(facts.target_engine):
        return []
    names = [each.target.name for each in columns if "Float" in each.target.native]
    if not names or level.value not in ("counts", "keys"):
        return []
    sentence = (
        f"a server as old as this one gives some floats ({', '.join(names)}) another last bit when it reads them, and makes 0 of the "
        f"least ones; at reconcile: {level.value} nobody would see it: say reconcile: content, or store them as decimals or text"
    )
    return [("misread_floats", sentence)]
