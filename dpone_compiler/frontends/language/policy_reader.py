"""Rule and gate statements become values of the policy model, checked against the vocabulary of facts."""

from __future__ import annotations

from decimal import Decimal

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.language.policy_check import Checked, check_flag, check_known, check_value
from dpone_compiler.frontends.language.policy_problems import ConditionTooDeep, UnknownStrategyChosen
from dpone_compiler.frontends.language.trees import Node, names, quantity, span_of, subtree, subtrees, texts, word
from dpone_compiler.ir.load import STRATEGIES
from dpone_compiler.policy.model import (
    ALWAYS,
    All,
    AnyOf,
    Compare,
    Condition,
    Effect,
    Flag,
    Gate,
    Ignored,
    IsSet,
    Not,
    OneOf,
    Op,
    Rule,
    Value,
)

DEEPEST = 50  # every reader of a condition is recursive, and Python's stack is finite


def read_rule(statement: Node, file: str) -> tuple[Rule, Diagnostics]:
    """The rule of a `rule` statement and its problems."""
    checked = Checked(file)
    name, choose = names(statement)
    when, code = subtree(statement, "when"), subtree(statement, "rule_code")
    if word(choose) not in STRATEGIES:
        problem = UnknownStrategyChosen(word(choose), did_you_mean(word(choose), STRATEGIES))
        checked.found.append(Diagnostic(problem, span_of(choose, file)))
    rule = Rule(
        name=word(name),
        when=_condition(subtrees(when)[0], checked) if when else ALWAYS,
        choose=word(choose),
        because=word(texts(statement)[0]),
        code=word(names(code)[0]) if code else word(name),
        ignored=tuple(_ignored(node, checked) for node in subtrees(statement, "ignored")),
        span=span_of(statement, file),
    )
    return rule, tuple(checked.found)


def read_gate(statement: Node, file: str) -> tuple[Gate, Diagnostics]:
    """The gate of a `gate` statement and its problems."""
    checked = Checked(file)
    (name,), (when, effect) = names(statement), subtrees(statement)
    gate = Gate(
        name=word(name),
        when=_condition(subtrees(when)[0], checked),
        effect=Effect(str(effect.data)),
        message=word(texts(effect)[0]),
        span=span_of(statement, file),
    )
    return gate, tuple(checked.found)


def _ignored(node: Node, checked: Checked) -> Ignored:
    (code,), (when,), (because,) = names(node), subtrees(node), texts(node)
    return Ignored(code=word(code), when=_condition(when, checked), because=word(because))


def _condition(node: Node, checked: Checked, depth: int = 1) -> Condition:
    if depth > DEEPEST:
        checked.report(ConditionTooDeep(DEEPEST), node)
        return ALWAYS
    match str(node.data):
        case "any_of":
            return AnyOf(tuple(_condition(term, checked, depth + 1) for term in subtrees(node)))
        case "all_of":
            return All(tuple(_condition(term, checked, depth + 1) for term in subtrees(node)))
        case "negation":
            return Not(_condition(subtrees(node)[0], checked, depth + 1))
        case _:
            return _atom(node, checked)


def _atom(node: Node, checked: Checked) -> Condition:
    fact_node, *value_nodes = subtrees(node)
    fact, span = word(names(fact_node)[0]), span_of(node, checked.file)
    kind = check_known(fact, fact_node, checked)
    shape = str(node.data)
    if shape in ("is_set", "is_not_set"):
        return IsSet(fact=fact, negated=shape == "is_not_set", span=span)
    if shape == "flag":
        check_flag(fact, kind, fact_node, checked)
        return Flag(fact=fact, span=span)
    values = tuple(_value(value) for value in value_nodes)
    op = Op.EQ
    if shape == "compare":
        written = next(str(child) for child in node.children if isinstance(child, str))
        op = Op.NE if written == "<>" else Op(written)
    for value, value_node in zip(values, value_nodes, strict=True):
        check_value(fact, kind, op, (value, value_node), checked)
    if shape == "compare":
        return Compare(fact=fact, op=op, value=values[0], span=span)
    return OneOf(fact=fact, values=values, negated=shape == "none_of", span=span)


def _value(node: Node) -> Value:
    written = quantity(node)
    match str(node.data):
        case "word_value":
            quoted = str(names(node)[0]).startswith('"')
            return written if quoted else {"true": True, "false": False}.get(written, written)
        case "share_value":
            # Above 100% is no share of anything, but `changed > 100%` is merely never true: keep the number.
            return float(Decimal(written.rstrip("%").replace("_", "")) / 100)
        case _:
            size = meaning.size_bytes(written)
            if size is not None:
                return size
            number = written.replace("_", "")
            return float(number) if number.replace(".", "", 1).isdigit() else written
