"""Did you mean: the nearest known word, for unknown keys, columns and modes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The closest of the known words, or None when nothing is close enough to be worth saying."""
    found = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help line: the nearest word when there is one, else the list of all known words."""
    candidates = sorted(known)
    near = nearest(word, candidates)
    return f"did you mean {near!r}?" if near else "known: " + ", ".join(candidates)
