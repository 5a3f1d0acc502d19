"""What no T-SQL of ours may hold, looked for in the parsed tree: a comment or a literal that merely says it is not found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests import scriptdom
from tests.scriptdom import kind, nodes

# 2017 and later, or of no use in a proof: https://learn.microsoft.com/en-us/sql/t-sql/functions/checksum-transact-sql
FUNCTIONS = frozenset(
    {
        *(
            "STRING_AGG",
            "TRIM",
            "TRANSLATE",
            "CONCAT_WS",
            "GREATEST",
            "LEAST",
            "GENERATE_SERIES",
            "DATE_BUCKET",
            "DATETRUNC",
        ),
        *("JSON_OBJECT", "JSON_ARRAY", "CHECKSUM", "BINARY_CHECKSUM", "CHECKSUM_AGG", "ISNULL", "GETDATE"),
    }
)


def lint(found: list[Any]) -> list[str]:
    """What is wrong with a script, given all its fragments."""
    return [
        fault
        for rule in (merges, whole_deletes, stars, intos, dynamic, pieces, functions, throws)
        for fault in rule(found)
    ]


def text_of(node: Any) -> str:
    tokens = node.ScriptTokenStream
    return "".join(str(tokens[at].Text) for at in range(node.FirstTokenIndex, node.LastTokenIndex + 1))


def drops_own(node: Any) -> bool:
    """DROP TABLE of a temporary table, which no other session sees."""
    return kind(node) == "DropTableStatement" and all(
        str(name.BaseIdentifier.Value).startswith("#") for name in node.Objects
    )


def merges(found: list[Any]) -> Iterator[str]:
    """No MERGE without HOLDLOCK and UPDLOCK on its target; we write none at all."""
    for node in found:
        if kind(node) == "MergeSpecification":
            hints = {str(hint.HintKind).upper() for hint in node.Target.TableHints}
            if not {"HOLDLOCK", "UPDLOCK"} <= hints:
                yield f"line {node.StartLine}: MERGE without HOLDLOCK and UPDLOCK"


def whole_deletes(found: list[Any]) -> Iterator[str]:
    """No DELETE or UPDATE whose condition names no column: it would be 1 = 1 in other words."""
    for node in found:
        if kind(node) in ("DeleteSpecification", "UpdateSpecification") and node.WhereClause is not None:
            below = {kind(inner) for inner in nodes(node.WhereClause)}
            if not below & {"ColumnReferenceExpression", "ExistsPredicate"}:
                yield f"line {node.StartLine}: the condition of {kind(node)} is true of every row: {text_of(node.WhereClause)}"


def stars(found: list[Any]) -> Iterator[str]:
    """No SELECT * anywhere, and no INSERT without its columns."""
    for node in found:
        if kind(node) == "SelectStarExpression":
            yield f"line {node.StartLine}: SELECT *"
        if kind(node) == "InsertSpecification" and not list(node.Columns):
            yield f"line {node.StartLine}: INSERT without a list of columns"


def intos(found: list[Any]) -> Iterator[str]:
    """SELECT … INTO makes staging and temporary tables alone: the types of a target are nobody's guess."""
    for node in found:
        if kind(node) != "SelectStatement" or node.Into is None:
            continue
        name = text_of(node.Into)
        if "__dponec_" not in name and "#" not in name:
            yield f"line {node.StartLine}: SELECT INTO {name}"


# The grants that a swap gives again, and what a switch makes: of words, of names that the server itself has quoted, of numbers and of
# bounds that it has written.
_QUOTED_BY_THE_SERVER = ("@dp_grants", "@dp_statement")
_PIECES = frozenset(
    {
        *("@dp_new", "@dp_old", "@dp_columns", "@dp_place", "@dp_packed"),
        *("@dp_number", "@dp_nth", "@dp_from", "@dp_to"),
    }
)


