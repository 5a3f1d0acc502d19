"""Test cases of a JUnit file: what ran, what passed, and the properties that tests recorded."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from dpone_compiler.source.value import value


@value(kw_only=True)
class Case:
    """`id`: path::name, as pytest names it. `properties`: (name, value) in order. `at`: when its suite began (ISO 8601)."""

    id: str
    ran: bool
    passed: bool
    properties: tuple[tuple[str, str], ...]
    at: str


def read_cases(data: bytes) -> tuple[Case, ...]:
    """The cases in the order of the file. Raises ValueError for what is no JUnit file."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(f"it is no JUnit file: {error}") from None
    return tuple(_cases(root))


def _cases(root: ElementTree.Element) -> Iterator[Case]:
    for suite in root.iter("testsuite"):
        for case in suite.iter("testcase"):
            outcomes = {child.tag for child in case}
            path = case.get("classname", "").replace(".", "/")
            yield Case(
                id=f"{path}.py::{case.get('name', '')}",
                ran="skipped" not in outcomes,
                passed=not outcomes & {"skipped", "failure", "error"},
                properties=tuple((each.get("name") or "", each.get("value") or "") for each in case.iter("property")),
                at=suite.get("timestamp", ""),
            )
