"""Listeners of the pass manager: print the load after each pass that changed it, time the passes, verify invariants."""

from __future__ import annotations

from collections.abc import Callable

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.printer import print_load
from dpone_compiler.ir.verify import verify_load
from dpone_compiler.spi.compiler_pass import Pass


class PrintAfter:
    """Print the load after one named pass, or after every pass that changed something (`all`)."""

    def __init__(self, which: str, write: Callable[[str], object]) -> None:
        self.which, self.write = which, write

    def before(self, pass_: Pass, load: Load) -> None:
        """Nothing to do."""

    def after(self, pass_: Pass, before: Load, after: Load) -> None:
        """Print when this is the named pass, or when all are wanted and the load changed."""
        if self.which == pass_.name or (self.which == "all" and after is not before):
            self.write(f"// after {pass_.name}\n{print_load(after)}")


class Timing:
    """Seconds by pass. The clock is given, because the core reads none."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seconds: dict[str, float] = {}
        self._started = 0.0

    def before(self, pass_: Pass, load: Load) -> None:
        """Start the watch."""
        self._started = self.clock()

    def after(self, pass_: Pass, before: Load, after: Load) -> None:
        """Add the time since `before`."""
        self.seconds[pass_.name] = self.seconds.get(pass_.name, 0.0) + self.clock() - self._started


class VerifyAfter:
    """Check the load's own invariants after each pass that changed it; a violation is a bug and raises."""

    def before(self, pass_: Pass, load: Load) -> None:
        """Nothing to do."""

    def after(self, pass_: Pass, before: Load, after: Load) -> None:
        """Raise ValueError naming the pass when the load it gave breaks an invariant."""
        if after is not before and (faults := verify_load(after)):
            raise ValueError(f"after {pass_.name}: " + "; ".join(faults))
