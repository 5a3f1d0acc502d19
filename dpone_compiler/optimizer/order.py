"""THE pass order. Adding a pass is one file and one line here."""

from __future__ import annotations

from dpone_compiler.optimizer.manager import PassOrder
from dpone_compiler.passes.check_cursor import CheckCursor
from dpone_compiler.passes.check_technical import CheckTechnical
from dpone_compiler.passes.choose_batching import ChooseBatching
from dpone_compiler.passes.choose_finalizer import ChooseFinalizer
from dpone_compiler.passes.choose_merge_policy import ChooseMergePolicy
from dpone_compiler.passes.choose_native_path import ChooseNativePath
from dpone_compiler.passes.choose_reconcile import ChooseReconcile
from dpone_compiler.passes.choose_strategy import ChooseStrategy
from dpone_compiler.passes.cut_slices import CutSlices
from dpone_compiler.passes.design_target import DesignTarget
from dpone_compiler.passes.evolve_target import EvolveTarget
from dpone_compiler.passes.parse_expressions import ParseExpressions
from dpone_compiler.passes.resolve_columns import ResolveColumns
from dpone_compiler.passes.safety_gates import SafetyGates

ORDER = PassOrder(
    (
        ParseExpressions(),
        ResolveColumns(),
        CutSlices(),
        ChooseStrategy(),
        CheckCursor(),
        CheckTechnical(),
        DesignTarget(),
        EvolveTarget(),
        ChooseMergePolicy(),
        ChooseNativePath(),
        ChooseBatching(),
        ChooseFinalizer(),
        ChooseReconcile(),
        SafetyGates(),
    )
)
