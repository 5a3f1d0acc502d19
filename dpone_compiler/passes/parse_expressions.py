"""parse-expressions: the filter and the column expressions become checked, canonical SQL of the source's dialect."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.ir.load import ColumnSpec, Load, ParsedSql, SqlText
from dpone_compiler.ir.schema import Column
from dpone_compiler.passes.problems.of_expressions import (
    BadExpression,
    ConditionConstant,
    ExpressionColumn,
    ExpressionType,
)
from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.parse import SqlFault


@value
class ParseExpressions:
    """Parses `where`, `tombstone` and every column's `sql`. Unknown columns, wrong types and statements are diagnostics."""

    name: str = "parse-expressions"
    requires: tuple[str, ...] = ()
    establishes: tuple[str, ...] = ("expressions",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with ParsedSql in place of SqlText."""
        found: list[Diagnostic] = []
        schema = _schema(context)

        def parse(sql: SqlText | ParsedSql | None, path: str, what: str, boolean: bool) -> SqlText | ParsedSql | None:
            if not isinstance(sql, SqlText):
                return sql
            result = context.parse_sql(sql.text, context.source.dialect, schema, boolean=boolean)
            if isinstance(result, SqlFault):
                found.append(_diagnose(load, result, path, what))
                return sql
            return result

        read = load.read
        where = parse(read.where, "source.where", "where", True)
        tombstone = parse(read.tombstone, "source.tombstone", "tombstone", True)
        columns: tuple[ColumnSpec, ...] | None = read.columns
        if columns is not None:
            columns = tuple(
                replace(spec, sql=parse(spec.sql, f"source.columns.{index}", f"column {spec.target!r}", False))
                if isinstance(spec.sql, SqlText)
                else spec
                for index, spec in enumerate(columns)
            )
        if where is read.where and tombstone is read.tombstone and columns == read.columns:
            return PassResult(load=load, diagnostics=tuple(found))
        return PassResult(
            load=replace(load, read=replace(read, where=where, tombstone=tombstone, columns=columns)),
            diagnostics=tuple(found),
        )


def _schema(context: PassContext) -> tuple[Column, ...] | None:
    table = context.facts.source_table
    return table.structure.columns if table is not None else None


def _diagnose(load: Load, fault: SqlFault, path: str, what: str) -> Diagnostic:
    kinds = {"column": ExpressionColumn, "type": ExpressionType, "constant": ConditionConstant}
    problem = kinds.get(fault.kind, BadExpression)(what, fault.message, fault.help or "see the source's SQL reference")
    return Diagnostic(problem, _within(load.origin.at(path), fault), load.name)


def _within(span: Span | None, fault: SqlFault) -> Span | None:
    """The fault's place inside the text, when the text starts on the span's own line."""
    if span is None or fault.line != 1 or span.line != span.end_line:
        return span
    column = min(span.column + fault.column - 1, max(span.column, span.end_column - 1))
    return Span(span.file, span.line, column, span.end_line, span.end_column)
