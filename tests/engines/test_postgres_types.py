"""Types, conversions, generated columns and introspection of the Postgres backend, on Postgres 18 and 15."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dpone_compiler.backends.postgres import BACKEND
from dpone_compiler.introspect.postgres import TableNotFoundError, read_postgres
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.loss import Loss, Question
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan import actions as do
from dpone_compiler.spi.backend import Carry
from tests.engines.postgres_lab import Lab, column, labs, opened, same, stage
from tests.tiers import POSTGRES_SERVERS

SOURCE, TARGET = TableRef("", "source"), TableRef("", "target")


@pytest.fixture(params=POSTGRES_SERVERS)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Lab]]:
    yield from labs(request.getfixturevalue(request.param), SOURCE, TARGET)


TYPES = {
    "numeric": "1.500, 'NaN', 'Infinity', -0.1",
    "numeric(10,2)": "1.5, 99999999.99",
    "double precision": "'-0', 0, 'NaN', '-Infinity', 1e300, 0.1",
    "real": "'-0', 1e-30",
    "boolean": "true, false",
    "bytea": r"'\x00ff', ''",
    "date": "'infinity', '-infinity', '0044-03-15 BC', '2024-02-29'",
    "timestamp(3) without time zone": "'2024-02-29 12:00:00.123', '-infinity'",
    "timestamp with time zone": "'2024-02-29 12:00:00.123456+05', 'infinity', '1969-12-31 23:59:59.999999+00'",
    "time with time zone": "'12:00:00.5+03'",
    "interval": "'1 mon', '30 days', '-1 day 12:00'",
    "uuid": "'00000000-0000-0000-0000-000000000001'",
    "json": "'{\"a\" : 1}'",
    "jsonb": "'{\"a\": 1.0}'",
    "text": "'', ' ', E'\\\\N', E'a\\tb\\nc\\\\d', 'ü😀', 'V1:x'",
    "character(5)": "'ab', ''",
    "text[]": "'{}', '{a,NULL,\"b,c\"}'",
    "inet": "'10.0.0.1/8'",
    'public."Odd Mood"': "'so so'",
}


@pytest.mark.parametrize("wire", ["text", "binary"])
def test_every_type_arrives_and_is_proved(make: Callable[..., Lab], wire: str) -> None:
    kept = [n for n in TYPES if wire == "text" or BACKEND.carry(column("c", n), column("c", n), "postgres").binary]
    moved = same(*(column(f"c{i}", n) for i, n in enumerate(kept)))
    shape = ", ".join(f"c{i} {n}" for i, n in enumerate(kept))
    rows = do.Staging(role="rows", columns=moved)
    mood = """CREATE TYPE "Odd Mood" AS ENUM ('so so');"""
    plan: tuple[do.Action, ...] = (
        do.Fence(),
        do.InsertStaged(staging=rows),
        do.Reconcile(staging=rows, level="content", scope="all"),
    )
    lab = make(f"{mood} CREATE TABLE source ({shape}); CREATE TABLE target ({shape})", moved, *plan)
    for i, native in enumerate(kept):
        lab.source.run(
            f"INSERT INTO source (c{i}) SELECT v::{native} FROM unnest(ARRAY[{TYPES[native]}]::text[]) AS u (v)", {}
        )
    everything = do.Selection(table=SOURCE, columns=moved)
    lab.on_source(do.CheckTable(side="source", table=SOURCE))
    lab.on_target(do.CheckTable(side="target", table=TARGET))
    opened(lab)
    lab.on_source(do.FingerprintSource(selection=everything, level="content", role="rows"))
    stage(lab, everything, rows, wire)
    lab.on_target(do.CheckStagedRows(staging=rows, level="content"), do.RecordStaged(staging=rows, level="content"))
    lab.in_transaction(*plan)
    differ = (
        "SELECT count(*)::text FROM (SELECT s::text FROM source AS s EXCEPT ALL SELECT t::text FROM target AS t) AS d"
    )
    assert lab.target.run(differ, {}).rows == (("0",),)


CONVERTED = [
    ("timestamp with time zone", "timestamp without time zone", "2024-01-01 12:00:00+05", "2024-01-01 07:00:00"),
    ("timestamp without time zone", "timestamp with time zone", "2024-01-01 12:00:00", "2024-01-01 12:00:00+00"),
    ("numeric(18,4)", "numeric(10,2)", "1.2550", "1.26"),
    ("integer", "text", "7", "7"),
    ("double precision", "numeric", "0.1", "0.1"),
    ("text", "date", "2024-02-29", "2024-02-29"),
    ("boolean", "text", "t", "true"),
    ("character(5)", "text", "ab", "ab"),
    ("character(5)", "character varying(9)", "ab", "ab"),
    ("character(5)", "character(9)", "ab", "ab"),
    ("inet", "text", "10.0.0.1", "10.0.0.1/32"),
    ("bytea", "text", "\\x00ff", "\\x00ff"),
    ("integer[]", "text", "{1,NULL}", "{1,NULL}"),
    ("interval", "text", "1 mon 02:00", "1 mon 02:00:00"),
    ("interval(0)", "interval(3)", "1 mon 02:00:01", "1 mon 02:00:01"),
    ("integer[]", "bigint[]", "[0:1]={1,NULL}", "[0:1]={1,NULL}"),
    ("inet[]", "text[]", "{10.0.0.1}", "{10.0.0.1}"),
    ("character varying(3)[]", "text[]", '{"a ",NULL}', '{"a ",NULL}'),
]

REFUSED = [
    ("double precision[]", "real[]"),
    ("numeric[]", "numeric(10,2)[]"),
    ("timestamp without time zone[]", "date[]"),
    ("timestamp without time zone[]", "timestamp with time zone[]"),
    ("text[]", "character varying(3)[]"),
    ("text[]", "character(3)[]"),
    ("character(3)[]", "text[]"),
    ("bigint[]", "integer[]"),
    ("text[]", "integer[]"),
    ("interval[]", "interval(0)[]"),
    ("interval[]", "interval hour to minute[]"),
    ("interval", "interval hour to minute"),
    ("interval", "interval second(3)"),
    ("text", "interval year"),
]


@pytest.mark.parametrize(("given", "wanted"), REFUSED)
def test_what_the_digest_would_not_see_and_no_question_is_asked_of_is_refused(given: str, wanted: str) -> None:
    """Of elements no question can be asked, and both sides of a digest drop the fields of an interval alike."""
    assert BACKEND.carry(column("c", given), column("c", wanted), "postgres", None).refused


@pytest.mark.parametrize(("given", "wanted", "value", "stored"), CONVERTED)
def test_a_converted_value_is_proved_in_its_new_form(
    make: Callable[..., Lab], given: str, wanted: str, value: str, stored: str
) -> None:
    moved = (MovedColumn(source=column("a", given), target=column("b", wanted)),)
    rows = do.Staging(role="rows", columns=moved)
    lab = make(f"CREATE TABLE source (a {given}); CREATE TABLE target (b {wanted})", moved)
    lab.source.run(f"SET TimeZone = 'Asia/Tokyo'; INSERT INTO source VALUES ('{value}')", {})
    everything = do.Selection(table=SOURCE, columns=moved)
    lab.on_source(do.FingerprintSource(selection=everything, level="content", role="rows"))
    stage(lab, everything, rows)
    lab.on_target(do.CheckStagedRows(staging=rows, level="content"))
    (name,) = lab.target.run("SELECT tablename FROM pg_tables WHERE tablename LIKE '%dponec%rows'", {}).rows[0]
    assert lab.target.run(f'SELECT b::text FROM "{name}"', {}).rows == ((stored,),)


def test_identity_and_generated_columns(make: Callable[..., Lab]) -> None:
    moved = same(column("id", "integer", identity=True), column("v", "integer"), column("w", "integer", generated=True))
    rows = do.Staging(role="rows", columns=moved)
    plan: tuple[do.Action, ...] = (
        do.Fence(),
        do.UpdateMatching(staging=rows, key=("id",)),
        do.InsertStaged(staging=rows, missing_key=("id",)),
        do.Reconcile(staging=rows, level="full", scope="keys", key=("id",)),
    )
    ddl = (
        "CREATE TABLE source (id int, v int, w int); CREATE TABLE target (id int GENERATED ALWAYS AS IDENTITY, v int,"
        " w int GENERATED ALWAYS AS (v * 2) STORED)"
    )
    lab = make(ddl, moved, *plan)
    lab.source.run("INSERT INTO source VALUES (5, 1, 0), (6, 2, 0)", {})
    lab.target.run("INSERT INTO target OVERRIDING SYSTEM VALUE VALUES (5, 9)", {})
    opened(lab)
    everything = do.Selection(table=SOURCE, columns=moved)
    lab.on_source(do.FingerprintSource(selection=everything, level="content", role="rows"))
    stage(lab, everything, rows)
    lab.on_target(do.CheckStagedRows(staging=rows, level="content"), do.RecordStaged(staging=rows, level="content"))
    lab.in_transaction(*plan)
    assert lab.target.run("SELECT * FROM target ORDER BY id", {}).rows == (("5", "1", "2"), ("6", "2", "4"))


def test_introspection(make: Callable[..., Lab]) -> None:
    lab = make(
        "CREATE TYPE mood AS ENUM ('ok'); CREATE SCHEMA s; CREATE TABLE target (id int PRIMARY KEY);"
        'CREATE TABLE s."T x" (id int GENERATED ALWAYS AS IDENTITY, d date, n numeric(10,2) NOT NULL, m mood, ms mood[],'
        " g int GENERATED ALWAYS AS (1) STORED, PRIMARY KEY (id, d), UNIQUE (n, d)) PARTITION BY RANGE (d);"
        "CREATE TABLE s.p1 PARTITION OF s.\"T x\" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
        'CREATE TABLE s.child (id int, d date, FOREIGN KEY (id, d) REFERENCES s."T x");'
        'CREATE MATERIALIZED VIEW s.mv AS SELECT id FROM s."T x"; ALTER TABLE s."T x" ENABLE ROW LEVEL SECURITY;'
        'INSERT INTO s."T x" (d, n) VALUES (\'2024-02-02\', 1); ANALYZE s."T x"',
        (),
    )
    table = TableRef("s", "T x")
    engine, tables = read_postgres(lab.source, (table,))
    structure = tables[table].structure
    assert engine.version[0] in (15, 18) and dict(engine.settings)["server_encoding"] == "UTF8"
    assert [(c.name, c.native) for c in structure.columns] == [
        ("id", "integer"), ("d", "date"), ("n", "numeric(10,2)"), ("m", "public.mood"), ("ms", "public.mood[]"), ("g", "integer"),
    ]  # fmt: skip
    assert structure.columns[0].identity and structure.columns[5].generated and not structure.columns[2].nullable
    assert structure.primary_key == ("id", "d") and structure.unique_keys == (("n", "d"),)
    assert structure.partition_key == "RANGE (d)"
    assert {kind for kind, _ in structure.hazards} == {"incoming_foreign_key", "materialized_view", "row_security"}
    assert [p.id for p in tables[table].statistics.partitions] == ["s.p1"] and tables[table].statistics.rows == 1
    with pytest.raises(TableNotFoundError):
        read_postgres(lab.source, (TableRef("", "absent"),))


def test_carry_knows_what_is_lost() -> None:
    lost = BACKEND.carry(column("c", "numeric(18,2)"), column("c", "numeric(10,2)"), "postgres", None)
    high = "99999999.99"
    says = "numbers of more than 8 digits before the point"
    assert lost == Carry(binary=False, losses=(Loss(test=Question.OUTSIDE, says=says, low=f"-{high}", high=high),))
    assert BACKEND.carry(column("c", "varchar(9)"), column("c", "character varying(9)"), "postgres", None).binary
    assert BACKEND.carry(column("c", "bytea"), column("c", "date"), "postgres", None).refused


@pytest.mark.parametrize(
    ("given", "wanted", "says"),
    [
        ("text", "timestamp(0) without time zone", "what is finer than that is rounded"),
        ("text", "date", "what is finer than that is rounded"),
        ("text", "integer", "text that is not a int32 stops the load"),
        ("tstzrange", "tsrange", "shows at level content alone"),
        ("public.cents", "public.price", "shows at level content alone"),
    ],
)
def test_what_no_question_is_asked_of_is_told(given: str, wanted: str, says: str) -> None:
    assert BACKEND.carry(column("c", given), column("c", wanted), "postgres", None).loss.endswith(says)
