"""What a test ran on engines: each successful run of a plan is noted in the test's JUnit entry, as evidence for `dponec certify`.

The property is `cell` = `<source>-><sink>:<strategy>:<policy>@<source engine> <version>,<sink engine> <version>`.
"""

from __future__ import annotations

import pytest

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.certify.evidence import PROPERTY
from tests.tiers import TIERS

_now: list[pytest.Item] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> object:
    """Remember which test is running."""
    _now.append(item)
    try:
        return (yield)
    finally:
        _now.pop()


def note(doc: PlanDoc, sink_tier: str, source_tier: str = "postgres_wheel") -> None:
    """The test that is running has run this plan to its end on these engines."""
    mode = doc.decision["strategy_mode"]
    policy = "" if mode == "backfill" else doc.decision.get("merge_policy") or ""
    route = f"{doc.route['source']['engine']}->{doc.route['target']['engine']}"
    key = f"{route}:{mode}:{policy}"
    engines = ",".join(f"{tier} {TIERS[tier].find()}" for tier in (source_tier, sink_tier))
    found = (PROPERTY, f"{key}@{engines}")
    if _now and found not in _now[-1].user_properties:
        _now[-1].user_properties.append(found)
