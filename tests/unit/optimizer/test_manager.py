"""The pass manager: an order that cannot work is refused, a crash names its pass, listeners see what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.driver.compile import Options, pass_context, read_manifest_file
from dpone_compiler.driver.problems import UnknownDependency
from dpone_compiler.ir.decision import Chosen
from dpone_compiler.ir.load import Load
from dpone_compiler.optimizer.listeners import PrintAfter, Timing, VerifyAfter
from dpone_compiler.optimizer.manager import PassCrash, PassOrder, PassOrderError, run_passes
from dpone_compiler.optimizer.order import ORDER
from dpone_compiler.spi.compiler_pass import Pass, PassContext, PassResult
from tests.cli.commands import EXAMPLES

READ = read_manifest_file(EXAMPLES / "orders_pg_to_pg.yaml", Options())
LOAD = READ.loads[0]
FOUND = pass_context(LOAD, READ.catalog, READ.policy)
assert isinstance(FOUND, PassContext)
CONTEXT: PassContext = FOUND


@dataclass(frozen=True)
class Step:
    """A pass made for a test."""

    name: str
    work: Callable[[Load], PassResult] = lambda load: PassResult(load=load)
    requires: tuple[str, ...] = ()
    establishes: tuple[str, ...] = ()

    def run(self, load: Load, context: PassContext) -> PassResult:
        return self.work(load)


@dataclass
class Log:
    """A listener that writes down what it was told."""

    told: list[str] = field(default_factory=list)

    def before(self, pass_: Pass, load: Load) -> None:
        self.told.append(f"before {pass_.name}")

    def after(self, pass_: Pass, before: Load, after: Load) -> None:
        self.told.append(f"after {pass_.name}{' changed' if after is not before else ''}")


def renamed(name: str) -> Callable[[Load], PassResult]:
    return lambda load: PassResult(load=replace(load, name=name))


def crash(load: Load) -> PassResult:
    raise ZeroDivisionError(load.name)


def refuse(load: Load) -> PassResult:
    return PassResult(load=load, diagnostics=(Diagnostic(UnknownDependency("a", "b"), None),))


def test_an_order_lacks_nothing() -> None:
    words = Step("words", establishes=("columns",))
    reader = Step("reader", requires=("columns",))
    assert PassOrder((words, reader)).passes == (words, reader)
    for wrong in ((reader, words), (reader,)):
        with pytest.raises(PassOrderError, match=r"reader requires \['columns'\]"):
            PassOrder(wrong)


def test_no_two_passes_of_the_real_order_can_be_swapped_against_their_needs() -> None:
    needed = [(i, j) for j, late in enumerate(ORDER.passes) for i, early in enumerate(ORDER.passes[:j])
              if set(late.requires) & set(early.establishes)]  # fmt: skip
    assert needed
    for i, j in needed:
        turned = list(ORDER.passes)
        turned[i], turned[j] = turned[j], turned[i]
        with pytest.raises(PassOrderError):
            PassOrder(tuple(turned))


def test_a_crash_names_the_pass_and_the_load_it_was_given() -> None:
    order = PassOrder((Step("rename", renamed("other")), Step("bad", crash)))
    with pytest.raises(PassCrash, match="pass bad failed on load 'other'") as caught:
        run_passes(LOAD, CONTEXT, order)
    assert (caught.value.pass_name, caught.value.load.name) == ("bad", "other")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_listeners_hear_every_pass_in_order_and_what_changed() -> None:
    log = Log()
    order = PassOrder((Step("keep"), Step("rename", renamed("other"))))
    load, diagnostics = run_passes(LOAD, CONTEXT, order, (log,))
    assert (load.name, diagnostics) == ("other", ())
    assert log.told == ["before keep", "after keep", "before rename", "after rename changed"]


def test_an_error_stops_after_its_pass_and_a_warning_does_not() -> None:
    error = Step("error", refuse)
    severity = UnknownDependency.severity
    log = Log()
    _, diagnostics = run_passes(LOAD, CONTEXT, PassOrder((error, Step("last"))), (log,))
    assert len(diagnostics) == 1
    assert ("before last" in log.told) is (severity.value != "error")


def test_print_after_prints_changes_only_unless_named() -> None:
    order = PassOrder((Step("keep"), Step("rename", renamed("other"))))
    every: list[str] = []
    run_passes(LOAD, CONTEXT, order, (PrintAfter("all", every.append),))
    assert [text.split("\n")[0] for text in every] == ["// after rename"]
    assert "other" in every[0]
    named: list[str] = []
    run_passes(LOAD, CONTEXT, order, (PrintAfter("keep", named.append),))
    assert [text.split("\n")[0] for text in named] == ["// after keep"]


def test_timing_adds_up_by_pass() -> None:
    ticks = iter(range(100))
    timing = Timing(lambda: float(next(ticks)))
    run_passes(LOAD, CONTEXT, PassOrder((Step("one"), Step("two"))), (timing,))
    assert timing.seconds == {"one": 1.0, "two": 1.0}


def test_the_real_passes_keep_the_invariants_and_change_nothing_twice() -> None:
    load, _ = run_passes(LOAD, CONTEXT, ORDER, (VerifyAfter(),))
    assert load.decisions != LOAD.decisions
    again, _ = run_passes(LOAD, CONTEXT, ORDER)
    assert again == load


def test_a_pass_that_breaks_an_invariant_is_named() -> None:
    wrong = Chosen(value="no_such_strategy", by="broken", rule="", reason="")
    broken = Step(
        "broken", lambda load: PassResult(load=replace(load, decisions=replace(load.decisions, strategy=wrong)))
    )
    with pytest.raises(ValueError, match="after broken"):
        run_passes(LOAD, CONTEXT, PassOrder((broken,)), (VerifyAfter(),))
