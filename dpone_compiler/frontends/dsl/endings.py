"""The last word of a load in a script: its strategy. It gives the finished load."""

from __future__ import annotations

from abc import ABC, abstractmethod

from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.dsl import arguments as checked
from dpone_compiler.ir.load import Load


class Endings(ABC):
    """One method a strategy; the builder says how a load is finished."""

    def auto(self, *, policy: str = "auto") -> Load:
        """Let the compiler choose the strategy."""
        return self._finish("auto", policy)

    def full_refresh(self, *, policy: str = "auto") -> Load:
        """Replace the whole table."""
        return self._finish("full_refresh", policy)

    def incremental_append(self) -> Load:
        """Add what is new."""
        return self._finish("incremental_append", "auto")

    def incremental_merge(self, *, policy: str = "auto") -> Load:
        """Update by key and add what is new."""
        return self._finish("incremental_merge", policy)

    def cdc_apply(self, *, policy: str = "auto") -> Load:
        """Apply captured changes by key."""
        return self._finish("cdc_apply", policy)

    def snapshot_diff(self) -> Load:
        """Compare the whole source with the target by key."""
        return self._finish("snapshot_diff", "auto")

    def scd2(self) -> Load:
        """Keep every version of a row."""
        return self._finish("scd2", "auto")

    def partition_replace(self, *, policy: str = "auto") -> Load:
        """Replace the partitions that changed."""
        return self._finish("partition_replace", policy)

    def strategy(self, mode: str, *, policy: str = "auto") -> Load:
        """Any mode by its word: cdc_apply, snapshot_diff, scd2 …"""
        return self._finish(checked.one_of(mode, meaning.MODES, "strategy", "0"), policy)

    @abstractmethod
    def _finish(self, mode: str, policy: str) -> Load:
        """The load of this mode; an error with the place in the script where something is missing."""
