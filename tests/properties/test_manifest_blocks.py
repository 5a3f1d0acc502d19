"""The reader's blocks against pydantic: on any values both take the same, or find the same faults at the same places."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dpone_compiler.frontends.manifest.models.as_pydantic import as_pydantic
from dpone_compiler.frontends.manifest.models.closed import Closed, keys_of, read_block
from dpone_compiler.frontends.manifest.models.process import Batch, BatchTable, Flow, Loads, Process
from dpone_compiler.frontends.manifest.models.values import Known

FORMS = (Process, Loads, Flow, Batch, BatchTable)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**7),
    st.floats(-1, 30, allow_nan=False),
    st.sampled_from(
        [
            "",
            "postgres",
            "pg",
            "kafka",
            "mysql",
            "auto",
            "bananas",
            "a.b",
            "10 minutes",
            "50M",
            "5%",
            "day",
            "fail",
            "id, x",
        ]
    ),
)


def values(block: type[Closed]) -> st.SearchStrategy[Any]:
    """Mappings whose keys are mostly right and whose values are anything."""
    names = [key.name for key in keys_of(block)]
    return st.dictionaries(st.sampled_from([*names, "", "nmae"]), _ANYTHING, max_size=5)


def _blocks() -> list[type[Closed]]:
    found: list[type[Closed]] = []
    waiting: list[type[Closed]] = list(FORMS)
    while waiting:
        block = waiting.pop()
        if block not in found:
            found.append(block)
            waiting.extend(each for each in Closed.__subclasses__() if each not in found)
    return sorted(found, key=lambda each: each.__name__)


BLOCKS = _blocks()
_NAMES = sorted({key.name for block in BLOCKS for key in keys_of(block)})
_FLAT = st.one_of(_SCALARS, st.dictionaries(st.sampled_from(_NAMES), _SCALARS, max_size=3))
_ANYTHING = st.one_of(_FLAT, st.lists(_FLAT, max_size=3), st.dictionaries(st.sampled_from(_NAMES), _FLAT, max_size=3))


def faults_of_pydantic(block: type[Closed], value: Any) -> set[tuple[str, tuple[Any, ...]]]:
    try:
        as_pydantic(block).model_validate(value)
    except ValidationError as error:
        return {
            (_kind(each["type"]), _path(each["type"], each["loc"], value)) for each in error.errors(include_url=False)
        }
    return set()


def _kind(kind: str) -> str:
    return {"model_attributes_type": "model_type", "int_from_float": "int_type"}.get(kind, kind)


def _path(kind: str, loc: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    """Without the branch of a union that pydantic names at the end of a path; only a missing key is not in the value."""
    current, path = value, []
    for step in loc:
        if isinstance(current, dict) and (step in current or kind == "missing"):
            path.append(step)
            current = current.get(step)
        elif isinstance(current, list) and isinstance(step, int):
            path.append(step)
            current = current[step]
        else:
            break
    return tuple(path)


def agree(block: type[Closed], value: Any) -> None:
    read, faults = read_block(block, value, Known())
    assert {(fault.kind, _path(fault.kind, fault.path, value)) for fault in faults} == faults_of_pydantic(block, value)
    if read is not None:
        assert plain(read) == as_pydantic(block).model_validate(value).model_dump()


def plain(value: Any) -> Any:
    if isinstance(value, Closed):
        return {key.attribute: plain(getattr(value, key.attribute)) for key in keys_of(type(value))}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return {key: plain(each) for key, each in value.items()} if isinstance(value, dict) else value


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
@given(data=st.data())
def test_reader_and_pydantic_agree(block: type[Closed], data: st.DataObject) -> None:
    agree(block, data.draw(values(block)))


def test_a_whole_manifest_agrees() -> None:
    agree(
        Process,
        {
            "name": "orders",
            "source": {
                "type": "pg",
                "table": "public.orders",
                "cursor": "updated_at",
                "columns": ["id", {"name": "amount", "as": "total", "cast": "decimal(18,2)"}],
                "options": {
                    "estimated_rows": 5,
                    "changed_percent": "20%",
                    "columns": ["a", {"name": "b", "type": "int"}],
                },
            },
            "sink": {
                "type": "bq",
                "table": {"schema": "dwh", "name": "orders"},
                "strategy": {"mode": "AUTO", "unique_key": "a, b", "partition": "day", "merge_policy": "delete+insert"},
            },
            "reconciliation": True,
            "runtime": {"x": [1, {"y": None}]},
        },
    )


@pytest.mark.parametrize(
    "value", [None, [], "text", 3, {"name": 3}, {"name": "", "source": {}, "sink": {"type": "oracle"}}]
)
def test_what_is_no_manifest_agrees(value: Any) -> None:
    agree(Process, value)
