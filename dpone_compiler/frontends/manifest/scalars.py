"""What a plain scalar of a manifest means: fewer conversions than YAML makes, so that names and dates stay as written."""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
# A leading zero makes a text of it: 007 is a code, not seven. 4000 digits: int() refuses more than 4300.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,3999}|[1-9][0-9]{0,2}(?:_[0-9]{1,3}){1,99})")
# An exponent needs its sign, as in YAML 1.1: what other writers leave unquoted as a text stays one here.
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,399})?\.[0-9]{1,399}(?:[eE][-+][0-9]{1,3})?")


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar: null, true, false, a number in digits, else the text itself.

    `no`, `on`, `2026-01-01` and `12:30` stay texts, unlike in YAML 1.1.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
