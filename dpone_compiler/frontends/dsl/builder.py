"""`load("orders").read(…).into(…).key(…).auto()`: every call gives a new builder, the strategy ends it with the IR."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType

from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.dsl import arguments as checked
from dpone_compiler.frontends.dsl.conditions import Col, Condition
from dpone_compiler.frontends.dsl.endings import Endings
from dpone_compiler.frontends.dsl.problems import ArgumentNotUsable, SaidTwice, ScriptError, SideMissing
from dpone_compiler.frontends.dsl.script import RUNNING, place
from dpone_compiler.frontends.dsl.sides import column_of, where_text
from dpone_compiler.ir.evolution import EVOLUTION_WORDS
from dpone_compiler.ir.load import (
    CHUNK_KINDS,
    CLIENT_SYSTEMS,
    Backfill,
    ChangeFeed,
    Chunk,
    ColumnSpec,
    Cursor,
    DeclaredScope,
    Endpoint,
    Hints,
    History,
    Limits,
    Load,
    Partitioning,
    PartitionUnit,
    Policies,
    Read,
    Snapshot,
    Write,
)
from dpone_compiler.ir.new_target import CREATE_WORDS
from dpone_compiler.ir.origin import Origin
from dpone_compiler.source.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBuilder(Endings):
    """A load that is being written. Not the IR: sides may still be missing."""

    name: str
    token: object = field(compare=False, repr=False)
    source: Endpoint | None = None
    condition: Condition | str | None = None
    gone: Condition | str | None = None
    cols: tuple[ColumnSpec, ...] | None = None
    cursor_spec: Cursor | None = None
    feed: ChangeFeed | None = None
    scoped: DeclaredScope | None = None
    sliced: Backfill | None = None
    sink: Endpoint | None = None
    unique: tuple[str, ...] = ()
    partition: Partitioning | None = None
    places: tuple[str, ...] = ("", "", "", "")  # staging, state, lock connection, version column
    creates: str = "never"
    evolves: str = "none"
    client: str = "linux"
    hints: Hints | None = None
    kept: Policies | None = None
    compared: Snapshot | None = None
    kept_history: History | None = None
    bounds: Limits | None = None
    after: tuple[str, ...] = ()
    text: str = ""
    spans: tuple[tuple[str, Span | None], ...] = field(default=(), compare=False, repr=False)

    def read(self, source: Endpoint) -> LoadBuilder:
        """Where rows come from: `postgres("pg_oltp", "public.orders")`."""
        self._first(self.source is None, "where it reads")
        places = {"source": "", "source.table": "0"}
        return replace(self, source=checked.source(source), spans=self._at(places))

    def where(self, condition: Condition | str) -> LoadBuilder:
        """Which rows: a condition, or SQL of the source's dialect."""
        self._first(self.condition is None, "which rows")
        return replace(self, condition=condition, spans=self._at({"source.where": "0"}))

    def tombstone(self, condition: Condition | str) -> LoadBuilder:
        """Which rows the source has deleted and still holds; `policies(deletes=…)` says what they do."""
        self._first(self.gone is None, "which rows are deleted")
        return replace(self, gone=condition, spans=self._at({"source.tombstone": "0"}))

    def columns(self, *columns: str | Col | ColumnSpec) -> LoadBuilder:
        """Which columns; without this call, all of the catalog's."""
        self._first(self.cols is None, "which columns")
        places = {"source.columns": "", **{f"source.columns.{i}": str(i) for i in range(len(columns))}}
        return replace(self, cols=tuple(map(column_of, columns)), spans=self._at(places))

    def cursor(
        self,
        column: str,
        *,
        lag: str | int | None = None,
        lookback: str | int = 0,
        assigned_by: str = "",
        nulls: str = "",
    ) -> LoadBuilder:
        """The column that says what is new."""
        self._first(self.cursor_spec is None, "a cursor")
        cursor = Cursor(
            column=checked.name(column, "0"),
            lag=None if lag is None else checked.duration(lag, "lag"),
            lookback=checked.duration(lookback, "lookback"),
            assigned_by=checked.one_of(
                assigned_by, ("", *meaning.CURSOR_ASSIGNERS), "source of cursor values", "assigned_by"
            ),
            nulls=checked.one_of(nulls, ("", *meaning.CURSOR_NULLS), "policy for NULL in a cursor", "nulls"),
        )
        return replace(self, cursor_spec=cursor, spans=self._at({"source.cursor": "", "source.cursor.column": "0"}))

    def changes(
        self,
        mode: str = "logical_replication",
        *,
        slot: str = "",
        publication: str = "",
        operation: str = "",
        sequence: str = "",
        deletes: str = "apply",
        deleted_column: str = "",
        truncate: str = "fail",
    ) -> LoadBuilder:
        """Where captured changes come from, and what deletes and TRUNCATE do."""
        self._first(self.feed is None, "where changes come from")
        feed = ChangeFeed(
            mode=checked.one_of(mode, meaning.FEED_MODES, "way of capturing changes", "0"),
            slot=slot,
            publication=publication,
            operation=operation,
            sequence=sequence,
            deletes=checked.one_of(deletes, meaning.FEED_DELETES, "policy for captured deletes", "deletes"),
            deleted_column=deleted_column,
            truncate=checked.one_of(truncate, meaning.FEED_TRUNCATE, "policy for captured truncate", "truncate"),
        )
        return replace(self, feed=feed, spans=self._at({"source.feed": ""}))

    def scope(
        self,
        column: str,
        *,
        equals: str | int | None = None,
        low: str | int | None = None,
        high: str | int | None = None,
        inclusive: bool = False,
    ) -> LoadBuilder:
        """The rows that `replace` answers for: one value, or `low <= column < high` (`<= high` when inclusive)."""
        self._first(self.scoped is None, "a scope")
        ends = [None if end is None else str(end) for end in (equals, low, high)]
        if (equals is None) == (low is None and high is None):
            raise ScriptError(ArgumentNotUsable(str(equals), "a scope", "say equals, or low and high"), "equals")
        scope = DeclaredScope(
            column=checked.name(column, "0"),
            kind="range" if equals is None else "equality",
            low=ends[1] if equals is None else ends[0],
            high=ends[2],
            inclusive=inclusive and high is not None,
        )
        return replace(self, scoped=scope, spans=self._at({"source.scope": ""}))

    def backfill(
        self,
        column: str,
        *,
        kind: str = "date",
        first: str | int = "",
        last: str | int = "",
        step: str | int | None = None,
        buckets: int | None = None,
        inner: str = meaning.DEFAULT_INNER_MODE,
        max_chunks: int = 1000,
    ) -> Load:
        """Run the inner mode over slices of a column's range `[first, last)`."""
        chunk = Chunk(
            column=checked.name(column, "0"),
            kind=checked.one_of(kind, CHUNK_KINDS, "kind of slices", "kind"),
            first=str(first),
            last=str(last),
            step=checked.chunk_step(kind, step, "step"),
            buckets=checked.count(buckets, "buckets", least=1),
        )
        sliced = Backfill(
            inner_mode=checked.one_of(inner, meaning.MODES, "strategy", "inner"),
            chunk=chunk,
            max_chunks=checked.count(max_chunks, "max_chunks", least=1) or 1,
        )
        spans = self._at({"sink.strategy.backfill": ""})
        return replace(self, sliced=sliced, spans=spans)._finish("backfill", "auto")

    def into(
        self, sink: Endpoint, *, staging: str = "", state: str = "", lock_connection: str = "", version: str = ""
    ) -> LoadBuilder:
        """Where rows go: `mssql("mssql_dwh", "dbo.orders")`."""
        self._first(self.sink is None, "where it writes")
        places = (staging, state, lock_connection, version)
        return replace(
            self,
            sink=checked.sink(sink),
            places=places,
            spans=self._at({"sink": "", "sink.table": "0", "sink.staging": "staging"}),
        )

    def create_target(self, when: str) -> LoadBuilder:
        """What becomes of a target that is missing: "never" refuses the run, "if_missing" makes the table."""
        creates = checked.one_of(when, CREATE_WORDS, "way to make a missing target", "0")
        return replace(self, creates=creates, spans=self._at({"sink.create_target": "0"}))

    def schema_evolution(self, how: str) -> LoadBuilder:
        """What becomes of columns that the target lacks: "none" refuses the load, "additive" adds them."""
        evolves = checked.one_of(how, EVOLUTION_WORDS, "way to change a target", "0")
        return replace(self, evolves=evolves, spans=self._at({"sink.schema_evolution": "0"}))

    def client_os(self, system: str) -> LoadBuilder:
        """Whose sqlcmd and bcp run.sh calls: "linux", or "windows" (from WSL)."""
        client = checked.one_of(system, CLIENT_SYSTEMS, "system of sqlcmd and bcp", "0")
        return replace(self, client=client, spans=self._at({"client_os": "0"}))

    def key(self, *columns: str) -> LoadBuilder:
        """The columns that identify a row."""
        self._first(not self.unique, "a key")
        unique = tuple(checked.name(column, str(i)) for i, column in enumerate(columns))
        return replace(self, unique=unique, spans=self._at({"sink.strategy.unique_key": ""}))

    def partition_by(
        self, by: str | checked.PartitionBy, *, max_partitions: int = 64, nulls: str = "fail"
    ) -> LoadBuilder:
        """How the target is partitioned: `day("business_date")`, or a column whose values are the partitions."""
        self._first(self.partition is None, "a partition")
        by = by if isinstance(by, checked.PartitionBy) else checked.PartitionBy(by, PartitionUnit.VALUE)
        partition = Partitioning(
            column=checked.name(by.column, "0"),
            unit=by.unit,
            max_partitions=checked.count(max_partitions, "max_partitions", least=1) or 1,
            nulls=checked.one_of(nulls, meaning.PARTITION_NULLS, "policy for NULL in a partition column", "nulls"),
        )
        places = {"sink.strategy.partition": "", "sink.strategy.partition.column": "0"}
        return replace(self, partition=partition, spans=self._at(places))

    def hint(
        self,
        *,
        rows: int | None = None,
        changed: str | float | None = None,
        deleted: str | float | None = None,
        bytes: str | int | None = None,
        cdc: bool = False,
        batch_size: int | None = None,
    ) -> LoadBuilder:
        """What you estimate: counts, and shares 0..1."""
        self._first(self.hints is None, "hints")
        hints = Hints(
            rows=checked.count(rows, "rows"),
            changed=checked.share(changed, "changed"),
            deleted=checked.share(deleted, "deleted"),
            bytes=checked.size(bytes, "bytes"),
            cdc=cdc,
            batch_size=checked.count(batch_size, "batch_size", least=1),
        )
        said = {"rows": rows, "changed": changed, "deleted": deleted, "bytes": bytes}
        places = {f"hints.{name}": name for name, value in said.items() if value is not None}
        return replace(self, hints=hints, spans=self._at(places))

    def policies(self, **words: str) -> LoadBuilder:
        """What happens to awkward rows: null_keys, staging_duplicates, on_leave_filter, deletes, empty_slice …"""
        self._first(self.kept is None, "policies")
        for name, word in words.items():
            checked.one_of(name, meaning.POLICY_WORDS, "policy", name)
            checked.one_of(word, meaning.POLICY_WORDS[name], f"policy for {name}", name)
        return replace(self, kept=Policies(**words), spans=self._at({f"sink.policies.{name}": name for name in words}))

    def snapshot(self, *, compare: str = "row_hash", missing: str = "", mark: str = "deleted_at") -> LoadBuilder:
        """How the whole source is compared, and what becomes of keys that it lacks: hard_delete, soft_delete, ignore, expire."""
        self._first(self.compared is None, "how the source is compared")
        compared = Snapshot(
            compare=checked.one_of(compare, meaning.COMPARES, "way of comparing rows", "compare"),
            missing=checked.one_of(missing, ("", *meaning.MISSING_WORDS), "policy for missing keys", "missing"),
            mark=checked.name(mark, "mark"),
        )
        places = {"sink.strategy.snapshot.missing": "missing", "sink.strategy.snapshot.mark": "mark"}
        return replace(self, compared=compared, spans=self._at(places))

    def history(
        self, *, valid_from: str = "", valid_to: str = "", current: str = "", row_hash: str = ""
    ) -> LoadBuilder:
        """The technical columns of a history, where they are not called valid_from, valid_to and is_current."""
        self._first(self.kept_history is None, "the columns of its history")
        said = {"valid_from": valid_from, "valid_to": valid_to, "current": current, "row_hash": row_hash}
        history = History(**{word: name for word, name in said.items() if name})
        return replace(self, kept_history=history, spans=self._at({"sink.strategy.history": ""}))

    def limits(
        self,
        *,
        lock_timeout: str | int = 30,
        statement_timeout: str | int = 0,
        lease: str | int = 60,
        max_delete_ratio: str | float | None = None,
        max_delete_rows: int | None = None,
    ) -> LoadBuilder:
        """Bounds of every session of the run."""
        self._first(self.bounds is None, "limits")
        bounds = Limits(
            lock_timeout=checked.duration(lock_timeout, "lock_timeout"),
            statement_timeout=checked.duration(statement_timeout, "statement_timeout"),
            lease_seconds=checked.duration(lease, "lease"),
            max_delete_ratio=checked.share(max_delete_ratio, "max_delete_ratio"),
            max_delete_rows=checked.count(max_delete_rows, "max_delete_rows"),
        )
        return replace(self, bounds=bounds, spans=self._at({"sink.limits": ""}))

    def depends_on(self, *loads: str) -> LoadBuilder:
        """Loads that must have run before."""
        self._first(not self.after, "what it depends on")
        after = tuple(checked.name(load, str(i)) for i, load in enumerate(loads))
        return replace(self, after=after, spans=self._at({"depends_on": ""}))

    def description(self, text: str) -> LoadBuilder:
        """A sentence for the reviewer."""
        return replace(self, text=text)

    def _finish(self, mode: str, policy: str) -> Load:
        policy = checked.merge_policy(policy, "policy")
        if self.source is None or self.sink is None:
            raise ScriptError(SideMissing(self.name, "read" if self.source is None else "into"))
        staging, state, lock, version = self.places
        spans = self._at({"sink.strategy": "", "sink.strategy.mode": "", "sink.strategy.merge_policy": "policy"})
        load = Load(
            name=self.name,
            read=Read(
                endpoint=self.source,
                where=where_text(self.condition, self.source.engine),
                tombstone=where_text(self.gone, self.source.engine),
                columns=self.cols,
                cursor=self.cursor_spec,
                feed=self.feed,
                scope=self.scoped,
            ),
            write=Write(
                endpoint=self.sink,
                mode=mode,
                merge_policy=policy,
                key=self.unique,
                partition=self.partition,
                staging_schema=staging,
                state_schema=state,
                lock_connection=lock,
                version_column=version,
                create_target=self.creates,
                schema_evolution=self.evolves,
                policies=self.kept or Policies(),
                snapshot=self.compared or Snapshot(),
                history=self.kept_history or History(),
                limits=self.bounds or Limits(),
                backfill=self.sliced,
            ),
            hints=self.hints or Hints(),
            depends_on=self.after,
            description=self.text,
            client_os=self.client,
            origin=Origin(MappingProxyType({path: span for path, span in spans if span is not None})),
        )
        script = RUNNING.get()
        if script is not None:
            script.begun.pop(self.token, None)
            script.loads.append(load)
        return load

    def _first(self, is_first: bool, what: str) -> None:
        if not is_first:
            raise ScriptError(SaidTwice(self.name, what))

    def _at(self, places: dict[str, str]) -> tuple[tuple[str, Span | None], ...]:
        return (*self.spans, *((path, place(argument)) for path, argument in places.items()))


def load(name: str) -> LoadBuilder:
    """Begin a load."""
    checked.name(name, "0")
    token = object()
    script = RUNNING.get()
    if script is not None:
        script.begun[token] = (name, place())
    return LoadBuilder(name=name, token=token, spans=(("", place()), ("name", place("0"))))
