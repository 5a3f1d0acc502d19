"""partition_replace by ATTACH and DETACH: a table with the partition's structure and bound is filled where nobody waits, and takes
the partition's place in one transaction.

DETACH (not CONCURRENTLY, which no transaction may hold) and ATTACH: https://www.postgresql.org/docs/current/sql-altertable.html
A CHECK that implies the bound spares ATTACH its scan:
https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.apply import written
from dpone_compiler.backends.postgres.predicates import comparable_type, from_wall
from dpone_compiler.backends.postgres.script import counter, do_block, literal, word
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.backends.postgres.state import mine, state_sql
from dpone_compiler.backends.postgres.stored import digest_of
from dpone_compiler.backends.postgres.successor import DECLARED, dropped, obstacles, taken_over
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.plan.actions import BuildPartitions, SwapPartitions
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table, text
from dpone_compiler.sql.postgres_native import type_tree
from dpone_compiler.sql.render import Sql, frame, join

_BUILD = """\
<<leftovers>>
  parent := to_regclass(<<target>>);
<<unfit>>
  IF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = parent AND partdefid <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = format('%s has a default partition now', parent),
      HINT = 'ATTACH would lock and scan it; nothing was changed, run dponec introspect and compile again';
  END IF;
  SELECT rows_staged, digest INTO expected, expected_digest FROM <<state>>
<<mine>>
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
<<each>>
    SELECT count(*) INTO affected FROM <<staging>> AS s WHERE <<inside>>;
    IF old IS NULL AND affected = 0 THEN
      CONTINUE;
    ELSIF old IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = format('the target has no partition from %s to %s', low, high),
        HINT = 'nothing was changed; create the partition, or partition the target by the unit of the load';
    END IF;
<<hanging>>
    made := format('%I.%I', place, <<prefix>> || 'n' || nth);
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', made, old);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL AND %I >= %L AND %I < %L)',
      made, <<prefix>> || 'n' || nth, <<column>>, <<column>>, low, <<column>>, high);
    EXECUTE 'INSERT INTO ' || made || <<insert>> USING low, high;
    GET DIAGNOSTICS affected = ROW_COUNT;
    built := built + affected;<<digest>>
    EXECUTE 'ANALYZE ' || made;
  END LOOP;
  IF built IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the new partitions hold %s rows, %s were staged', built, expected),
      HINT = 'nothing was changed; run again';
  END IF;<<same>>"""

_EACH = """\
  FOR v, nth IN
    SELECT e.v, e.place FROM jsonb_array_elements_text(current_setting(<<parameter>>)::jsonb) WITH ORDINALITY AS e (v, place)
     ORDER BY e.place
  LOOP
    low := <<low>>;
    high := <<high>>;
    old := NULL;
    -- The bound is read as values of the column's type, so that neither zone nor spelling can hide a partition.
    SELECT c.oid, s.nspname, c.relname INTO old, place, kept_name
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS s ON s.oid = c.relnamespace,
           regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)$') AS b
     WHERE i.inhparent = parent AND c.relkind = 'r' AND b[1]::<<type>> = low AND b[2]::<<type>> = high;"""

_DIGEST = """
    EXECUTE <<before>> || made || <<after>> INTO pair;
    sum_a := sum_a + split_part(pair, ':', 1)::numeric;
    -- The second part is a sum too, or says of which kind the first one is.
    sum_b := CASE WHEN split_part(pair, ':', 2) ~ '^[0-9]' THEN (coalesce(sum_b, '0')::numeric + split_part(pair, ':', 2)::numeric)::text
                  ELSE split_part(pair, ':', 2) END;"""

_SAME = """
  IF built > 0 AND expected_digest IS DISTINCT FROM sum_a::text || ':' || sum_b THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the new partitions hold as many rows as were staged, and not the same ones',
      HINT = 'nothing was changed; look for defaults and column types of the partitions that differ from the target''s';
  END IF;"""

_SWAP = """\
  parent := to_regclass(<<target>>);
  LOCK TABLE <<table>> IN ACCESS EXCLUSIVE MODE;
<<each>>
    fresh := to_regclass(format('%I.%I', place, <<prefix>> || 'n' || nth));
    CONTINUE WHEN old IS NULL;
    IF fresh IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the new partition from %s to %s is not there', low, high),
        HINT = 'the transaction was rolled back; run again';
    END IF;<<counted>>
