"""Parse and check a person's SQL expression: one scalar expression over the columns of one table.

What cannot be proved to mean the same thing in every statement that it is put into is refused: subqueries, aggregates,
windows, parameters, several statements.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

from sqlglot import exp, parse
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.simplify import simplify

from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.parse import SqlFault
from dpone_compiler.sql.own_words import UnwritableError, own_words

_REFUSED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Query, "a subquery"),
    (exp.AggFunc, "an aggregate function"),
    (exp.Window, "a window function"),
    (exp.Placeholder, "a parameter"),
    (exp.Parameter, "a parameter"),
    (exp.Star, "a star"),
    (exp.Command, "a command"),
)
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_WALLS = frozenset(
    {
        exp.DataType.Type[name]
        for name in ("DATE", "DATETIME", "DATETIME2", "SMALLDATETIME", "TIMESTAMP", "TIMESTAMPNTZ")
    }
)
_ZONED = re.compile(r":[0-9.]+\s*([zZ]|[+-][0-9:]+)\s*\Z")
_BOOLEAN = DataType(kind=Kind.BOOL)
_UNKNOWN = DataType(kind=Kind.OTHER, native="unknown")


# What sqlglot raises for arguments that a function of its does not expect; which, it does not say.
_OTHERWISE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
_TOO_DEEP = SqlFault(
    kind="construct",
    message="it is nested too deeply",
    help="leave out brackets that say nothing; compute part of it as a column of a view",
)


def parse_sql(text: str, dialect: str, columns: tuple[Column, ...] | None, *, boolean: bool) -> ParsedSql | SqlFault:
    """See spi.parse.ParseSql."""
    if "\0" in text:
        return SqlFault(kind="syntax", message="it has the character U+0000", help="no engine takes it in a statement")
    try:
        return _parse(text, dialect, columns, boolean=boolean)
    except RecursionError:  # sqlglot's parser calls itself for every bracket
        return _TOO_DEEP
    except UnwritableError as error:
        at = error.token
        return SqlFault(
            kind="construct",
            message=f"{error.text!r} cannot be copied into a statement safely",
            help="write it otherwise, or as a column of a view",
            line=at.line,
            column=max(1, at.col - len(error.text) + 1),
        )


def _parse(text: str, dialect: str, columns: tuple[Column, ...] | None, *, boolean: bool) -> ParsedSql | SqlFault:
    try:
        trees = parse(text, dialect=dialect, error_level=ErrorLevel.RAISE)
    except (ParseError, TokenError) as error:
        return _syntax(error)
    except _OTHERWISE as error:
        return SqlFault(
            kind="construct", message=f"it cannot be read: {error}", help="compute it as a column of a view instead"
        )
    if len(trees) != 1 or trees[0] is None:
        return SqlFault(kind="syntax", message="exactly one expression is expected", help="remove the semicolon")
    tree = trees[0]
    if not isinstance(tree, exp.Condition):
        return SqlFault(
            kind="construct", message="this is not an expression", help="write a condition over the columns"
        )
    for node_type, name in _REFUSED:
        if tree.find(node_type) is not None:
            return SqlFault(
                kind="construct",
                message=f"{name} is not allowed here",
                help="use columns of the source table, literals and functions of one row",
            )
    resolved = _resolve(cast(exp.Expression, tree), dialect, columns)
    if isinstance(resolved, SqlFault):
        return resolved
    names = tuple(sorted({column.name for column in resolved.find_all(exp.Column)}))
    typed = _annotate(resolved, dialect, columns)
    if boolean and (fault := _not_boolean(typed)):
        return fault
    if (fault := _mismatch(typed) or _dropped_zone(typed)) is not None:
        return fault
    if boolean and (fault := _constant(typed, dialect)) is not None:
        return fault
    written = own_words(text, dialect, {node.this.meta["start"]: node.name for node in resolved.find_all(exp.Column)})
    return ParsedSql(text=written, dialect=dialect, columns=names, type=_BOOLEAN if boolean else _UNKNOWN)


def _constant(tree: exp.Expression, dialect: str) -> SqlFault | None:
    """A condition that says the same of every row; one with a function of the clock is none."""
    try:
        folded = simplify(tree.copy(), dialect=dialect)
    except _OTHERWISE:  # it computes with literals, dates beyond year 9999 among them
        return None
    if isinstance(folded, exp.Boolean) and folded.this:
        return SqlFault(
            kind="constant", message="it is true for every row", help="leave it out, or name a column in it"
        )
    if isinstance(folded, (exp.Boolean, exp.Null)):
        return SqlFault(
            kind="constant", message="it is true for no row", help="name a column that says which rows are meant"
        )
    return None


def _syntax(error: ParseError | TokenError) -> SqlFault:
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    message = str(first.get("description") or str(error).splitlines()[0])
    return SqlFault(kind="syntax", message=message, line=first.get("line") or 1, column=first.get("col") or 1)


def _fold(name: exp.Identifier, dialect: str) -> str:
    """A name as the engine stores it: Postgres folds unquoted names to lower case, the others keep what was written."""
    return str(name.this) if name.args.get("quoted") or dialect != "postgres" else str(name.this).lower()


def _resolve(tree: exp.Expression, dialect: str, columns: tuple[Column, ...] | None) -> exp.Expression | SqlFault:
    known = None if columns is None else {column.name: column for column in columns}
    by_lower = {} if known is None else {name.lower(): name for name in known}
    copy = tree.copy()
    for node in list(copy.find_all(exp.Column)):
        if node.args.get("table") is not None:
            return SqlFault(
                kind="column", message=f"the column {node.sql()} is qualified", help="write the bare column name"
            )
        name = _fold(node.this, dialect)
        if known is not None and name not in known:
            exact = by_lower.get(name.lower()) if dialect == "tsql" else None
            if exact is None:
                return _unknown(node, name, tuple(known))
            name = exact
        fresh = exp.column(exp.to_identifier(name, quoted=True))
        fresh.this.meta.update(node.this.meta)
        if node is copy:
            copy = fresh
        else:
            node.replace(fresh)
    return copy


def _unknown(node: exp.Expression, name: str, known: tuple[str, ...]) -> SqlFault:
    meta = node.this.meta if isinstance(node.this, exp.Identifier) else {}
    return SqlFault(
        kind="column",
        message=f"there is no column {name!r}",
        help=did_you_mean(name, known),
        line=int(meta.get("line", 1)),
        column=max(1, int(meta.get("col", 1)) - len(name) + 1),
    )


def _sqlglot_type(column: Column, dialect: str) -> exp.DataType:
    try:
        return exp.DataType.build(column.native, dialect=dialect)
    except (ParseError, ValueError):
        return exp.DataType.build("UNKNOWN")


def _annotate(tree: exp.Expression, dialect: str, columns: tuple[Column, ...] | None) -> exp.Expression:
    """The tree with types; columns get theirs from the catalog, which sqlglot wants qualified and under a SELECT;
    a cast of the column to its own type says the same with less."""
    types = {column.name: _sqlglot_type(column, dialect) for column in columns or ()}

    def place(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and node.name in types:
            return exp.cast(node.copy(), types[node.name].copy(), dialect=dialect)
        return node

    return annotate_types(tree.copy().transform(place), dialect=dialect)


def _not_boolean(tree: exp.Expression) -> SqlFault | None:
    kind = tree.type.this if tree.type is not None else exp.DataType.Type.UNKNOWN
    if kind in (exp.DataType.Type.BOOLEAN, exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
        return None
    return SqlFault(
        kind="type", message=f"a condition is expected, this is of type {tree.type}", help="compare it with something"
    )


def _family(node: exp.Expression) -> str:
    kind = node.type.this if node.type is not None else None
    if kind in exp.DataType.NUMERIC_TYPES:
        return "number"
    if kind in exp.DataType.TEMPORAL_TYPES:
        return "time"
    if kind == exp.DataType.Type.BOOLEAN:
        return "boolean"
    return ""


def _mismatch(tree: exp.Expression) -> SqlFault | None:
    """A number against a time or a boolean, a time against a boolean: the engines refuse these, so we do it earlier."""
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE):
        left, right = _family(node.this), _family(node.expression)
        if left and right and left != right:
            return SqlFault(
                kind="type",
                message=f"a {left} is compared with a {right}: {node.sql()}",
                help="cast one side to the type of the other",
            )
    return None


def _dropped_zone(tree: exp.Expression) -> SqlFault | None:
    """A text with a time zone beside or as a wall clock: engines drop the zone without a word, and other rows are meant."""
    for text in tree.find_all(exp.Literal):
        around = text.parent
        if not text.is_string or not _ZONED.search(text.name) or around is None:
            continue
        sides = (
            [around]
            if isinstance(around, exp.Cast)
            else list(around.iter_expressions())
            if isinstance(around, _COMPARED)
            else []
        )
        if any(side.type is not None and side.type.this in _WALLS for side in sides):
            return SqlFault(
                kind="type",
                message=f"{text.name!r} has a time zone, and what it is compared with has none: the engine would drop it",
                help="say what the clock of the column shows, or cast the column: AT TIME ZONE",
            )
    return None


def with_type(parsed: ParsedSql, data_type: DataType) -> ParsedSql:
    """The same expression with a better known type."""
    return replace(parsed, type=data_type)
