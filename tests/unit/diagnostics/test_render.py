"""The renderings of diagnostics: golden files for the look, parsers for the formats that machines read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import ClassVar

import pytest
from syrupy.assertion import SnapshotAssertion

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem, Severity
from dpone_compiler.diagnostics.render import RENDERERS, full
from dpone_compiler.source.text import SourceFile, Span
from tests.golden_files import GoldenText


class Sample(Problem):
    """A problem for tests.

    Its page has two paragraphs.
    """

    what: str
    code: ClassVar[str] = "DP900"
    template: ClassVar[str] = "the {what} is odd"
    advice: ClassVar[str] = "do 50% <less>, \"say\" & 'mean'"


class Mild(Problem):
    """A warning for tests."""

    code: ClassVar[str] = "DP901"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "mild"


FILE = SourceFile("a b/é:1.yaml", "first\n\t值值: x\x1b[31m, y\n" + "z" * 300 + "!" + "z" * 300 + "\n")
FILES = {FILE.name: FILE, "fine.yaml": SourceFile("fine.yaml", "a: 1\n")}
FOUND = (
    Diagnostic(Sample("thing\x1b[2J\n::error::"), Span(FILE.name, 2, 2, 2, 4), "orders"),
    Diagnostic(Sample("other"), Span(FILE.name, 3, 301, 3, 302)),
    Diagnostic(Mild(), Span(FILE.name, 1, 3, 2, 1)),
    Diagnostic(Sample("whole"), None),
)


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_look(name: str, snapshot: SnapshotAssertion) -> None:
    assert RENDERERS[name](FOUND, FILES) == snapshot(extension_class=GoldenText)


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_nothing_to_say_is_a_valid_document(name: str) -> None:
    text = RENDERERS[name]((), {})
    if name in ("json", "sarif"):
        json.loads(text)
    elif name == "junit":
        ET.fromstring(text)
    else:
        assert text == ""


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_no_control_character_reaches_the_terminal(name: str) -> None:
    assert "\x1b" not in RENDERERS[name](FOUND, FILES)


def test_color_only_when_asked_for() -> None:
    plain = full.render(FOUND, FILES)
    colored = full.render(FOUND, FILES, color=True)
    assert "\x1b[1;31merror[DP900]\x1b[0m" in colored
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[1;34m", "\x1b[1;31m", "\x1b[1;33m"):
        colored = colored.replace(code, "")
    assert colored == plain


def test_a_file_that_is_not_given_has_no_excerpt() -> None:
    assert "|" not in full.render(FOUND, {})


def test_github_escapes_what_its_runner_reads() -> None:
    first = RENDERERS["github"](FOUND, FILES).splitlines()[0]
    assert first.startswith("::error file=a b/é%3A1.yaml,line=2,endLine=2,col=2,endColumn=3,title=DP900::the thing")
    assert "%0A::error::" in first
    assert "50%25" in first


def test_sarif_has_rules_and_places() -> None:
    run = json.loads(RENDERERS["sarif"](FOUND, FILES))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["DP900", "DP901"]
    assert rules[0]["shortDescription"]["text"] == "A problem for tests."
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/%C3%A9%3A1.yaml"
    assert "locations" not in run["results"][3]


def test_junit_counts_failures() -> None:
    root = ET.fromstring(RENDERERS["junit"](FOUND, FILES))
    cases = root.findall("./testsuite/testcase")
    assert (root.get("tests"), root.get("failures"), len(cases)) == ("5", "3", 5)
    assert len(root.findall(".//failure")) == 3
    assert cases[-1].get("classname") == "fine.yaml"


def test_json_has_everything() -> None:
    document = json.loads(RENDERERS["json"](FOUND, FILES))
    assert document["format"] == "dponec.diagnostics/1"
    assert document["summary"] == {"error": 3, "note": 0, "warning": 1}
    assert document["diagnostics"][0]["location"]["column"] == 2
    assert document["diagnostics"][3]["location"] is None
