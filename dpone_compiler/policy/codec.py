"""A policy as plain JSON data and back. Spans are not kept: a frozen policy names its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dpone_compiler.policy.model import (
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
    Policy,
    Rule,
)

FORMAT = "dponec.policy/1"
Json = Mapping[str, Any]  # the shape is checked by decoding it


class PolicyFormatError(ValueError):
    """A frozen policy of another format or shape: a broken installation, never a user's rule."""


def encode_policy(policy: Policy) -> dict[str, object]:
    """The policy as JSON-able data."""
    return {
        "format": FORMAT,
        "rules": [_encode_rule(rule) for rule in policy.rules],
        "gates": [_encode_gate(gate) for gate in policy.gates],
    }


def decode_policy(data: Json) -> Policy:
    """The policy of encoded data. Raises PolicyFormatError for anything else."""
    if data.get("format") != FORMAT:
        raise PolicyFormatError(f"not a {FORMAT}: {data.get('format')!r}")
    try:
        return Policy(tuple(map(_decode_rule, data["rules"])), tuple(map(_decode_gate, data["gates"])))
    except (KeyError, TypeError) as error:
        raise PolicyFormatError(f"a broken {FORMAT}: {error}") from error


def _encode_rule(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name,
        "code": rule.code,
        "when": _encode(rule.when),
        "choose": rule.choose,
        "because": rule.because,
        "ignored": [{"code": i.code, "when": _encode(i.when), "because": i.because} for i in rule.ignored],
    }


def _decode_rule(data: Json) -> Rule:
    return Rule(
        name=data["name"],
        code=data["code"],
        when=_decode(data["when"]),
        choose=data["choose"],
        because=data["because"],
        ignored=tuple(Ignored(code=i["code"], when=_decode(i["when"]), because=i["because"]) for i in data["ignored"]),
    )


def _encode_gate(gate: Gate) -> dict[str, object]:
    return {"name": gate.name, "when": _encode(gate.when), "effect": gate.effect.value, "message": gate.message}


def _decode_gate(data: Json) -> Gate:
    return Gate(name=data["name"], when=_decode(data["when"]), effect=Effect(data["effect"]), message=data["message"])


def _encode(condition: Condition) -> dict[str, object]:
    match condition:
        case All(terms):
            return {"all": [_encode(term) for term in terms]}
        case AnyOf(terms):
            return {"any": [_encode(term) for term in terms]}
        case Not(term):
            return {"not": _encode(term)}
        case Compare(fact=fact, op=op, value=value):
            return {"fact": fact, "op": op.value, "value": value}
        case OneOf(fact=fact, values=values, negated=negated):
            return {"fact": fact, "not_in" if negated else "in": list(values)}
        case IsSet(fact=fact, negated=negated):
            return {"fact": fact, "set": not negated}
        case Flag(fact=fact):
            return {"flag": fact}


def _decode(data: Json) -> Condition:
    match data:
        case {"all": Sequence() as terms}:
            return All(tuple(_decode(term) for term in terms))
        case {"any": Sequence() as terms}:
            return AnyOf(tuple(_decode(term) for term in terms))
        case {"not": Mapping() as term}:
            return Not(_decode(term))
        case {"fact": str(fact), "op": str(op), "value": (str() | int() | float()) as value}:
            return Compare(fact=fact, op=Op(op), value=value)
        case {"fact": str(fact), "in": Sequence() as values}:
            return OneOf(fact=fact, values=tuple(values))
        case {"fact": str(fact), "not_in": Sequence() as values}:
            return OneOf(fact=fact, values=tuple(values), negated=True)
        case {"fact": str(fact), "set": bool(known)}:
            return IsSet(fact=fact, negated=not known)
        case {"flag": str(fact)}:
            return Flag(fact=fact)
        case _:
            raise PolicyFormatError(f"not a condition: {data!r}")
