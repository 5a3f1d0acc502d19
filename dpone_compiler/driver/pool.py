"""Compiling many manifests in one pool of processes. A module of its own, because `multiprocessing` costs a single compile time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from dpone_compiler.driver.manifest_unit import Unit


def map_in_pool(work: Callable[[Path], Unit], manifests: Sequence[Path], jobs: int) -> list[Unit]:
    """The units in the order of the manifests. `work` must be picklable."""
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(work, manifests, chunksize=max(1, len(manifests) // (jobs * 8))))
