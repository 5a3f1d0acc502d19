"""An incremental merge of a tenth of the table against the transaction that one would write by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.bench.lab import COLUMNS, Lab, fill_source, psql, shares, transfer
from tests.bench.measure import BenchError, Line, Sample, cpu, interleave, ratio, shell, wall

_MANIFEST = """
name: {name}
source:
  type: postgres
  connection_id: bench_source
  table: {{schema: public, name: src}}
  cursor: {{column: updated_at, assigned_by: database}}
  options: {{estimated_rows: {rows}, changed_percent: 0.10}}
sink:
  type: postgres
  connection_id: bench_pg
  table: {{schema: public, name: {kind}}}
  strategy: {{mode: incremental_merge, unique_key: [id]{more}}}
"""
# What the compiler chooses (upsert, proved at content), the hand's own way proved as deeply, and the least that may be proved.
_KINDS = {
    "chosen": "",
    "deleting": ", merge_policy: delete_insert",
    "counts": ", reconcile: counts",
}
_LIMITED = "chosen"
_NAMES = ", ".join(column.split()[0] for column in COLUMNS.replace("(18,2)", "").split(", "))


def measure(scratch: Path, quick: bool) -> Iterator[Line]:
    """Each round changes the source, and all merge the same delta, in turns first and second."""
    rows, rounds = (1_000_000, 3) if quick else (2_000_000, 3)
    with ExitStack() as stack:
        lab = Lab(scratch, stack)
        lab.postgres("bench_source", fsync=True)
        lab.postgres("bench_pg", fsync=True)
        fill_source(lab, "bench_source", rows)
        with lab.connect("bench_pg") as connection:
            for name in (*_KINDS, "byhand"):
                connection.execute(f"CREATE TABLE {name} ({COLUMNS}, PRIMARY KEY (id))".encode())
            connection.execute("CREATE SCHEMA IF NOT EXISTS staging")
        turns = _Turns(lab, rows)
        contenders = {"hand": partial(turns.take, turns.by_hand)}
        for kind, more in _KINDS.items():
            text = _MANIFEST.format(rows=rows, name=f"merge_{kind}", kind=kind, more=more)
            bundle = lab.compile(text, f"merge_{kind}")
            lab.run(bundle)
            contenders[kind] = partial(turns.take, partial(lab.run, bundle))
        with lab.connect("bench_pg") as connection:
            connection.execute(b"INSERT INTO byhand SELECT * FROM chosen")
        found = interleave(contenders, rounds, warm=1)
        turns.compare()
    for kind in _KINDS:
        yield from _lines(kind, found[kind], found["hand"], rows)
    yield Line("merge", "by hand", wall(found["hand"]), "s", note=f"CPU of psql {cpu(found['hand']):.2f} s")


def _lines(kind: str, ours: list[Sample], hand: list[Sample], rows: int) -> Iterator[Line]:
    last = sorted(ours, key=lambda run: run.wall)[len(ours) // 2]
    total = ratio(ours, hand, lambda sample: sample.cpu + float(sample.extra["engines"]))
    times = ratio(ours, hand, lambda sample: sample.wall)
    name = f"a tenth, {kind}{_KINDS[kind]}"
    limit = 1.3 if kind == _LIMITED else None
    rounds = ", ".join(f"{one.wall / other.wall:.2f}" for one, other in zip(ours, hand, strict=True))
    note = f"rounds {rounds}; CPU with engines {total:.2f} x"
    yield Line("merge", f"{name}: to the hand's transaction", times, "x", limit, note=note)
    note = f"{transfer(last)['rows']} of {rows} rows; CPU of the runner {cpu(ours):.2f} s; {shares(last, 9)}"
    yield Line("merge", f"{name}: dponec run", wall(ours), "s", note=note)


class _Turns:
    """The source changes before the first turn of a round, so that all merge the same rows."""

    def __init__(self, lab: Lab, rows: int) -> None:
        self.lab = lab
        self.rows = rows
        self.turns = 0
        self.since = ""

    def take(self, contender: Callable[[], Sample]) -> Sample:
        """A turn."""
        if self.turns % (1 + len(_KINDS)) == 0:
            self._change(self.turns // (1 + len(_KINDS)))
        self.turns += 1
        return contender()

    def by_hand(self) -> Sample:
        """Staging, COPY, delete, insert, commit."""
        source, target = psql(self.lab.engines["bench_source"]), psql(self.lab.engines["bench_pg"])
        extract = f"COPY (SELECT {_NAMES} FROM src WHERE updated_at >= '{self.since}') TO STDOUT (FORMAT binary)"
        statements = (
            "BEGIN",
            "CREATE UNLOGGED TABLE stage (LIKE byhand)",
            "COPY stage FROM STDIN (FORMAT binary)",
            "DELETE FROM byhand t USING stage s WHERE t.id = s.id",
            f"INSERT INTO byhand ({_NAMES}) SELECT {_NAMES} FROM stage",
            "DROP TABLE stage",
            "COMMIT",
        )
        before = self.lab.engine_cpu()
        words = " ".join(f'-c "{statement}"' for statement in statements)
        done = shell(f'{source} -c "{extract}" | {target} {words}')
        return Sample(done.wall, done.cpu, extra={"engines": self.lab.engine_cpu() - before})

    def compare(self) -> None:
        """All targets hold the same rows."""
        with self.lab.connect("bench_pg") as connection:
            found = connection.execute(
                "SELECT (SELECT count(*) FROM chosen), (SELECT count(*) FROM byhand), (SELECT count(*) FROM counts), "
                "(SELECT count(*) FROM deleting), (SELECT count(*) FROM (TABLE chosen EXCEPT TABLE byhand) x)"
            ).fetchone()
        if found is None or len(set(found[:4])) != 1 or found[4]:
            raise BenchError(f"the targets differ: {found}")

    def _change(self, turn: int) -> None:
        new, changed = self.rows // 100, self.rows * 9 // 100
        with self.lab.connect("bench_source") as connection:
            row = connection.execute("SELECT clock_timestamp()::text").fetchone()
            self.since = row[0] if row else ""
            first = 1 + turn * changed % (self.rows - changed)
            update = (
                "UPDATE src SET amount = amount + 1, updated_at = clock_timestamp() "
                f"WHERE id BETWEEN {first} AND {first + changed - 1}"
            )
            connection.execute(update.encode())
            top = self.rows + turn * new
            insert = (
                f"INSERT INTO src SELECT id + {top}, customer, name, note, amount, score, clock_timestamp(), d, u, j "
                f"FROM src WHERE id <= {new}"
            )
            connection.execute(insert.encode())
            connection.execute("VACUUM ANALYZE src")
            connection.execute("CHECKPOINT")
        with self.lab.connect("bench_pg") as connection:
            for name in (*_KINDS, "byhand"):
                connection.execute(f"VACUUM ANALYZE {name}".encode())
            connection.execute("CHECKPOINT")
