"""What a pass is: a named pure function from a load to a load, with what it needs and what it makes true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.ir.load import Load
from dpone_compiler.policy.model import Policy
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Facts
from dpone_compiler.spi.cost import CostModel, nothing_known
from dpone_compiler.spi.parse import ParseSql
from dpone_compiler.spi.strategy import NativePath, Strategy


@value(kw_only=True)
class PassContext:
    """Everything besides the load that a pass may read; all values, no I/O. Strategies and paths are in name order."""

    facts: Facts
    source: Backend
    sink: Backend
    policy: Policy
    strategies: Mapping[str, Strategy]
    native_paths: tuple[NativePath, ...]
    parse_sql: ParseSql
    costs: CostModel = nothing_known


@value(kw_only=True)
class PassResult:
    """A pass that changes nothing returns the very same load object."""

    load: Load
    diagnostics: Diagnostics = ()


class Pass(Protocol):
    """One pass. `requires`/`establishes` are words; the order is checked against them when it is built."""

    @property
    def name(self) -> str: ...
    @property
    def requires(self) -> tuple[str, ...]: ...
    @property
    def establishes(self) -> tuple[str, ...]: ...
    def run(self, load: Load, context: PassContext) -> PassResult: ...
