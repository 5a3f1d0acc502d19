"""Scripts around statements: DO blocks, run parameters and counters, refusals. Frames, because sqlglot has no PL/pgSQL.

Parameters are settings of the transaction (`dponec.<name>`), since psql substitutes nothing inside DO or COPY and COPY cannot
be bound. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET
"""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from dpone_compiler.sql.identifiers import text
from dpone_compiler.sql.render import Sql, frame, join, render, render_lines

DIALECT = "postgres"


def sql(tree: exp.Expression) -> Sql:
    """The text of a tree, over several lines where that cannot touch a line break inside a name or a literal."""
    return render_lines(tree, DIALECT)


def word(tree: exp.Expression) -> Sql:
    """The text of a small tree, in one line."""
    return render(tree, DIALECT)


@lru_cache(maxsize=4096)
def literal(value: str) -> Sql:
    """A string literal. Kept, since the same few names and messages stand in every step."""
    return render(text(value), DIALECT)


def setting(name: str) -> exp.Expression:
    """The run parameter as text."""
    return exp.Anonymous(this="current_setting", expressions=[text(f"dponec.{name}")])


def counter(name: str) -> exp.Expression:
    """A count kept by an earlier step of the same transaction; 0 when there was none."""
    kept = exp.Anonymous(this="current_setting", expressions=[text(f"dponec.{name}"), exp.true()])
    number = exp.Nullif(this=kept, expression=text(""))
    return exp.cast(exp.Coalesce(this=number, expressions=[text("0")]), "bigint")


def do_block(body: Sql, declare: Sql | None = None) -> Sql:
    """A DO block whose dollar quotes do not occur in its body."""
    number = 0
    while f"$dponec{number or ''}$" in body.text + (declare.text if declare else ""):
        number += 1
    tag = word(exp.to_identifier(f"dponec{number or ''}"))
    if declare is None:
        return frame("DO $<<tag>>$\nBEGIN\n<<body>>\nEND\n$<<tag>>$;", tag=tag, body=body)
    return frame(
        "DO $<<tag>>$\n<<declare>>\nBEGIN\n<<body>>\nEND\n$<<tag>>$;", tag=tag, declare=_declare(declare), body=body
    )


def _declare(variables: Sql) -> Sql:
    return variables if variables.text.startswith("#") else frame("DECLARE\n<<variables>>", variables=variables)


def beside_columns(variables: Sql) -> Sql:
    """Variables of a block whose queries over people's tables use none of them: a column of such a name is then the column.

    https://www.postgresql.org/docs/current/plpgsql-implementation.html#PLPGSQL-VAR-SUBST
    """
    return frame("#variable_conflict use_column\nDECLARE\n<<variables>>", variables=variables)


def statements(*parts: Sql) -> Sql:
    """Statements one after another; an executor reads the last result set."""
    return join("\n", parts)


def count_affected(name: str) -> Sql:
    """Inside a DO block with `affected bigint`: add the last statement's row count to a counter of the transaction."""
    return frame(
        "  GET DIAGNOSTICS affected = ROW_COUNT;\n  PERFORM set_config(<<name>>, (<<old>> + affected)::text, true);",
        name=literal(f"dponec.{name}"),
        old=word(counter(name)),
    )


AFFECTED = beside_columns(Sql("  affected bigint;"))
