"""Invariants of a load that hold between any two passes, whatever the manifest said."""

from __future__ import annotations

from dpone_compiler.ir.decision import Chosen, Undecided
from dpone_compiler.ir.load import OPEN_MODES, STRATEGIES, Load


def verify_load(load: Load) -> tuple[str, ...]:
    """Sentences that name what is broken; empty when the load is sound."""
    faults: list[str] = []
    decisions = load.decisions
    if isinstance(decisions.strategy, Chosen):
        if decisions.strategy.value not in STRATEGIES:
            faults.append(f"strategy {decisions.strategy.value!r} is not a strategy")
        if load.write.strategy not in (*OPEN_MODES, decisions.strategy.value):
            faults.append(f"explicit mode {load.write.mode!r} became {decisions.strategy.value!r}")
    if not isinstance(decisions.merge_policy, Undecided) and isinstance(decisions.strategy, Undecided):
        faults.append("a merge policy was chosen before a strategy")
    if not isinstance(decisions.columns, Undecided):
        names = [column.target.name for column in decisions.columns]
        if len(set(names)) != len(names):
            faults.append("two columns go into one target column")
        missing = [name for name in load.write.key if name not in names]
        if missing:
            faults.append(f"key columns {missing} are not among the moved columns")
    return tuple(faults)
