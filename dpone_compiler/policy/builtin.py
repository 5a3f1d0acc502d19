"""The built-in v1 rules, read from the frozen v1.json: a cold compile does not load the parser of v1.dpone."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from dpone_compiler.policy.codec import decode_policy
from dpone_compiler.policy.model import Policy

SOURCE = "v1.dpone"
FROZEN = "v1.json"


@cache
def load_builtin_policy() -> Policy:
    """The rules that ship with the compiler."""
    return decode_policy(json.loads(files("dpone_compiler.policy").joinpath(FROZEN).read_text(encoding="utf-8")))
