"""A lab for a cell: the world of the load tests introspects and compiles once; the bundle is then run in databases of its own."""

from __future__ import annotations

from pathlib import Path

from dpone_compiler.artifacts.bundle import folder_name
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.verify.intent import read_intent
from dpone_compiler.verify.lab import Lab
from tests.differential.shapes import Shape
from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.world import World

_COLUMNS = {
    "postgres": "id bigint, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL",
    "clickhouse": "id {id}, amount Decimal(18,2), note Nullable(String), day Date, seq Int64, at {moment}",
}


_TECHNICAL = {
    "": ("", ""),
    "flag": (", gone boolean", ""),
    "deleted_at": (", deleted_at timestamptz", ", deleted_at Nullable({moment})"),
    "gone": ("", ", gone UInt8 DEFAULT 0"),
    "history": (
        ", valid_from timestamptz NOT NULL, valid_to timestamptz, is_current boolean NOT NULL",
        ", valid_from {moment}, valid_to Nullable({moment}), is_current Bool",
    ),
}


_SOURCE = {
    "": "id bigint {key}, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL",
    "change_table": "id bigint, amount numeric(18,2), note text, day date, at timestamptz, seq bigint NOT NULL, op text NOT NULL",
}
_CHANGED = {
    "postgres": "id bigint, amount numeric(18,2), note text, day date, at timestamptz",
    "clickhouse": "id {id}, amount Nullable(Decimal(18,2)), note Nullable(String), day Date, at Nullable({moment})",
}


def make_lab(shape: Shape, world: World, source: FreshDatabase, target: FreshDatabase) -> Lab:
    """Compile the shape in `world`; the lab gets its source and, on Postgres, its target from new databases."""
    world.source(f"CREATE TABLE orders ({_SOURCE[shape.form].format(key=shape.key)})")
    technical = _TECHNICAL[shape.technical][world.sink.clickhouse]
    columns = ((_CHANGED if shape.form else _COLUMNS)[world.sink.engine] + technical).format(
        id="Int64", moment=world.sink.moment
    )
    sink: dict[str, str] = {}
    if shape.created:
        sink = {"create_target": "if_missing"}
    elif shape.monthly and not world.sink.clickhouse:
        january = "PARTITION OF orders_copy FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"
        world.target(
            f"CREATE TABLE orders_copy ({columns}) PARTITION BY RANGE (day); CREATE TABLE orders_january {january}"
        )
    else:
        world.make_target(columns=columns, **shape.target)
    given = {"key": ["id"]} if shape.keyed else {}
    result = world.compiled(shape.mode, source=dict(shape.source), sink=sink, **given, **shape.strategy)
    assert not result.failed, [(d.code, d.problem.message()) for d in result.diagnostics]
    (bundle,) = result.bundles
    write_bundle(bundle, world.folder / "plans")
    loaded = load_bundle(world.folder / "plans" / folder_name("orders"))
    if world.sink.clickhouse and not shape.created:
        world.target("DROP TABLE orders_copy")
    target_url = world.target_url if world.sink.clickhouse else target()
    return Lab(loaded, read_intent(loaded.body("intent.json")), source(), target_url, Path(world.folder))
