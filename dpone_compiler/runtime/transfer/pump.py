"""One stream out, one stream in: a reader thread and a small queue keep both ends busy in constant memory."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dpone_compiler.runtime.connections.session import Chunk, RowStream, Session
from dpone_compiler.runtime.transfer.batches import Batches

_QUEUED = 16  # chunks of about 256 KiB: 4 MiB between the two ends
_EVERY = 0.1  # seconds between two calls of the progress callback
_POLL = 0.2  # how soon a blocked thread notices that the other end is gone

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PumpResult:
    """What the source said it sent and what the sink said it took."""

    rows_out: int
    rows_in: int
    bytes: int
    seconds: float


def pump(  # noqa: PLR0917 (the two ends, each with its body, read best side by side)
    source: Session,
    source_body: str,
    sink: Session,
    sink_body: str,
    params: Mapping[str, str],
    progress: Progress | None = None,
    batches: Batches | None = None,
) -> PumpResult:
    """Stream `source_body` into `sink_body`. Whatever fails is raised as it is, and the other end is aborted.

    `batches` None: the sink takes the chunks as the source gives them.
    """
    started = time.monotonic()
    rows = source.copy_out(source_body, params)
    reader = _Reader(rows)
    meter = _Meter(progress)
    try:
        chunks = batches.of(reader.chunks()) if batches is not None else reader.chunks()
        accepted = sink.copy_in(sink_body, params, meter.watch(chunks))
    except BaseException:
        reader.stop(source)
        raise
    reader.stop(source)
    meter.last()
    total = rows.total
    return PumpResult(meter.rows if total is None else total, accepted, meter.bytes, time.monotonic() - started)


class _Reader:
    """The thread that reads the source; its failure surfaces in `chunks`, inside the sink's copy, and aborts that."""

    def __init__(self, rows: RowStream) -> None:
        self._rows = rows
        self._queue: queue.Queue[Chunk | None] = queue.Queue(_QUEUED)
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._read, name="dponec-reader", daemon=True)
        self._thread.start()

    def chunks(self) -> Iterator[Chunk]:
        while True:
            chunk = self._next()
            if chunk is None:
                break
            yield chunk
        if self._failure is not None:
            raise self._failure

    def stop(self, source: Session) -> None:
        """End the source's copy, if it still runs, and leave its session idle for the next step."""
        self._stopped.set()
        if not self._ended:
            source.cancel()
        self._thread.join()

    def _next(self) -> Chunk | None:
        while True:
            with contextlib.suppress(queue.Empty):  # a timeout, so that the main thread sees Ctrl-C
                return self._queue.get(timeout=_POLL)

    def _read(self) -> None:
        try:
            for chunk in self._rows:
                if not self._put(chunk):
                    break
        except BaseException as error:
            self._failure = error
        finally:
            with contextlib.suppress(Exception):
                self._rows.close()
            self._ended = True
            self._put(None)

    def _put(self, chunk: Chunk | None) -> bool:
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(chunk, timeout=_POLL)
                return True
        return False


class _Meter:
    """Counts what passes and reports it, at most ten times a second."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._due = time.monotonic() + _EVERY
        self.rows = 0
        self.bytes = 0

    def watch(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            self.rows += chunk.rows
            self.bytes += len(chunk.data)
            if self._progress is not None and time.monotonic() >= self._due:
                self._progress(self.rows, self.bytes)
                self._due = time.monotonic() + _EVERY
            yield chunk
            del chunk  # a batch is let go before the next one is asked for

    def last(self) -> None:
        if self._progress is not None:
            self._progress(self.rows, self.bytes)
