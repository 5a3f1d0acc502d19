"""Which merge policies fit a target, by what its catalog snapshot says; and which one comes first for it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from dpone_compiler.backends.postgres.merges import MERGES, judge_merge
from dpone_compiler.ir.load import Load, PartitionUnit
from dpone_compiler.ir.partition_units import is_one_unit, unit_of_bounds
from dpone_compiler.ir.schema import TableFacts
from dpone_compiler.spi.backend import Facts, PolicyVerdict

LARGE_PARTITION = 1_000_000  # rows; below it DELETE + INSERT costs less than building indexes anew is worth
_TOLERANT = "readers: tolerant is not declared, and a reader with an older snapshot would see {} rows after the swap"
_HANGING = {
    "trigger": "trigger {} would not fire",
    "rule": "rule {} would not be applied",
    "incoming_foreign_key": "{} refers to it",
    "foreign_key": "foreign key {} would be checked again for every row, under the lock",
    "row_security": "row security is on ({})",
    "publication": "publication {} would not send the rows",
    "exclusion_constraint": "exclusion constraint {} is not copied",
}
_ON_THE_TABLE = {
    "view": "view {} would go on reading the old table",
    "materialized_view": "materialized view {} would go on reading the old table",
    "owned_sequence": "sequence {} belongs to one of its columns",
    "inheritance": "it inherits, or is inherited by, {}",
}
_ON_PARTITIONS = {
    "default_partition": "ATTACH would lock and scan the default partition {}",
    "sub_partition": "partition {} is partitioned itself",
}
_BOUND = re.compile(r"FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)")
_KEY = re.compile(r'RANGE \((?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_]*))\)')


def judge_policy(load: Load, facts: Facts, strategy: str, policy: str) -> PolicyVerdict:
    """Swaps have to be proved harmless by the catalog, and their readers to be tolerant; then they are preferred where they pay."""
    if strategy == "incremental_merge" and policy in MERGES:
        return judge_merge(load, facts, policy)
    tolerant = load.write.policies.readers == "tolerant"
    match policy:
        case "attach_detach":
            refused = attach_refusal(load, facts.target_table) or ("" if tolerant else _TOLERANT.format("no"))
            rows = _rows_a_partition(facts.target_table)
            large = rows is not None and rows >= LARGE_PARTITION
            why = f"readers: tolerant, and a partition holds about {rows} rows: new ones are built beside the table"
            return PolicyVerdict(refused=refused, preferred=why if large and not refused else "")
        case "shadow_swap":
            return PolicyVerdict(
                refused=shadow_refusal(facts.target_table) or ("" if tolerant else _TOLERANT.format("no"))
            )
        case "truncate_insert":
            if not tolerant:
                return PolicyVerdict(refused=_TOLERANT.format("no").replace("the swap", "TRUNCATE"))
            return PolicyVerdict(
                preferred="readers: tolerant; TRUNCATE is fast, but a reader with an older snapshot sees no rows"
            )
        case _:
            return PolicyVerdict()


def attach_refusal(load: Load, table: TableFacts | None) -> str:
    """Why partitions cannot be exchanged by ATTACH and DETACH; '' when the catalog proves that they can."""
    wanted = load.write.partition
    if wanted is None or table is None:
        return "no catalog snapshot proves how the target is partitioned; run `dponec introspect`"
    key = _KEY.fullmatch(table.structure.partition_key)
    if key is None or (key[1] or "").replace('""', '"') + (key[2] or "") != wanted.column:
        said = table.structure.partition_key or "not at all"
        return f"the target is not partitioned by RANGE of {wanted.column} alone, but {said}"
    if why := _hanging(table, {**_HANGING, **_ON_PARTITIONS}):
        return why
    if wanted.nulls == "own":
        return "a partition of NULLs has no bound"
    column = table.structure.column(wanted.column)
    unit = unit_of_bounds(wanted, column)
    if unit is None:
        return "a partition of a single value has no unit"
    if not table.statistics.partitions:
        return "the target has no partition yet, so nothing proves that its bounds are whole units"
    odd = next((part for part in table.statistics.partitions if not _whole(part.bound, unit)), None)
    if odd is not None:
        return f"partition {odd.id} is no whole {unit.value}: {odd.bound or 'its bound is not known, run introspect again'}"
    loaded = {c.target.name for c in load.decisions.columns} if isinstance(load.decisions.columns, tuple) else set()
    unfilled = [c.name for c in table.structure.columns if c.identity and c.name not in loaded]
    return f"identity column {unfilled[0]} is not loaded, and a new partition does not fill it" if unfilled else ""


def shadow_refusal(table: TableFacts | None) -> str:
    """Why the whole target cannot be exchanged for another table; '' when the catalog proves that it can."""
    if table is None:
        return "no catalog snapshot proves what hangs on the target; run `dponec introspect`"
    if table.structure.partition_key:
        return "the target is partitioned; exchange its partitions (partition_replace by attach_detach)"
    if why := _hanging(table, {**_HANGING, **_ON_THE_TABLE}):
        return why
    identity = [c.name for c in table.structure.columns if c.identity]
    return f"the identity sequence of {identity[0]} would start anew" if identity else ""


def _hanging(table: TableFacts, sentences: dict[str, str]) -> str:
    found = [sentences[kind].format(name) for kind, name in table.structure.hazards if kind in sentences]
    return "; ".join(found)


def _whole(bound: str, unit: PartitionUnit) -> bool:
    """The bound runs from the start of a unit (in UTC) to the start of the next."""
    ends = _BOUND.fullmatch(bound)
    if ends is None:
        return False
    try:
        low, high = (datetime.fromisoformat(end) for end in ends.groups())
    except ValueError:  # infinity, or a year that Python cannot hold
        return False
    if low.tzinfo is not None:
        low, high = low.astimezone(UTC), high.astimezone(UTC)
    return is_one_unit(low, high, unit)


def _rows_a_partition(table: TableFacts | None) -> int | None:
    """The mean of the partitions that hold rows; None when nobody has counted."""
    rows = [part.rows for part in table.statistics.partitions if part.rows] if table is not None else []
    return sum(rows) // len(rows) if rows else None
