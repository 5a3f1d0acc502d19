"""What the proofs of a merge into Postgres see: every way in which a row can be lost, doubled or changed on its way.

From source to staging the digests of both sides decide (DP501); from staging to target INSERT's count, or, where others can
interfere and at level full, the rows read back (DP510). Each edit is made in the emitted SQL or by a trigger of the target.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.test_mutants import Edit, holds, mutate
from tests.engines.loads.world import CURSOR, World, on

ROWS = (order(1, "a"), order(2, "b", day="2026-02-01"), order(3, None))
UNIQUE = {"upsert": True, "delete_insert": False, "update_insert": False}


def loaded(world: World, policy: str = "upsert", *, key: bool = True, **given: object) -> World:
    """A merge that has run once, and then a source in which everything has changed."""
    world.orders()
    if key:
        world.target("ALTER TABLE orders_copy ADD PRIMARY KEY (id)")
    world.insert(*ROWS)
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, merge_policy=policy, **given).run()
    world.source("UPDATE orders SET amount = amount + 1, at = clock_timestamp()")
    return world


def inserting(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new)


EXTRACTS = {
    "a row lost": lambda text: text.replace(") TO STDOUT", '  AND "id" <> 2) TO STDOUT'),
    "a row doubled": lambda text: re.sub(
        r"COPY \((.*)\) TO STDOUT", r"COPY (\1 UNION ALL \1) TO STDOUT", text, flags=re.DOTALL
    ),
    "a value changed": lambda text: text.replace('"amount"', '"amount" + 1 AS "amount"', 1),
    "two columns crossed": lambda text: text.replace('"id"', '"amount"::bigint AS "id"', 1),
    "a value lost": lambda text: text.replace('"note"', 'NULL::text AS "note"', 1),
}


@on("pg18", "pg15")
@pytest.mark.parametrize("edit", EXTRACTS)
def test_nothing_changes_between_source_and_staging(world: World, edit: str) -> None:
    loaded(world)
    before = world.rows()
    mutate(world, "transfer-rows.*extract", EXTRACTS[edit])
    world.fails("DP501")
    assert holds(world, before)


@on("pg18")
def test_a_comparison_of_staging_that_compares_nothing_is_seen(world: World) -> None:
    """Without the comparison of digests a changed value reaches the target."""
    loaded(world)
    mutate(world, "transfer-rows.*extract", EXTRACTS["a value changed"])
    mutate(
        world,
        "check-staged-rows",
        lambda text: text.replace("IF found IS DISTINCT FROM", "IF false AND found IS DISTINCT FROM"),
    )
    world.run()
    assert not holds(world, world.source_rows())


def unasked(text: str) -> str:
    """Nobody asks whether others can interfere."""
    return text.replace("others := EXISTS", "others := false AND EXISTS").replace("OR NOT EXISTS", "AND NOT EXISTS")


INSERTS = {
    "a row lost": inserting('AS "s"', 'AS "s" WHERE "s"."id" <> 2'),
    "a value changed": inserting('"s"."amount"', '"s"."amount" + 1'),
    "a value lost": inserting('"s"."note"', "NULL"),
    "two columns crossed": inserting('"s"."note"', '"s"."id"::text'),
    "one row for another": inserting(
        'AS "s"', 'AS "s" WHERE "s"."id" <> 2 UNION ALL SELECT 9, 1, \'\', \'2026-01-01\', now()'
    ),
}


@on("pg18", "pg15")
@pytest.mark.parametrize("policy", UNIQUE)
@pytest.mark.parametrize("edit", INSERTS)
def test_nothing_changes_between_staging_and_target(world: World, edit: str, policy: str) -> None:
    """Whatever the statement does, at level full; content trusts a reviewed INSERT that nothing else can meddle with."""
    loaded(world, policy, key=UNIQUE[policy], reconcile="full")
    before = world.rows()
    if policy == "update_insert":  # every key is there already
        change = inserting('= "s"."amount"', '= "s"."amount" + 1')
        mutate(world, "update-matching", change)
    else:
        mutate(world, "upsert-staged|insert-staged", INSERTS[edit])
    world.fails("DP510")
    assert holds(world, before)


@on("pg18", "pg15")
@pytest.mark.parametrize("level", ["counts", "keys", "content"])
@pytest.mark.parametrize("policy", ["upsert", "delete_insert"])
def test_a_row_that_insert_leaves_out_is_seen_at_every_level(world: World, policy: str, level: str) -> None:
    loaded(world, policy, reconcile=level)
    before = world.rows()
    mutate(world, "upsert-staged|insert-staged", INSERTS["a row lost"])
    world.fails("DP510")
    assert holds(world, before)


@on("pg18")
def test_a_conflict_that_is_left_alone_is_seen(world: World) -> None:
    loaded(world, reconcile="full")
    before = world.rows()
    mutate(
        world, "upsert-staged", lambda text: text.replace('"amount" = "excluded"."amount"', '"amount" = "t"."amount"')
    )
    world.fails("DP510")
    assert holds(world, before)


@on("pg18")
def test_a_delete_that_deletes_nothing_is_seen_without_an_index(world: World) -> None:
    """The staged rows are all stored, and their old versions stay: only reading back by key shows it."""
    loaded(world, "delete_insert", key=False)
    before = world.rows()
    mutate(world, "delete-matching", lambda text: text.replace('"t"."id" = "s"."id"', 'false AND "t"."id" = "s"."id"'))
    world.fails("DP510")
    assert holds(world, before)
    mutate(world, "reconcile", unasked)
    assert world.outcome().exit_code == 0, "what the question for others is there for"
    assert not holds(world, world.source_rows())


FUNCTION = "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
MEDDLERS = {
    "changes a row before": ("BEFORE INSERT OR UPDATE", "ROW", "NEW.amount := 0; RETURN NEW;"),
    "drops a row before": ("BEFORE INSERT OR UPDATE", "ROW", "IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW;"),
    "changes a row after": (
        "AFTER INSERT",
        "STATEMENT",
        "UPDATE orders_copy SET amount = 0 WHERE id = 2; RETURN NULL;",
    ),
    "deletes a row after": ("AFTER INSERT", "STATEMENT", "DELETE FROM orders_copy WHERE id = 2; RETURN NULL;"),
    "doubles a row after": (
        "AFTER INSERT",
        "STATEMENT",
        "IF pg_trigger_depth() = 1 THEN INSERT INTO orders_copy SELECT * FROM orders_copy WHERE id = 2; END IF; RETURN NULL;",
    ),
}


# A row that comes twice needs a table without a key.
CASES = [("upsert", which) for which in MEDDLERS if "doubles" not in which] + [("delete_insert", w) for w in MEDDLERS]


def meddle(world: World, which: str) -> None:
    when, each, body = MEDDLERS[which]
    world.target(FUNCTION.format(body=body))
    world.target(f"CREATE TRIGGER meddler {when} ON orders_copy FOR EACH {each} EXECUTE FUNCTION meddle()")


@on("pg18", "pg15")
@pytest.mark.parametrize(("policy", "which"), CASES)
def test_a_trigger_that_changes_what_was_stored_is_seen(world: World, policy: str, which: str) -> None:
    """Made after the compile, so that only the run itself can know of it."""
    loaded(world, policy, key=policy == "upsert")
    before = world.rows()
    meddle(world, which)
    world.fails("DP510")
    assert holds(world, before)


@on("pg18")
@pytest.mark.parametrize("level", ["keys", "content", "full"])
def test_a_row_that_a_trigger_deletes_is_missed_at_every_level_that_looks(world: World, level: str) -> None:
    loaded(world, reconcile=level)
    before = world.rows()
    meddle(world, "deletes a row after")
    world.fails("DP510")
    assert holds(world, before)


@on("pg18")
def test_without_the_question_for_others_a_trigger_after_the_statement_is_not_seen(world: World) -> None:
    loaded(world)
    meddle(world, "changes a row after")
    mutate(world, "reconcile", unasked)
    world.run()
    assert not holds(world, world.source_rows())


@on("pg18")
def test_a_trigger_that_changes_nothing_stops_nothing(world: World) -> None:
    loaded(world)
    world.target(FUNCTION.format(body="RETURN NEW;"))
    world.target("CREATE TRIGGER meddler BEFORE INSERT ON orders_copy FOR EACH ROW EXECUTE FUNCTION meddle()")
    world.run()
    world.same(world.source_rows())


@on("pg18", "pg15")
@pytest.mark.parametrize(
    ("level", "tampering"),
    [("full", "UPDATE {} SET note = 'x' WHERE id = 2;\n"), ("content", "DELETE FROM {} WHERE id = 2;\n")],
)
def test_staging_that_changed_after_it_was_proved_is_seen(world: World, level: str, tampering: str) -> None:
    """Rows that went or came are counted at every level; a value that somebody edited in between is seen by full."""
    loaded(world, reconcile=level)
    before = world.rows()
    tampering = tampering.format(staged(world))
    mutate(world, "fence-finalize", lambda text: text + tampering)
    world.fails("DP510")
    assert holds(world, before)


def staged(world: World) -> str:
    text = next(world.bundle.glob("steps/*drop-rows.sql")).read_text()
    return text[text.index('"public"') : text.rindex(";")]


@on("pg18")
def test_an_index_that_is_gone_stops_the_upsert(world: World) -> None:
    loaded(world)
    before = world.rows()
    world.target("ALTER TABLE orders_copy DROP CONSTRAINT orders_copy_pkey")
    assert world.outcome().exit_code != 0
    assert holds(world, before)


NAMES = ("wrong", "staged", "found", "affected", "expected", "digest_text", "others", "expected_digest", "h", "t", "s")


@on("pg18", "pg15")
@pytest.mark.parametrize("level", ["content", "full", "keys"])
def test_columns_called_like_variables_of_ours(world: World, level: str) -> None:
    listed = ", ".join(f'"{name}" text' for name in NAMES)
    world.source(f"CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz NOT NULL, {listed})")
    world.target(f"CREATE TABLE orders_copy (id bigint PRIMARY KEY, at timestamptz NOT NULL, {listed})")
    world.source("INSERT INTO orders (id, at, wrong, found) VALUES (1, now(), 'a', 'b'), (2, now(), NULL, 'c')")
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, reconcile=level).run()
    assert world.count() == 2
    world.load("incremental_merge", key=["wrong"], name="by_text", source={"cursor": CURSOR}, reconcile=level)
    world.state("adopt", watermark="")
    world.fails("DP503")


def decision(world: World) -> tuple[str, str]:
    doc = json.loads((world.bundle / "plan.json").read_text())
    return doc["decision"]["merge_policy"], doc["decision"]["reasons"] and json.dumps(doc["decision"])


TARGETS = {
    "upsert": "ALTER TABLE orders_copy ADD PRIMARY KEY (id)",
    "delete_insert": "ALTER TABLE orders_copy ADD UNIQUE (id, day)",
    "delete_insert ": "ALTER TABLE orders_copy ADD PRIMARY KEY (id) DEFERRABLE",
    "update_insert": "ALTER TABLE orders_copy ADD own text",
    "update_insert ": "ALTER TABLE orders_copy ADD UNIQUE (id) DEFERRABLE, ADD UNIQUE (amount); "
    "CREATE TABLE referring (amount numeric(18,2) REFERENCES orders_copy (amount))",
}


@on("pg18")
@pytest.mark.parametrize("expected", TARGETS)
def test_the_table_decides_the_policy(world: World, expected: str) -> None:
    world.orders()
    world.target(TARGETS[expected])
    world.insert(*ROWS)
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR})
    assert decision(world)[0] == expected.strip(), decision(world)
    world.run()
    world.source("UPDATE orders SET note = 'new', at = clock_timestamp() WHERE id < 3")
    world.run()
    world.same(world.source_rows())