<<taken>>
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, old);
    EXECUTE format('ALTER TABLE %s RENAME TO %I', old, <<prefix>> || 'o' || nth);
    EXECUTE format('ALTER TABLE %s RENAME TO %I', fresh, kept_name);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, fresh, low, high);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', fresh, <<prefix>> || 'n' || nth);
  END LOOP;"""

# Only a limit on what may be deleted needs to know how many rows leave with the old partitions.
_COUNTED = """
    EXECUTE format('SELECT count(*) FROM %s', old) INTO affected;
    PERFORM set_config('dponec.rows_deleted', (<<deleted>> + affected)::text, true);
    EXECUTE format('SELECT count(*) FROM %s', fresh) INTO affected;
    PERFORM set_config('dponec.rows_inserted', (<<inserted>> + affected)::text, true);"""

_DECLARE = """\
<<shared>>
  parent regclass;
  v text;
  nth bigint;
  low <<type>>;
  high <<type>>;
  place name;
  kept_name name;
  made text;
  affected bigint;
  built bigint := 0;
  expected bigint;
  expected_digest text;
  pair text;
  sum_a numeric := 0;
  sum_b text;"""

_BUILT = ("ACCESS SHARE on the target and on each partition whose structure is copied: nobody waits",)
_SWAPPED = (
    # DETACH takes it on the parent too: https://www.postgresql.org/docs/current/sql-altertable.html
    "ACCESS EXCLUSIVE on the target, on each replaced partition and on each new one, from the swap to COMMIT: readers and writers wait",
)
_VISIBLE = {
    "READ COMMITTED": "waits for COMMIT (ACCESS EXCLUSIVE), then sees the new partitions",
    "REPEATABLE READ": "a reader that has read the target makes the swap wait; one whose snapshot is older than the new "
    "partitions and first reads the target after COMMIT sees NO rows of them",
}


def build_partitions(ctx: Context, action: BuildPartitions) -> Lowered:
    """One table a partition, filled and proved in a transaction of its own; nothing of the target changes."""
    content = action.level in ("content", "full")
    target = word(table(names.target(ctx.load))).text
    body = frame(
        _BUILD,
        leftovers=dropped(names.swap_prefix(ctx)),
        target=literal(target),
        unfit=obstacles("parent", alone=False),
        state=state_sql(ctx.load),
        mine=mine(ctx.load),
        each=_each(action.partitions),
        staging=word(table(names.staging(ctx, action.staging))),
        inside=_inside(action.partitions, "low", "high"),
        hanging=obstacles("old"),
        prefix=literal(names.swap_prefix(ctx)),
        column=literal(action.partitions.column),
        insert=_insert(ctx, action),
        digest=_digest(ctx, action) if content else Sql(""),
        same=Sql(_SAME if content else ""),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, _declare(action.partitions)).text + "\n"},
        params=("run_id", "fence", action.partitions.parameter),
        locks=_BUILT,
    )


def swap_partitions(ctx: Context, action: SwapPartitions) -> Lowered:
    """DETACH and ATTACH of every affected partition in the finalizer's transaction."""
    target = word(table(names.target(ctx.load)))
    limits = ctx.load.write.limits
    limited = limits.max_delete_ratio is not None or limits.max_delete_rows is not None
    body = frame(
        _SWAP,
        target=literal(target.text),
        table=target,
        each=_each(action.partitions),
        prefix=literal(names.swap_prefix(ctx)),
        counted=_counted() if limited else Sql(""),
        taken=taken_over(names.swap_prefix(ctx)),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, _declare(action.partitions)).text + "\n"},
        params=(action.partitions.parameter,),
        locks=_SWAPPED,
        visibility=_VISIBLE,
    )


def _counted() -> Sql:
    return frame(_COUNTED, deleted=word(counter("rows_deleted")), inserted=word(counter("rows_inserted")))


def drop_retired(ctx: Context) -> Lowered:
    """After COMMIT: whoever still reads the old tables makes only this step wait."""
    body = do_block(dropped(names.swap_prefix(ctx)), Sql("  given record;"))
    return Lowered(
        op="sql",
        bodies={"main": body.text + "\n"},
        locks=("ACCESS EXCLUSIVE on the tables that were taken out of the target",),
    )


def _each(partitions: PartitionSet) -> Sql:
    """The head of a loop over the listed partitions, with their bounds and the target's partition of exactly these bounds."""
    start = exp.cast(exp.column("v"), "timestamp")
    step = text(_STEPS["day" if partitions.unit == "value" else partitions.unit])
    end = shape("v::timestamp + :step::interval", step=step)
    return frame(
        _EACH,
        parameter=literal(f"dponec.{partitions.parameter}"),
        low=word(from_wall(start, partitions.type)),
        high=word(from_wall(end, partitions.type)),
        type=_type(partitions),
    )


_STEPS = {"hour": "1 hour", "day": "1 day", "month": "1 month", "year": "1 year"}


def _type(partitions: PartitionSet) -> Sql:
    return word(type_tree(comparable_type(partitions.type)))


def _declare(partitions: PartitionSet) -> Sql:
    return frame(_DECLARE, shared=DECLARED, type=_type(partitions))


def _inside(partitions: PartitionSet, low: str, high: str) -> Sql:
    value = word(column(partitions.column, "s"))
    return frame("<<value>> >= <<low>> AND <<value>> < <<high>>", value=value, low=Sql(low), high=Sql(high))


def _insert(ctx: Context, action: BuildPartitions) -> Sql:
    """What follows `INSERT INTO <made>`, as a literal; the bounds are bound."""
    columns = [word(identifier(m.target.name)) for m in written(action.staging.columns)]
    statement = frame(
        " (<<columns>>) SELECT <<columns>> FROM <<staging>> AS s WHERE <<inside>>",
        columns=join(", ", columns),
        staging=word(table(names.staging(ctx, action.staging))),
        inside=_inside(action.partitions, "$1", "$2"),
    )
    return literal(statement.text)


def _digest(ctx: Context, action: BuildPartitions) -> Sql:
    """The digest of one built table: the query's text around its name, which only the run knows."""
    number, mark = 0, "made"
    while True:
        digest, rows = digest_of(ctx, action.staging.columns, table_named(mark))
        place = word(table_named(mark)).text
        if rows.text.count(place) == 1:
            break
        number, mark = number + 1, f"made{number}"
    query = frame("SELECT <<pair>> FROM <<rows>>", pair=digest, rows=rows)
    before, after = query.text.split(place)
    return frame(_DIGEST, before=literal(before), after=literal(after))


def table_named(name: str) -> exp.Table:
    """A table of that bare name."""
    return exp.Table(this=identifier(name))
