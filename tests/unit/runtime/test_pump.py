"""The pump: order, counts, and one root cause whichever end fails."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

import pytest

from dpone_compiler.runtime.connections import Chunk, EngineError, Result
from dpone_compiler.runtime.transfer import pump


class Rows:
    """A stream of ten-byte chunks that can fail on the way."""

    def __init__(self, count: int, failure: BaseException | None) -> None:
        self.total: int | None = None
        self.closed = False
        self._chunks = self._make(count, failure)

    def _make(self, count: int, failure: BaseException | None) -> Iterator[Chunk]:
        for number in range(count):
            yield Chunk(b"%09d\n" % number, 1)
        if failure is not None:
            raise failure
        self.total = count

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        return next(self._chunks)

    def close(self) -> None:
        self.closed = True


class Memory:
    """A session that keeps what it is given, and only when the stream ends well."""

    engine = "memory"

    def __init__(self, rows: Rows | None = None, at: Callable[[int], None] = lambda number: None) -> None:
        self.rows, self.kept, self.cancelled, self._at = rows or Rows(0, None), b"", False, at

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        return Result()

    def begin(self, *, snapshot: bool = False) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def copy_out(self, body: str, params: Mapping[str, str]) -> Rows:
        return self.rows

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        taken = []
        for number, chunk in enumerate(chunks):
            self._at(number)
            taken.append(chunk.data)
        self.kept = b"".join(taken)
        return len(taken)

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None: ...


def test_everything_arrives_in_order() -> None:
    source, sink = Memory(Rows(1000, None)), Memory()
    result = pump(source, "", sink, "", {})
    assert (result.rows_out, result.rows_in, result.bytes) == (1000, 1000, 10_000)
    assert sink.kept == b"".join(b"%09d\n" % number for number in range(1000))
    assert source.rows.closed
    assert not source.cancelled


def test_a_failing_source_is_the_cause_and_nothing_is_kept() -> None:
    failure = EngineError("22012", "division by zero")
    source, sink = Memory(Rows(50, failure)), Memory()
    with pytest.raises(EngineError) as caught:
        pump(source, "", sink, "", {})
    assert caught.value is failure
    assert sink.kept == b""


@pytest.mark.parametrize("failure", [EngineError("1", "sink"), KeyboardInterrupt()])
def test_a_failing_sink_stops_the_source(failure: BaseException) -> None:
    def at(number: int) -> None:
        if number == 30:
            raise failure

    source, sink = Memory(Rows(1_000_000, None)), Memory(at=at)
    with pytest.raises(type(failure)):
        pump(source, "", sink, "", {})
    assert source.cancelled
    assert source.rows.closed
    assert sink.kept == b""


def test_progress_comes_at_most_ten_times_a_second() -> None:
    calls: list[tuple[int, int, float]] = []
    source, sink = Memory(Rows(60, None)), Memory(at=lambda number: time.sleep(0.005))
    pump(source, "", sink, "", {}, lambda rows, size: calls.append((rows, size, time.monotonic())))
    assert calls[-1][:2] == (60, 600)
    gaps = [after[2] - before[2] for before, after in pairwise(calls[:-1])]
    assert all(gap >= 0.09 for gap in gaps)
