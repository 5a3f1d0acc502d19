"""What is done about each state row: the table of ADR 0003."""

from __future__ import annotations

from typing import Any

import pytest

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.decide import Asked, Refusal, Start, decide

NEW = "00000000-0000-4000-8000-000000000000"
OLD = "11111111-1111-4111-8111-111111111111"


def _doc(engine: str) -> PlanDoc:
    names = ("inputs", "route", "decision", "contract", "native_transfer_plan", "replay", "limits")
    empty: dict[str, Any] = {name: {} for name in names}
    return PlanDoc(
        name="orders",
        compiler="c",
        fingerprint="f1",
        effects="e",
        params=(),
        steps=(),
        types=(),
        state={"engine": engine},
        **empty,
    )


def _decide(row: dict[str, str], engine: str = "postgres", **asked: Any) -> Start | Refusal:
    return decide(row, _doc(engine), Asked(bundle="plans/orders", **asked), NEW)


UNFINISHED = {"attempt_run_id": OLD, "attempt_fingerprint": "f1", "attempt_low": "1", "attempt_high": "9"}
HELD = {"lease_owner": OLD, "lease_seconds": "12.5"}


def _case(row: dict[str, str], asked: dict[str, Any], verdict: str) -> Any:
    return pytest.param(row, asked, verdict, id=f"{verdict}-{'-'.join((*row.values(), *map(str, asked)))}"[:90])


CASES = [
    _case({}, {}, "new"),
    _case({"phase": "idle", "target_empty": "1"}, {}, "new"),
    _case({"phase": "idle", "target_empty": "0"}, {}, "DP411"),
    _case({"phase": "", "target_empty": "0"}, {}, "DP411"),
    _case({"phase": "idle", "target_empty": "0", "adopted": "1"}, {}, "new"),
    _case({"phase": "done", "target_empty": "0", "attempt_run_id": OLD}, {}, "new"),
    _case({"phase": "done", "target_empty": "0", "elsewhere": "1"}, {}, "DP448"),
    _case({"phase": "done", "target_empty": "1", "elsewhere": "0"}, {}, "new"),
    _case({"phase": "open", **UNFINISHED, "elsewhere": "1"}, {}, "DP448"),
    _case({"phase": "done", **HELD, "lease_alive": "1", "elsewhere": "1"}, {}, "DP413"),
    *(_case({"phase": phase, **UNFINISHED}, {}, f"continue {phase}") for phase in ("open", "staged", "committed")),
    _case({"phase": "open", **UNFINISHED}, {"window": ("1", "9")}, "continue open"),
    _case({"phase": "open", **UNFINISHED}, {"window": ("2", "9")}, "DP414"),
    _case({"phase": "open", **UNFINISHED, "attempt_fingerprint": "f0"}, {}, "new"),
    _case({"phase": "staged", **UNFINISHED, "attempt_fingerprint": "f0"}, {}, "new"),
    _case({"phase": "staged", **UNFINISHED, "attempt_fingerprint": "f0"}, {"engine": "clickhouse"}, "DP412"),
    _case({"phase": "committed", **UNFINISHED, "attempt_fingerprint": "f0"}, {"engine": "clickhouse"}, "new"),
    _case({"phase": "done", **HELD, "lease_alive": "1"}, {}, "DP413"),
    _case({"phase": "done", **HELD, "lease_alive": ""}, {}, "DP413"),
    _case({"phase": "done", **HELD, "lease_alive": "0"}, {}, "new"),
    _case({"phase": "done", "lease_owner": OLD, "lease_seconds": "-1", "lease_alive": "1"}, {}, "new"),
    _case({"phase": "open", **UNFINISHED, **HELD, "lease_alive": "1"}, {"locked": True}, "DP413"),
    _case({"phase": "open", **UNFINISHED, **HELD, "lease_alive": ""}, {}, "DP413"),
    _case({"phase": "open", **UNFINISHED, **HELD, "lease_alive": ""}, {"locked": True}, "continue open"),
    _case({"phase": "open", **UNFINISHED, **HELD, "lease_alive": ""}, {"resume": OLD}, "continue open"),
    _case({"phase": "open", **UNFINISHED}, {"resume": NEW}, "DP418"),
    _case({"phase": "done", "attempt_run_id": OLD}, {"resume": OLD}, "DP418"),
]


@pytest.mark.parametrize(("row", "asked", "verdict"), CASES)
def test_each_row_has_one_answer(row: dict[str, str], asked: dict[str, Any], verdict: str) -> None:
    answer = _decide(row, **asked)
    if isinstance(answer, Refusal):
        assert answer.code == verdict
        assert answer.next.startswith("dponec ")
        assert answer.exit_code == (4 if verdict == "DP413" else 1)
    elif answer.mode == "new":
        assert (verdict, answer.run_id, answer.phase) == ("new", NEW, "idle")
    else:
        assert (verdict, OLD) == (f"continue {answer.phase}", answer.run_id)
