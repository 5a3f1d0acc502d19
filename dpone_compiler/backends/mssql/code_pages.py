"""Texts that the code page of a narrow column does not have would become '?' or a letter that looks like it, without a word.

What is compared is the database's own code page: COLLATE takes no variable. A column of another one is looked up in the catalog;
the digest of the content proves what such a column stores, and where none is taken the batch is refused.
https://learn.microsoft.com/en-us/sql/t-sql/functions/collation-functions-collationproperty-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql.script import listed, literal, refuse, statements, word
from dpone_compiler.backends.mssql.shapes import convert
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import CheckStagedRows, Staging
from dpone_compiler.plan.step import Plan
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.render import Sql, frame, join

# Staging has the collations of the target.
_ANOTHER = """\
  DECLARE @dp_message nvarchar(2048), @dp_column sysname;
  SELECT TOP (1) @dp_column = c.[name]
    FROM sys.columns AS c
   WHERE c.[object_id] = OBJECT_ID(<<staging>>, N'U') AND c.[name] IN (<<narrow>>)
     AND COALESCE(CONVERT(int, COLLATIONPROPERTY(c.[collation_name], N'CodePage')), -1) <> COALESCE(CONVERT(int,
         COLLATIONPROPERTY(CONVERT(nvarchar(128), DATABASEPROPERTYEX(DB_NAME(), N'Collation')), N'CodePage')), -2)
   ORDER BY c.[column_id];"""

_UNPROVED = """\
  IF @dp_column IS NOT NULL
<<refused>>"""

_LOSSY = """\
  IF @dp_column IS NULL AND EXISTS (SELECT 1 FROM <<origin>> WITH (
         <<shape>>) AS [r]
     WHERE <<lossy>>)
    THROW 50509, N'DP509: a text has characters that the code page of its column does not have; use nvarchar, or convert it', 1;
"""


def kept_in_code_pages(columns: tuple[MovedColumn, ...], origin: Sql, shape: Sql, staging: Sql, *, proved: bool) -> Sql:
    """Refuse a batch with DP509; '' for a load without narrow columns. `origin`: rows that `shape` names c0, c1 … of the columns.

    `proved`: a digest of the content is compared afterwards.
    """
    narrow = [(number, m.target.name) for number, m in enumerate(columns) if m.target.type.native == "varchar"]
    if not narrow:
        return Sql("")
    hint = "say policies.reconcile: content, which compares what is stored, or use nvarchar"
    about = (literal("column "), Sql("@dp_column"), literal(" has another code page than its database"))
    lossy = join("\n        OR ", [_lossy(column(f"c{number}", "r")) for number, _ in narrow])
    return statements(
        frame(_ANOTHER, staging=literal(staging.text), narrow=listed([literal(name) for _, name in narrow])),
        *(() if proved else (frame(_UNPROVED, refused=refuse("DP509", hint, *about)),)),
        frame(_LOSSY, origin=origin, shape=shape, lossy=lossy),
    )


def proves_content(plan: Plan, staging: Staging) -> bool:
    """Whether a digest of what this staging table holds is compared with the source's."""
    checks = [step.action for step in plan.steps if isinstance(step.action, CheckStagedRows)]
    return any(check.staging.role == staging.role and check.level in ("content", "full") for check in checks)


def _lossy(value: exp.Expression) -> Sql:
    back = convert("nvarchar(max)", convert("varchar(max)", value))
    template = "CONVERT(varbinary(max), <<back>>) <> CONVERT(varbinary(max), <<value>>)"
    return frame(template, back=word(back), value=word(value))
