"""Digests of what a compile read, by meaning and not by spelling: the same load in three forms has one digest."""

from __future__ import annotations

from dpone_compiler.artifacts.bundle import sha256
from dpone_compiler.artifacts.plan_codec import compact_json
from dpone_compiler.cost.constants import BUILT_IN, Constants
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.load import Load
from dpone_compiler.policy.codec import encode_policy
from dpone_compiler.policy.model import Policy
from dpone_compiler.spi.backend import Facts


def input_digests(load: Load, facts: Facts, policy: Policy, constants: Constants) -> dict[str, str]:
    """manifest, catalog, policy; `costs` and `hints` where constants of `--costs`, or hints from elsewhere than the manifest, were read.

    `load`: its filter parsed, because each form writes it with blanks of its own.
    """
    told = {name: getattr(load.hints, name) for name in load.origin.told}
    meaning = to_plain(load)
    meaning.pop("decisions")
    meaning["hints"].update(dict.fromkeys(told))
    read = {"manifest": meaning, "catalog": to_plain(facts), "policy": encode_policy(policy)}
    if constants != BUILT_IN:
        read["costs"] = to_plain(constants)
    if told:
        read["hints"] = told
    return {name: sha256(compact_json(each)) for name, each in read.items()}
