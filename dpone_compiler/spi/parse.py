"""The port through which passes parse SQL text; `sql` implements it and the driver injects it."""

from __future__ import annotations

from typing import Protocol

from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.ir.schema import Column
from dpone_compiler.source.value import value


@value(kw_only=True)
class SqlFault:
    """Why a text was not taken. `kind`: syntax | column | type | construct | constant. `line`/`column` count from 1 within the text."""

    kind: str
    message: str
    help: str = ""
    line: int = 1
    column: int = 1


class ParseSql(Protocol):
    """Parse one scalar expression of a dialect over known columns and re-emit it canonically.

    `columns` None: no schema is known, names are kept as the dialect folds them and types are not checked.
    `boolean`: the expression must be a condition. Returns ParsedSql, or the first fault.
    """

    def __call__(
        self, text: str, dialect: str, columns: tuple[Column, ...] | None, *, boolean: bool
    ) -> ParsedSql | SqlFault: ...
