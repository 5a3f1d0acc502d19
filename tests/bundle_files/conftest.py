"""ClickHouse's own parser, for every test of this folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from dpone_compiler.embedded.engine import Engine
from tests.engine_fixtures import run_clickhouse


@pytest.fixture(scope="session")
def read_by_clickhouse(chdb: Engine) -> Callable[[list[str]], list[str]]:
    """Each text as ClickHouse prints it after parsing exactly one statement; '' when it does not parse."""

    def ask(texts: list[str]) -> list[str]:
        listed = ", ".join("'" + re.sub(r"([\\\\'])", r"\\\1", text) + "'" for text in texts)
        query = f"SELECT toJSONString(groupArray(ifNull(formatQuerySingleLineOrNull(q), ''))) FROM (SELECT arrayJoin([{listed}]) AS q)"
        found: list[str] = json.loads(run_clickhouse(chdb.url, f"{query} FORMAT TSVRaw"))
        return found

    return ask
