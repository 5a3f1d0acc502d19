"""What a front end is: a reader from a source file to loads, rules and gates. It never raises for what a user wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.ir.load import Load
from dpone_compiler.policy.model import Gate, Rule
from dpone_compiler.source.text import SourceFile
from dpone_compiler.source.value import value


@value(kw_only=True)
class Reading:
    """What a file says. Loads that have errors are left out; their diagnostics are not."""

    loads: tuple[Load, ...] = ()
    rules: tuple[Rule, ...] = ()
    gates: tuple[Gate, ...] = ()
    diagnostics: Diagnostics = ()


Frontend = Callable[[SourceFile, Mapping[str, str]], Reading]  # (file, overrides of --set)
