"""Checking conditions: does the fact exist, and can it be compared with that value?"""

from __future__ import annotations

from dataclasses import dataclass, field

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.language.policy_problems import FactComparedWithOtherKind, UnknownFact, WordOutsideFact
from dpone_compiler.frontends.language.trees import Node, quantity, span_of
from dpone_compiler.policy.model import Op, Value
from dpone_compiler.policy.vocabulary import FACTS, FactKind, FactType


@dataclass(slots=True)
class Checked:
    """The problems of one statement, while it is read."""

    file: str
    found: list[Diagnostic] = field(default_factory=list)

    def report(self, problem: Problem, node: Node) -> None:
        """Keep a problem at a node."""
        self.found.append(Diagnostic(problem, span_of(node, self.file)))


def check_known(fact: str, node: Node, checked: Checked) -> FactType | None:
    """The type of a fact, None with a problem when there is no such fact."""
    if fact not in FACTS:
        checked.report(UnknownFact(fact, did_you_mean(fact, FACTS)), node)
    return FACTS.get(fact)


def check_flag(fact: str, kind: FactType | None, node: Node, checked: Checked) -> None:
    """A fact that stands alone must be a yes or no."""
    if kind is not None and kind.kind is not FactKind.FLAG:
        problem = FactComparedWithOtherKind(fact, kind.kind.value, "nothing", f"write `{fact} is set` or compare it")
        checked.report(problem, node)


def check_value(fact: str, known: FactType | None, op: Op, written: tuple[Value, Node], checked: Checked) -> None:
    """A value must be of the fact's kind, ordered only where there is an order, and a known word."""
    if known is None:
        return
    value, node = written
    text = quantity(node)
    if known.kind in (FactKind.WORD, FactKind.TEXT, FactKind.FLAG) and op.orders:
        checked.report(
            FactComparedWithOtherKind(fact, known.kind.value, op.value, "it has no order: use = or !="), node
        )
    elif not _fits(known.kind, value, node):
        checked.report(FactComparedWithOtherKind(fact, known.kind.value, f"`{text}`", _advice(known, text)), node)
    elif known.words and value not in known.words:
        checked.report(WordOutsideFact(fact, str(value), did_you_mean(str(value), known.words)), node)


def _fits(kind: FactKind, value: Value, node: Node) -> bool:
    shape, unit = str(node.data), len(node.children) > 1
    match kind:
        case FactKind.WORD | FactKind.TEXT:
            return isinstance(value, str) and shape == "word_value"
        case FactKind.FLAG:
            return isinstance(value, bool)
        case FactKind.COUNT:
            return isinstance(value, int) and shape == "number_value" and not unit
        case FactKind.SIZE:
            return isinstance(value, int) and shape == "number_value"
        case FactKind.SHARE:
            return shape == "share_value" or (isinstance(value, int | float) and shape == "number_value" and value <= 1)


def _advice(known: FactType, text: str) -> str:
    match known.kind:
        case FactKind.SHARE:
            return f"did you mean {text}%?" if text.replace(".", "", 1).isdigit() else "write a share: 5%"
        case FactKind.WORD:
            return "words: " + ", ".join(known.words)
        case FactKind.SIZE:
            return "write a size: 50 GB"
        case FactKind.COUNT:
            return "write a whole number: 1_000_000"
        case FactKind.FLAG:
            return "write true or false"
        case FactKind.TEXT:
            return 'write text: "…"'
