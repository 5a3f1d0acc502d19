"""`value` classes behave as frozen dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from dpone_compiler.source.value import value


@value(kw_only=True)
class Point:
    """A value with every kind of field."""

    unit: ClassVar[str] = "m"
    x: int
    y: int = 2
    tags: dict[str, int] = dataclasses.field(default_factory=dict)
    origin: str = dataclasses.field(default="", compare=False, repr=False)


@value
class Pair:
    """A positional value that checks itself."""

    left: int
    right: int = 0

    def __post_init__(self) -> None:
        if self.left < 0:
            raise ValueError("left")


def test_equality_hash_and_repr_go_by_the_compared_fields() -> None:
    assert Pair(1, 2) == Pair(1, right=2) != Pair(1)
    assert hash(Pair(1, 2)) == hash(Pair(1, 2))
    assert Point(x=1, origin="a") == Point(x=1, origin="b")
    assert repr(Point(x=1)) == "Point(x=1, y=2, tags={})"
    assert Pair(1) != object()


def test_defaults_are_not_shared() -> None:
    assert Point(x=1).tags is not Point(x=1).tags
    assert Point.unit == "m"


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Pair(1).left = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del Pair(1).left


@pytest.mark.parametrize(
    ("kind", "args", "named"),
    [
        (Pair, (), {}),
        (Pair, (1, 2, 3), {}),
        (Pair, (1,), {"left": 1}),
        (Point, (1,), {}),
        (Point, (), {"x": 1, "z": 1}),
    ],
)
def test_wrong_arguments_are_refused(kind: Any, args: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        kind(*args, **named)


def test_the_tools_of_dataclasses_work() -> None:
    kind: Any = Point
    assert dataclasses.is_dataclass(kind)
    assert dataclasses.replace(Point(x=1, y=5), x=3) == Point(x=3, y=5)
    assert [f.name for f in dataclasses.fields(Pair)] == ["left", "right"]
    assert dataclasses.asdict(Pair(1)) == {"left": 1, "right": 0}
    assert copy.deepcopy(Pair(1)) == pickle.loads(pickle.dumps(Pair(1))) == Pair(1)
    with pytest.raises(ValueError, match="left"):
        dataclasses.replace(Pair(1), left=-1)


def test_match_takes_positional_fields() -> None:
    match Pair(1, 2):
        case Pair(left, right):
            assert (left, right) == (1, 2)
