"""Batches: the same bytes, and sizes that follow the target: a slow one gets smaller pieces, a slow source larger ones."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping

from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.runtime.connections.session import CHUNK_BYTES, Chunk
from dpone_compiler.runtime.transfer.batches import MOST_BYTES, Batches
from dpone_compiler.runtime.transfer.pump import pump
from tests.unit.runtime.test_pump import Memory, Rows

PLAN = {"initial_batch_size": 400, "min_batch_size": 100, "max_batch_size": 2000}


class Clock:
    """A clock that the two ends move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _chunks(clock: Clock, count: int, seconds: float, *, rows: int = 10, size: int = 100) -> Iterator[Chunk]:
    for _ in range(count):
        clock.now += seconds
        yield Chunk(b"x" * size, rows)


def _taken(batches: Iterable[Chunk], clock: Clock, seconds_a_row: float) -> list[int]:
    sizes = []
    for batch in batches:
        clock.now += seconds_a_row * batch.rows
        sizes.append(batch.rows)
    return sizes


def test_a_slow_sink_gets_smaller_batches_down_to_the_least() -> None:
    clock = Clock()
    each = Batches(PLAN, clock)
    sizes = _taken(each.of(_chunks(clock, 400, 0.00001)), clock, 0.01)
    assert sizes[:4] == [400, 200, 100, 100]
    assert set(sizes[2:]) == {100}
    told = each.told()
    assert (told["first"], told["last"], told["smallest"]) == (400, 100, 100)
    assert told["adjustments"]["backpressure"] == 2
    assert told["taken_by_target"] == 40.0


def test_a_quick_sink_gets_larger_ones_until_a_batch_takes_more_than_it_moves() -> None:
    clock = Clock()
    each = Batches(PLAN, clock)
    sizes = _taken(each.of(_chunks(clock, 2000, 0.00625)), clock, 0.00001)  # 1600 rows a second
    assert sizes[:4] == [400, 600, 900, 1350]
    # From here on a second moves less than three quarters of a batch.
    assert set(sizes[5:-1]) == {2000} or set(sizes[5:-1]) == {2030}
    assert each.told()["largest"] == 2000


def test_a_target_that_recovers_gets_larger_batches_again() -> None:
    clock = Clock()
    each = Batches(PLAN, clock)
    stream = each.of(_chunks(clock, 3000, 0.001))
    slow = _taken((next(stream) for _ in range(5)), clock, 1.0)
    quick = _taken(stream, clock, 0.0000001)
    assert slow[-1] < slow[0]
    assert max(quick) > slow[0]


def test_wide_rows_never_fill_the_memory() -> None:
    clock = Clock()
    batches = list(Batches(PLAN, clock).of(_chunks(clock, 40, 0.1, rows=1, size=1024 * 1024)))
    assert max(len(batch.data) for batch in batches) == MOST_BYTES


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=60))
def test_the_bytes_are_the_same_and_no_row_is_lost(parts: list[bytes]) -> None:
    made = list(Batches({**PLAN, "initial_batch_size": 150}).of(iter([Chunk(part, 60) for part in parts])))
    assert b"".join(batch.data for batch in made) == b"".join(parts)
    assert sum(batch.rows for batch in made) == 60 * len(parts)


def test_an_empty_stream_has_no_batch() -> None:
    each = Batches(PLAN)
    assert list(each.of(iter(()))) == []
    assert each.told() == {}


class Wide(Rows):
    """Forty MiB in chunks as Postgres gives them."""

    def _make(self, count: int, failure: BaseException | None) -> Iterator[Chunk]:
        for number in range(count):
            yield Chunk(bytes([number % 256]) * CHUNK_BYTES, 1)
        self.total = count


class Letting(Memory):
    """A sink that keeps nothing, and is slow enough for the reader to be ahead by as much as it may."""

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        rows = 0
        for chunk in chunks:
            time.sleep(0.02)
            rows += chunk.rows
            del chunk
        return rows


def test_a_transfer_holds_one_batch_once_and_what_waits_before_it() -> None:
    tracemalloc.start()
    try:
        done = pump(Memory(Wide(160, None)), "", Letting(), "", {}, batches=Batches(PLAN))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.rows_in == 160
    assert done.bytes == 160 * CHUNK_BYTES
    # A batch, the queue of the same size, and a quarter for a buffer that grows; a batch held twice would be a half more.
    assert MOST_BYTES < peak < 2.25 * MOST_BYTES + 2 * CHUNK_BYTES


class Slow(Memory):
    """A sink that needs a millisecond for every row, and remembers how much it was given at a time."""

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        self.sizes = []
        for chunk in chunks:
            time.sleep(0.0001 * chunk.rows)
            self.sizes.append(chunk.rows)
        return sum(self.sizes)


def test_the_pump_slows_down_for_a_slow_sink() -> None:
    source, sink = Memory(Rows(3000, None)), Slow()
    batches = Batches(PLAN)
    done = pump(source, "", sink, "", {}, batches=batches)
    assert (done.rows_out, done.rows_in) == (3000, 3000)
    assert sink.sizes[0] == 400
    assert sink.sizes[-2] == 100
    assert batches.told()["count"] == len(sink.sizes)
