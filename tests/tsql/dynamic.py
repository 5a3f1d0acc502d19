"""The texts that a batch puts together and runs, put together here: literals as they are, variables by sample values."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests import scriptdom
from tests.scriptdom import kind


class Sampled(NamedTuple):
    """The bounds of the partition; everything else is the same for each."""

    low: str
    high: str


def run_texts(script: str, values: Sampled) -> list[str]:
    """Every text that is set by CONCAT and then run, in order."""
    found = scriptdom.nodes(scriptdom.read(script)[0])
    texts = [
        node.Expression
        for node in found
        if kind(node) == "SetVariableStatement" and str(node.Variable.Name) == "@dp_statement"
    ]
    return [
        _said(text, values)
        for text in texts
        if kind(text) == "FunctionCall" and str(text.FunctionName.Value) == "CONCAT"
    ]


def _said(node: Any, values: Sampled) -> str:
    match kind(node):
        case "StringLiteral":
            return str(node.Value)
        case "VariableReference":
            return _SAMPLES.get(str(node.Name)) or {"@dp_from": values.low, "@dp_to": values.high}[str(node.Name)]
        case "ConvertCall":
            return _said(node.Parameter, values)
        case "FunctionCall" if str(node.FunctionName.Value) == "CONCAT":
            return "".join(_said(each, values) for each in node.Parameters)
        case "FunctionCall" if str(node.FunctionName.Value) == "QUOTENAME":
            name = _said(node.Parameters[0], values)
            assert len(name.encode("utf-16-le")) // 2 <= 128, "QUOTENAME of more is NULL"
            return f"[{name.replace(']', ']]')}]"
    raise AssertionError(f"{kind(node)} in a text that is run")


_SAMPLES = {
    "@dp_new": "[dbo].[new]",
    "@dp_old": "[dbo].[old]",
    "@dp_columns": "[id] bigint NOT NULL, [day] date NOT NULL",
    "@dp_place": "[OF_2026]",
    "@dp_packed": "PAGE",
    "@dp_number": "3",
    "@dp_nth": "12345",
}
