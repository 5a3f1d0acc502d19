"""Strategies that generate loads as the front ends can build them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.load_checks import check_load, name_fault
from dpone_compiler.ir.evolution import EVOLUTION_WORDS
from dpone_compiler.ir.load import (
    CLIENT_SYSTEMS,
    ENGINES,
    SOURCE_ENGINES,
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
    SqlText,
    Write,
)
from dpone_compiler.ir.new_target import CREATE_WORDS
from dpone_compiler.ir.schema import TableRef

WORDS = st.sampled_from(["key", "from", "day", "orders", "into", "x", "lag", "where", "Order", "rows", "is", "not"])
# A file on disk has no surrogates, line ends are normalised when it is read, and U+0000 is refused (DP033).
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=12)
NAME = st.one_of(WORDS, TEXT.filter(bool))
SQL_PART = st.sampled_from(
    [
        "a",
        "=",
        "'x''y'",
        "'",
        '"',
        "(",
        ")",
        "$$",
        "$sql$",
        "\n",
        "state",
        " key b ",
        "{",
        "}",
        "#",
        "--",
        "/*",
        "é",
        "\\",
        " ",
    ]
)
SQL = st.one_of(TEXT, st.lists(SQL_PART, max_size=12).map("".join)).map(str.strip).map(lambda text: SqlText(text=text))
SHARE = st.one_of(st.none(), st.floats(0, 1, allow_nan=False), st.sampled_from([0.2, 0.05, 0.07]))
COUNT = st.one_of(st.none(), st.integers(0, 10**15))
SECONDS = st.integers(0, 10**7)
DAYS = st.integers(1, 999).map(lambda days: days * 86400)


def optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The strategy or ''."""
    return st.one_of(st.just(""), strategy)


@st.composite
def endpoints(draw: st.DrawFn, engines: tuple[str, ...]) -> Endpoint:
    """An endpoint as a front end builds it: a topic has no schema."""
    engine = draw(st.sampled_from(engines))
    schema = "" if engine == "kafka" else draw(NAME)
    return Endpoint(engine=engine, connection=draw(NAME), table=TableRef(schema, draw(NAME)))


COLUMNS = st.builds(ColumnSpec, name=NAME, target=NAME, sql=st.one_of(st.none(), SQL), cast=TEXT)
CURSORS = st.builds(
    Cursor,
    column=NAME,
    lag=st.one_of(st.none(), SECONDS),
    lookback=SECONDS,
    assigned_by=optional(st.sampled_from(meaning.CURSOR_ASSIGNERS)),
    nulls=optional(st.sampled_from(meaning.CURSOR_NULLS)),
)
SOFT = st.one_of(st.tuples(st.sampled_from(["apply", "ignore"]), st.just("")), st.tuples(st.just("soft_delete"), NAME))


def feed(mode: str, soft: tuple[str, str], truncate: str, names: tuple[str, str]) -> ChangeFeed:
    """A feed that lacks nothing: each mode has its own two names."""
    fields = ("operation", "sequence") if mode == "change_table" else ("slot", "publication")
    return ChangeFeed(
        mode=mode, deletes=soft[0], deleted_column=soft[1], truncate=truncate, **dict(zip(fields, names, strict=True))
    )


