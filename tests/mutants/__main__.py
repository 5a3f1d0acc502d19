"""`make mutants`: break the emitted SQL in every listed way, and print for each the test that saw it.

--seed N --extra K: K more mutants from the generator. --only TEXT,TEXT: those whose name holds one of them. Exit 1 when one survives.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable

from tests.mutants.arena import Arena, Verdict, own_engines
from tests.mutants.battery import Case, cases, cases_for
from tests.mutants.generate import BASES, Generated, Rewritten, equivalent, generated
from tests.mutants.mutant import Mutant, named


def main() -> int:
    """Run; 1 when a mutant survives or does not fit any more."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="break the emitted SQL on purpose")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--extra", type=int, default=0)
    asked = parser.parse_args()
    with own_engines() as arena:
        alive = [m.name for m in named() if _asked(asked.only, m.name) and not _listed(arena, m)]
        if asked.extra:
            _say(f"generated, seed {asked.seed}:")
            alive += _rewriting(arena)
            alive += [m.name for m in generated(arena, asked.seed, asked.extra) if not _extra(arena, m)]
    _say(f"{len(alive)} survived" if alive else "every mutant was killed")
    return 1 if alive else 0


def _asked(only: str, name: str) -> bool:
    return any(text in name for text in only.split(","))


def _listed(arena: Arena, mutant: Mutant) -> bool:
    """One of the list: those that are to see it first, then all others that may."""
    first = [cases()[killer] for killer in mutant.killers]
    rest = [case for case in cases_for(mutant.sink, mutant.strategy) if case not in first]
    started = time.monotonic()
    return _told(f"{mutant.name}: {mutant.breaks}", arena.verdict(mutant, [*first, *rest]), started)


def _rewriting(arena: Arena) -> list[str]:
    """The generator parses and writes; that alone must change nothing, or its kills would be worth nothing."""
    found = {base: arena.verdict(Rewritten(), [cases()[case]]) for base, case in BASES.items()}
    for base, verdict in found.items():
        if verdict.killer:
            _say(f"BROKEN    {' '.join(base)} does not survive being parsed and written: {verdict.saw}")
    return [" ".join(base) for base, verdict in found.items() if verdict.killer]


def _extra(arena: Arena, mutant: Generated) -> bool:
    if why := equivalent(mutant):
        _say(f"same      {mutant.name}\n          {why}")
        return True
    started = time.monotonic()
    return _told(mutant.name, arena.verdict(mutant, _candidates(mutant)), started)


def _candidates(mutant: Generated) -> Iterable[Case]:
    base = cases()[BASES[mutant.sink, mutant.strategy, mutant.policy]]
    return [base, *(case for case in cases_for(mutant.sink, mutant.strategy, mutant.step) if case != base)]


def _told(what: str, verdict: Verdict, started: float) -> bool:
    seconds = time.monotonic() - started
    if verdict.killer:
        _say(f"killed    {what}\n          by {verdict.killer} ({seconds:.1f} s): {verdict.saw}")
    else:
        _say(f"SURVIVED  {what} ({verdict.met} tests met it and passed) {'' if verdict.met else verdict.stale}")
    return bool(verdict.killer)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
