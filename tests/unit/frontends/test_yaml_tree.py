"""The spanned YAML reader: values as written, places as an editor counts them."""

from __future__ import annotations

import pytest

from dpone_compiler.frontends.manifest.tree import Block, Plain, place, plain
from dpone_compiler.frontends.manifest.yaml_tree import read_tree
from dpone_compiler.source.text import SourceFile


def tree(text: str) -> Block:
    root, found = read_tree(SourceFile("f", text))
    assert not found
    assert isinstance(root, Block)
    return root


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("~", None),
        ("", None),
        ("50_000_000", 50_000_000),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("1_0_", "1_0_"),
        ("-5", -5),
        ("0.20", 0.2),
        ("1e3", "1e3"),
        ("1.5e+3", 1500.0),
        ("1.0e+999", "1.0e+999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("9" * 5000, "9" * 5000),
        ('"5"', "5"),
        ("'true'", "true"),
        ('"a\\nb\\u2028c"', "a\nb\u2028c"),
        ("'a\u2028b\x85c \u2029'", "a\u2028b\x85c \u2029"),
        ("a\u2028b\ue000", "a\u2028b\ue000"),
    ],
)
def test_scalars(written: str, value: Plain) -> None:
    assert plain(tree(f"key: {written}\n")) == {"key": value}


def test_columns_count_characters_and_lines_end_where_editors_end_them() -> None:
    root = tree('a: {ключ: 值, b: x}\r\nc: "1\u20282"\r\nd: 5\r\n')
    assert str(place(root, ("a", "b"))) == "f:1:17"
    assert str(place(root, ("d",))) == "f:3:4"


def test_a_block_over_several_lines_is_shown_by_its_key() -> None:
    root = tree("a:\n  b:\n    c: 1\n    d: 2\n")
    assert str(place(root, ("a", "b"))) == "f:2:3"
    assert str(place(root, ("a", "b", "d"))) == "f:4:8"
    assert str(place(root, ("a", "b", "missing"))) == "f:2:3"


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a: b: c\n", "DP001", (1, 5)),
        ("a: *x\n", "DP001", (1, 4)),
        ("a: &x {b: *x}\n", "DP001", (1, 11)),
        ("a: \x07\n", "DP001", (1, 4)),
        ("a: '\ud800'\n", "DP001", (1, 1)),
        ("a: 1\n? [b]\n: 2\n", "DP003", (2, 3)),
        ("[" * 70 + "]" * 70, "DP007", (1, 62)),
        ("a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 999)), "DP007", (59, 12)),
        ("a: !!python/object:os.system x\n", "DP004", (1, 4)),
        ("<<: 3\n", "DP001", (1, 5)),
        ("{a: 1, a: 2}", "DP002", (1, 8)),
    ],
)
def test_faults_and_their_places(text: str, code: str, at: tuple[int, int]) -> None:
    _, found = read_tree(SourceFile("f", text))
    assert [d.code for d in found] == [code]
    assert found[0].span is not None
    assert (found[0].span.line, found[0].span.column) == at
