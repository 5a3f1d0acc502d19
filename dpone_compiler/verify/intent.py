"""What a bundle says it means: intent.json as typed values, and the question that the reference model is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.ir.slices import Slices
from dpone_compiler.plan.changes import REPLICATION
from dpone_compiler.source.value import value
from dpone_compiler.verify.meaning.asked import Asked, Cursor, Partition, Row, Test, Versions, everything
from dpone_compiler.verify.values import meeting_type, unit_of, value_of

BACKFILL = "backfill of "
SELECTED, DELETED, CURSOR, PLACE = "$selected", "$deleted", "$cursor", "$place"
"""What a source row knows besides its carried columns: whether filter and tombstone are true of it, its cursor value, its place in
a log."""

Plain = Mapping[str, Any]


@value(kw_only=True)
class TableColumn:
    """A column of a table as the catalog has it."""

    name: str
    native: str
    type: DataType
    nullable: bool
    generated: bool


@value(kw_only=True)
class Side:
    """One end of the load. `structure`: the catalog's words, {} when the bundle was compiled without them."""

    engine: str
    connection: str
    table: TableRef
    version: tuple[int, ...]
    columns: tuple[TableColumn, ...]
    structure: Plain

    def column(self, name: str) -> TableColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def unique(self) -> tuple[tuple[str, ...], ...]:
        """Its primary key, if any, and its unique keys."""
        keys = [tuple(self.structure.get("primary_key", ()))] if self.engine == "postgres" else []
        return tuple(key for key in (*keys, *map(tuple, self.structure.get("unique_keys", ()))) if key)


@value(kw_only=True)
class Carried:
    """A column that is loaded: source column or expression, its name in the target, and the type both are read with."""

    source: str
    expression: str
    cast: str
    target: str
    type: DataType
    native: str  # of the source, after the cast
    source_type: DataType
    target_type: DataType
    lossy: str


@value(kw_only=True)
class Intent:
    """intent.json. `read` and `write` are its own words, for what is asked seldom."""

    name: str
    strategy: str
    """A name of verify/meaning; of a backfill `backfill of` its inner mode."""
    policy: str
    source: Side
    target: Side
    carried: tuple[Carried, ...]
    read: Plain
    write: Plain

    @property
    def feed(self) -> Plain | None:
        """Where captured changes come from, for a load that applies them."""
        return self.read["feed"] or {"mode": REPLICATION} if self.strategy == "cdc_apply" else None

    @property
    def streams(self) -> bool:
        """Whether the changes come from a slot of Postgres."""
        return self.feed is not None and self.feed["mode"] == REPLICATION

    @property
    def key(self) -> tuple[str, ...]:
        """The unique key, by target names."""
        return tuple(self.write["key"])

    @property
    def mode(self) -> str:
        """How rows get into the target: the strategy, of a backfill its inner mode."""
        return self.strategy.removeprefix(BACKFILL)

    @property
    def slices(self) -> Slices | None:
        """The slices of a backfill."""
        said = (self.write["backfill"] or {}).get("slices") if self.strategy.startswith(BACKFILL) else None
        return Slices(**{**said, "type": _type(said["type"])}) if said else None

    @property
    def cursor(self) -> TableColumn | None:
        """The cursor's column, where the strategy reads windows."""
        cursor = self.read["cursor"]
        windowless = (
            self.strategy in ("full_refresh", "snapshot_diff", "replace") or self.slices is not None or self.streams
        )
        return None if cursor is None or windowless else self.source.column(cursor["column"])

    @property
    def technical(self) -> tuple[TableColumn, ...]:
        """Columns of the target that the strategy writes itself: the mark of a soft deletion, the time of a version."""
        names: tuple[str, ...] = ()
        if self.marks:
            names = (self.write["snapshot"]["mark"],)
        elif self.strategy == "scd2":
            history = self.write["history"]
            names = (history["valid_from"], history["valid_to"], history["current"])
        elif self.feed is not None and self.feed.get("deletes") == "soft_delete":
            names = (self.feed["deleted_column"],)
        loaded = {each.target for each in self.carried}
        return tuple(self.target.column(name) for name in names if name not in loaded)

    @property
    def marks(self) -> bool:
        """Whether rows that are gone stay with a mark."""
        if self.strategy == "incremental_merge":
            return bool(self.write["policies"].get("deletes") == "soft")
        return bool(self.strategy == "snapshot_diff" and self.write["snapshot"]["missing"] == "soft_delete")

    @property
    def tombstone(self) -> str:
        """What is true of a deleted row, in the source's SQL; '' for none."""
        said = self.read.get("tombstone")
        return str(said["text"]) if said else ""

    @property
    def where(self) -> str:
        """The filter in the source's SQL; '' for none."""
        return self.read["where"]["text"] if self.read["where"] else ""

    @property
    def source_key(self) -> tuple[str, ...]:
        """The unique key, by the names of the source's columns; without what is computed."""
        names = {each.target: each.source for each in self.carried if not each.expression}
        return tuple(names[name] for name in self.key if name in names)

    def carried_from(self, source: str) -> Carried | None:
        """The carried column that is this source column as it is."""
        return next((each for each in self.carried if each.source == source and not each.expression), None)


