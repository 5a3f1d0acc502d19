"""Run by dpone's own interpreter: contexts as JSON lines in, its decisions as JSON lines out."""

from __future__ import annotations

import json
import sys

from dpone.strategy_intelligence.advisor import StrategyAdvisor, StrategyContext  # type: ignore[import-not-found]

for line in sys.stdin:
    given = json.loads(line)
    given["unique_key"] = tuple(given["unique_key"])
    decision = StrategyAdvisor().advise(StrategyContext(**given)).to_dict()
    kept = {key: decision[key] for key in ("strategy_mode", "merge_policy", "native_fast_path", "adaptive_batching")}
    kept["reasons"] = [each["code"] for each in decision["reasons"]]
    kept["warnings"] = [each["code"] for each in decision["warnings"]]
    sys.stdout.write(json.dumps(kept) + "\n")