FEEDS = st.builds(
    feed,
    st.sampled_from(meaning.FEED_MODES),
    SOFT,
    st.sampled_from(meaning.FEED_TRUNCATE),
    st.tuples(NAME, optional(NAME)),
)
PARTITIONS = st.builds(
    Partitioning,
    column=NAME,
    unit=st.sampled_from(PartitionUnit),
    max_partitions=st.integers(1, 9999),
    nulls=st.sampled_from(meaning.PARTITION_NULLS),
)
POLICIES = st.builds(Policies, **{name: st.sampled_from(words) for name, words in meaning.POLICY_WORDS.items()})
SNAPSHOTS = st.builds(
    Snapshot,
    compare=st.sampled_from(meaning.COMPARES),
    missing=optional(st.sampled_from(meaning.MISSING_WORDS)),
    mark=NAME,
)
HISTORIES = st.builds(History, valid_from=NAME, valid_to=NAME, current=NAME, row_hash=optional(NAME))
LIMITS = st.builds(
    Limits,
    lock_timeout=SECONDS,
    statement_timeout=SECONDS,
    lease_seconds=SECONDS,
    max_delete_ratio=SHARE,
    max_delete_rows=COUNT,
)
HINTS = st.builds(
    Hints,
    rows=COUNT,
    changed=SHARE,
    deleted=SHARE,
    bytes=COUNT,
    cdc=st.booleans(),
    batch_size=st.one_of(st.none(), st.integers(1, 10**6)),
)
# An open end is written as nothing, and only a written end can be inclusive.
SCOPES = st.one_of(
    st.builds(DeclaredScope, column=NAME, kind=st.just("equality"), low=TEXT),
    st.builds(DeclaredScope, column=NAME, kind=st.just("range"), low=TEXT),
    st.builds(
        DeclaredScope,
        column=NAME,
        kind=st.just("range"),
        low=st.one_of(st.none(), TEXT),
        high=TEXT,
        inclusive=st.booleans(),
    ),
)
BACKFILLS = st.builds(
    Backfill,
    inner_mode=st.sampled_from(meaning.MODES),
    chunk=st.one_of(
        st.builds(Chunk, column=NAME, kind=st.just("date"), first=TEXT, last=TEXT, step=DAYS),
        st.builds(Chunk, column=NAME, kind=st.just("timestamp"), first=TEXT, last=TEXT, step=SECONDS),
        st.builds(Chunk, column=NAME, kind=st.just("integer"), first=TEXT, last=TEXT, step=SECONDS),
        st.builds(Chunk, column=NAME, kind=st.just("uuid"), buckets=st.integers(1, 999)),
    ),
    max_chunks=st.integers(1, 9999),
)
READS = st.builds(
    Read,
    endpoint=endpoints(SOURCE_ENGINES),
    where=st.one_of(st.none(), SQL),
    tombstone=st.one_of(st.none(), SQL),
    columns=st.one_of(
        st.none(), st.lists(COLUMNS, min_size=1, max_size=3, unique_by=lambda column: column.target).map(tuple)
    ),
    cursor=st.one_of(st.none(), CURSORS),
    feed=st.one_of(st.none(), FEEDS),
    scope=st.one_of(st.none(), SCOPES),
    declared=st.lists(st.tuples(NAME, TEXT, st.booleans()), max_size=3).map(tuple),
)
WRITES = st.builds(
    Write,
    endpoint=endpoints(ENGINES),
    mode=st.sampled_from(("", *meaning.MODES)),
    merge_policy=st.sampled_from(meaning.MERGE_POLICIES),
    key=st.lists(NAME, max_size=3, unique=True).map(tuple),
    partition=st.one_of(st.none(), PARTITIONS),
    staging_schema=optional(NAME),
    state_schema=optional(NAME),
    lock_connection=optional(NAME),
    version_column=optional(NAME),
    create_target=st.sampled_from(CREATE_WORDS),
    schema_evolution=st.sampled_from(EVOLUTION_WORDS),
    policies=POLICIES,
    snapshot=SNAPSHOTS,
    history=HISTORIES,
    limits=LIMITS,
    backfill=st.one_of(st.none(), BACKFILLS),
)


def _workable(load: Load) -> Load:
    """The load with a mode that needs nothing, when its own needs what it lacks."""
    return replace(load, write=replace(load.write, mode="auto")) if check_load(load) else load


LOADS = st.builds(
    Load,
    name=NAME.filter(lambda name: not name_fault(name)),
    read=READS,
    write=WRITES,
    hints=HINTS,
    depends_on=st.lists(NAME, max_size=3).map(tuple),
    description=TEXT,
    client_os=st.sampled_from(CLIENT_SYSTEMS),
    passthrough=st.dictionaries(TEXT, TEXT, max_size=2).map(lambda found: tuple(sorted(found.items()))),
).map(_workable)
