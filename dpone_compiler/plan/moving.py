"""Rows that moved from one partition to another without being seen: late ones, and those that moved while the load ran."""

from __future__ import annotations

from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.actions import Action, DeleteMatching, Staging


def moving_key(load: Load) -> tuple[str, ...]:
    """The key by which a row is known in another partition; () where none is, or where the key itself names the partition."""
    partition = load.write.partition
    return () if partition is None or partition.column in load.write.key else load.write.key


def delete_moved(rows: Staging, key: tuple[str, ...], partitions: PartitionSet) -> tuple[str, Action, str, str]:
    """The step that takes staged keys out of the partitions that are not replaced."""
    return (
        "delete-moved",
        DeleteMatching(staging=rows, key=key, outside=partitions),
        "delete rows of staged keys outside of these partitions",
        "they moved and no window said so; their new versions are staged",
    )
