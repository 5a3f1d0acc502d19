"""Constants as a file: `dponec calibrate` writes it, `--costs FILE` reads it. Sinks that it does not name keep the built-in ones."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from dpone_compiler.cost.constants import Constants
from dpone_compiler.cost.estimate import Rate, Rates

FORMAT = "dponec.costs/1"
_PARTS = ("fixed", "row", "byte")


def encode_costs(constants: Mapping[str, Rates], runs: Mapping[str, int]) -> dict[str, Any]:
    """The document; `runs`: how many runs stand behind each sink."""
    sinks = {
        sink: {phase: {part: getattr(rate, part) for part in _PARTS} for phase, rate in sorted(rates.items())}
        for sink, rates in sorted(constants.items())
    }
    return {"format": FORMAT, "runs": dict(sorted(runs.items())), "seconds": sinks}


def decode_costs(text: str) -> Constants:
    """The constants, told by the number of their runs. Raises ValueError saying what is wrong."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"it is no {FORMAT} document")
    sinks = document.get("seconds")
    if not isinstance(sinks, dict):
        raise ValueError("`seconds` is not there")
    said = document.get("runs")
    runs = said if isinstance(said, dict) else {}
    return Constants(
        by_sink={sink: _rates(sink, rates) for sink, rates in sinks.items()},
        told={sink: f"constants of --costs, fitted to {runs.get(sink, 'an unknown number of')} runs" for sink in sinks},
    )


def _rates(sink: str, rates: Any) -> Rates:
    if not isinstance(rates, dict):
        raise ValueError(f"{sink} has no phases")
    return {phase: _rate(sink, phase, said) for phase, said in rates.items()}


def _rate(sink: str, phase: str, said: Any) -> Rate:
    if not isinstance(said, dict) or set(said) - set(_PARTS):
        raise ValueError(f"{sink}.{phase} is no rate of {', '.join(_PARTS)}")
    for part, number in said.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) or number < 0:
            raise ValueError(f"{sink}.{phase}.{part} is no number of seconds: {number!r}")
    return Rate(**{part: float(number) for part, number in said.items()})
