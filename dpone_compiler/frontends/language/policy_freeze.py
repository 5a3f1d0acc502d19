"""`python -m dpone_compiler.frontends.language.policy_freeze`: writes policy/v1.json from policy/v1.dpone.

A cold compile reads the JSON, so that it does not pay 60 ms for a parser. A test fails when the JSON is stale.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.policy.builtin import FROZEN, SOURCE
from dpone_compiler.policy.codec import encode_policy
from dpone_compiler.policy.model import Policy
from dpone_compiler.source.text import SourceFile


def frozen_text() -> str:
    """What v1.json must hold. Raises ValueError when the built-in rules themselves have problems."""
    text = files("dpone_compiler.policy").joinpath(SOURCE).read_text(encoding="utf-8")
    unit, problems = read_language(SourceFile(SOURCE, text))
    if problems:
        raise ValueError("; ".join(f"{d.span} {d.code} {d.problem.message()}" for d in problems))
    return json.dumps(encode_policy(Policy(unit.rules, unit.gates)), indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write the frozen rules."""
    Path(str(files("dpone_compiler.policy").joinpath(FROZEN))).write_text(frozen_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