def _is_written_out(node: Any) -> bool:
    """The text is a literal, into which nothing can be pasted; it is read as any other statement."""
    first = node.Parameters[0].ParameterValue
    if kind(first) != "StringLiteral":
        return False
    tree, errors = scriptdom.read(str(first.Value))
    return not errors and not lint(nodes(tree))


def dynamic(found: list[Any]) -> Iterator[str]:
    """No text that is run as a statement: a value could be pasted into it. CREATE SCHEMA cannot stand behind an IF otherwise."""
    for node in found:
        named = kind(node) == "ExecutableProcedureReference" and "sp_executesql" in text_of(node).lower()
        if named and text_of(node).split()[1].rstrip(",") in _QUOTED_BY_THE_SERVER:
            continue
        if named and _is_written_out(node):
            continue
        if named or (kind(node) == "ExecutableStringList" and not all(map(_makes_a_schema, node.Strings))):
            yield f"line {node.StartLine}: a text is run as a statement"


def pieces(found: list[Any]) -> Iterator[str]:
    """A text that is run is put together from pieces that hold no value of a row or of a manifest."""
    for node in found:
        if kind(node) == "SetVariableStatement" and str(node.Variable.Name) == "@dp_statement":
            used = {str(each.Name) for each in nodes(node.Expression) if kind(each) == "VariableReference"}
            if odd := sorted(used - _PIECES - {"@dp_target"}):
                yield f"line {node.StartLine}: {', '.join(odd)} is put into a text that is run"


def _makes_a_schema(text: Any) -> bool:
    return kind(text) == "StringLiteral" and str(text.Value).startswith("CREATE SCHEMA ")


# A day, an instant or a uuid; that is what windows, partitions and runs are told by.
_VALUE = re.compile(r"\d{4}-?(?:0[1-9]|1[0-2])-?(?:[0-2]\d|3[01])|[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
# The first and last days of types, and the epoch.
_CONSTANT = (
    "0001-01-01",
    "1753-01-01",
    "1900-01-01",
    "1970-01-01",
    "19700101",
    "2079-06-06",
    "9999-12-31",
    "2079-06-06",
    "2299-12-31",
)


def pasted(found: list[Any], said: str) -> Iterator[str]:
    """No literal of a day, an instant or a run that the manifest (`said`) does not hold: all others are parameters."""
    for node in found:
        if kind(node) == "StringLiteral" and _VALUE.match(str(node.Value)):
            value = str(node.Value)
            if not value.startswith(_CONSTANT) and value not in said:
                yield f"line {node.StartLine}: {value} stands in the text"


def functions(found: list[Any]) -> Iterator[str]:
    """No function that SQL Server 2016 lacks, or that proves nothing."""
    for node in found:
        if kind(node) == "FunctionCall" and str(node.FunctionName.Value).upper() in FUNCTIONS:
            yield f"line {node.StartLine}: {node.FunctionName.Value}"


def throws(found: list[Any]) -> Iterator[str]:
    """A CATCH throws again, and every batch with a TRY has XACT_ABORT on."""
    for node in found:
        if kind(node) == "TryCatchStatement":
            last = list(node.CatchStatements.Statements)[-1]
            if kind(last) != "ThrowStatement" or last.ErrorNumber is not None:
                yield f"line {node.StartLine}: CATCH does not throw again"


def variables(found: list[Any]) -> tuple[set[str], set[str]]:
    """(variables that are read or set, variables that the script declares)."""
    used = {str(node.Name) for node in found if kind(node) == "VariableReference"}
    declared = {str(node.VariableName.Value) for node in found if kind(node) == "DeclareVariableElement"}
    declared |= {str(node.VariableName.Value) for node in found if kind(node) == "DeclareTableVariableBody"}
    used -= {
        str(node.Variable.Name) for node in found if kind(node) == "ExecuteParameter" and node.Variable is not None
    }
    used |= {str(node.Variable.Name) for node in found if kind(node) == "VariableTableReference"}
    return used, declared