def read_intent(text: str) -> Intent:
    """The intent of a bundle."""
    plain = json.loads(text)
    load, facts = plain["load"], plain["facts"]
    decisions = load["decisions"]
    return Intent(
        name=load["name"],
        strategy=(BACKFILL if load["write"]["mode"] == "backfill" else "") + _decided(decisions["strategy"]),
        policy=_decided(decisions.get("merge_policy")) or _decided(decisions.get("finalizer")),
        source=_side(load["read"]["endpoint"], facts["source_engine"], facts["source_table"]),
        target=_side(load["write"]["endpoint"], facts["target_engine"], facts["target_table"]),
        carried=tuple(map(_carried, decisions["columns"])),
        read=load["read"],
        write=load["write"],
    )


def _decided(decision: Plain | None) -> str:
    return str(decision["value"]) if decision else ""


def _side(endpoint: Plain, engine: Plain | None, table: Plain | None) -> Side:
    structure = table["structure"] if table else {}
    return Side(
        engine=endpoint["engine"],
        connection=endpoint["connection"],
        table=TableRef(endpoint["table"]["schema"], endpoint["table"]["name"]),
        version=tuple(engine["version"]) if engine else (),
        columns=tuple(
            TableColumn(
                name=column["name"],
                native=column["native"],
                type=_type(column["type"]),
                nullable=column["nullable"],
                generated=column["generated"],
            )
            for column in structure.get("columns", ())
        ),
        structure=structure,
    )


_TYPE = tuple(field.name for field in fields(DataType))


def _type(plain: Plain) -> DataType:
    known = {name: plain[name] for name in _TYPE if name in plain}
    element = plain.get("element")
    return DataType(**{**known, "kind": Kind(plain["kind"]), "element": _type(element) if element else None})


def _carried(column: Plain) -> Carried:
    source, target = _type(column["source"]["type"]), _type(column["target"]["type"])
    return Carried(
        source=column["source"]["name"],
        expression=column["sql"]["text"] if column["sql"] else "",
        cast=column["cast"],
        target=column["target"]["name"],
        type=meeting_type(source, target),
        native=column["source"]["native"],
        source_type=source,
        target_type=target,
        lossy="; ".join(loss["says"] for loss in column["losses"]),
    )


def asked_of(intent: Intent) -> Asked:
    """The load as the model knows it."""
    policies = intent.write["policies"]
    return Asked(
        key=intent.key,
        where=_selected if intent.where else everything,
        tombstone=lambda row: row[DELETED],
        carry=_without_marks,
        cursor=_cursor(intent),
        partition=_partition(intent),
        null_keys=policies["null_keys"],
        duplicates=policies["staging_duplicates"],
        on_leave_filter=policies["on_leave_filter"],
        empty_slice=policies["empty_slice"],
        **_deletions(intent),
        versions=_versions(intent),
        scope=_scope(intent) if intent.slices is None else _in_a_slice(intent),
        **_slices(intent),
    )


