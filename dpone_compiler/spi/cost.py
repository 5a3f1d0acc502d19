"""What the cost model says of a load, as values that passes, plans and advice may read; `cost` makes them."""

from __future__ import annotations

from collections.abc import Callable

from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Facts


@value(kw_only=True)
class Term:
    """One part of an estimate: what is done to how many rows (or partitions) and bytes, and the seconds that it takes."""

    phase: str
    rows: float
    bytes: float
    seconds: float


@value(kw_only=True)
class Estimate:
    """One way to do a load. Volumes are bytes a run; `seconds` None: nobody has measured this way on this sink.

    `lock`: what is held, for `lock_seconds` of them. `needs`: '' viable, else why this load cannot go that way.
    """

    strategy: str
    policy: str
    read: float
    moved: float
    written: float
    rewritten: float
    log: float
    staging: float
    lock: str
    lock_seconds: float | None
    seconds: float | None
    terms: tuple[Term, ...] = ()
    needs: str = ""


@value
class Unestimated:
    """Something that the model does not say, by code: cost_rows_unknown, cost_not_estimated, cost_time_not_measured."""

    code: str
    message: str


@value(kw_only=True)
class Costing:
    """The model's view of a load, cheapest first. `known` False: nothing is estimated, and `silent` says why.

    `assumed`: what had to be taken for granted, in words. `constants`: where the seconds come from, '' where there are none.
    """

    known: bool
    estimates: tuple[Estimate, ...] = ()
    assumed: tuple[str, ...] = ()
    silent: tuple[Unestimated, ...] = ()
    constants: str = ""

    @property
    def cheapest(self) -> Estimate | None:
        """The cheapest way that the load can go now; None when nothing is known."""
        return next((each for each in self.estimates if not each.needs and each.seconds is not None), None)


NOTHING = Costing(known=False)
CostModel = Callable[[Load, Facts, Backend], Costing]


def nothing_known(_load: Load, _facts: Facts, _sink: Backend) -> Costing:
    """The model that knows nothing; where none was given."""
    return NOTHING