def _slices(intent: Intent) -> dict[str, Any]:
    """The slices as values of the column that they are cut by."""
    slices = intent.slices
    if slices is None:
        return {}
    carried = intent.carried_from(slices.column)
    assert carried is not None, "a plan without it is not compiled"
    pairs = tuple((value_of(low, carried.type), value_of(high, carried.type)) for low, high in slices.pairs())
    return {"slices": pairs, "slice_by": carried.target}


def _in_a_slice(intent: Intent) -> Test:
    """Whether a row lies in any slice: what the whole backfill answers for."""
    said = _slices(intent)

    def inside(row: Row) -> bool | None:
        each = row[said["slice_by"]]
        return None if each is None else bool(said["slices"][0][0] <= each < said["slices"][-1][1])

    return inside


def _deletions(intent: Intent) -> dict[str, Any]:
    """What becomes of missing keys; without a guard more than half of the target is never deleted or marked."""
    limits, snapshot, feed = intent.write["limits"], intent.write.get("snapshot") or {}, intent.feed
    if intent.strategy == "incremental_merge":
        return {"deletes": intent.write["policies"].get("deletes", "ignore"), "mark": snapshot.get("mark", "")}
    if feed is not None:
        deletes = {"ignore": "ignore", "soft_delete": "soft"}.get(feed.get("deletes", "apply"), "hard")
        truncate = feed.get("truncate", "fail")
        return {"deletes": deletes, "mark": feed.get("deleted_column", ""), "alive": False, "truncate": truncate}
    ratio, rows = limits["max_delete_ratio"], limits.get("max_delete_rows")
    return {
        "deletes": (snapshot.get("missing") or "hard_delete").removesuffix("_delete"),
        "mark": snapshot.get("mark", ""),
        "max_delete_ratio": 0.5 if ratio is None and rows is None else ratio,
        "max_delete_rows": rows,
    }


def _versions(intent: Intent) -> Versions:
    history = intent.write.get("history")
    if intent.strategy != "scd2" or history is None:
        return Versions()
    cursor = intent.cursor
    since = intent.carried_from(cursor.name) if cursor is not None else None
    return Versions(
        since=since.target if since is not None else None,
        missing=intent.write["snapshot"]["missing"] or "expire",
        valid_from=history["valid_from"],
        valid_to=history["valid_to"],
        current=history["current"],
    )


def _scope(intent: Intent) -> Test:
    """The declared scope over the target's column."""
    said = intent.read.get("scope")
    if intent.strategy != "replace" or said is None:
        return everything
    carried = intent.carried_from(said["column"])
    assert carried is not None, "a plan without it is not compiled"
    low, high = (value_of(said[end], carried.type) for end in ("low", "high"))

    def inside(row: Row) -> bool | None:
        each = row[carried.target]
        if each is None:
            return None
        if said["kind"] == "equality":
            return bool(each == low)
        above = low is None or low <= each
        return bool(above and (high is None or each < high or (said["inclusive"] and each == high)))

    return inside


def _selected(row: Row) -> bool | None:
    """What the source said of the filter."""
    return bool(row[SELECTED])


def _without_marks(row: Row) -> Row:
    return {name: each for name, each in row.items() if name not in (SELECTED, DELETED, CURSOR, PLACE)}


def _cursor(intent: Intent) -> Cursor | None:
    """The cursor; the horizon that the model is given has its lag taken off already."""
    column = intent.cursor
    if column is None:
        return None
    said = intent.read["cursor"]
    back = said["lookback"]
    if column.type.kind is Kind.DATE:
        back = -(-back // 86400)
    span = None if not back else back if column.type.kind is Kind.INT else timedelta(**_span(column.type.kind, back))
    return Cursor(CURSOR, lookback=span, nulls=said["nulls"] or "fail")


def _span(kind: Kind, number: int) -> dict[str, int]:
    return {"days": number} if kind is Kind.DATE else {"seconds": number}


def _partition(intent: Intent) -> Partition | None:
    said = intent.write["partition"]
    if said is None:
        return None
    return Partition(said["column"], unit_of(said["unit"]), said["max_partitions"], said["nulls"])
