"""What can be wrong with a load written in the language: DP100 to DP149. Each docstring is the page of its code."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


class SyntaxNotUnderstood(Problem):
    """The text stops following the grammar here.

    The message says what was found and what may stand in its place.

    Example: `load orders { form postgres.pg public.orders }`: the clause is called `from`.

    What to do: write one of the expected words. The rest of the file is still read, so other problems show as
    well.
    """

    code: ClassVar[str] = "DP100"
    template: ClassVar[str] = "expected {expected}, found {found}"
    advice: ClassVar[str] = "{suggestion}"
    found: str
    expected: str
    suggestion: str = ""


class UnclosedText(Problem):
    """A quote is opened and never closed, so the rest of the file would be taken for text.

    Everything up to the end of the file is then part of that text, and no clause after it is seen.

    Example: `description "daily orders` without the second quote.

    What to do: close it. A quote inside a text is written twice. SQL with unusual quoting stands between `$$` and
    `$$`.
    """

    code: ClassVar[str] = "DP101"
    template: ClassVar[str] = "the quote {quote} that opens here is never closed"
    advice: ClassVar[str] = "close it; a quote inside is doubled; SQL with quotes of its own stands between $$ and $$"
    quote: str


class UnknownEngine(Problem):
    """The word before the connection is not an engine that can stand on this side of a load.

    The engine decides which SQL is written, so it is never guessed.

    Example: `from mysql.shop public.orders`.

    What to do: use one of the listed engines. bigquery and kafka are written to, not read from.
    """

    code: ClassVar[str] = "DP102"
    template: ClassVar[str] = "{word!r} is not an engine that a load can {verb}"
    advice: ClassVar[str] = "{suggestion}"
    word: str
    verb: str
    suggestion: str


class TableNameNotUsable(Problem):
    """The table name has too many parts, or lacks the part that this engine needs.

    A guess could write into a table of the same name in another schema.

    Example: `into bigquery.dwh orders` has no dataset; `from postgres.pg a.b.c` has three parts.

    What to do: write schema.table, and quote a part that contains a dot: `public."odd.name"`.
    """

    code: ClassVar[str] = "DP103"
    template: ClassVar[str] = "{table!r} is not a table of {engine}: {why}"
    advice: ClassVar[str] = 'write schema.table; a part with a dot inside is quoted: public."odd.name"'
    table: str
    engine: str
    why: str


class ClauseGivenTwice(Problem):
    """One load says the same thing twice.

    The compiler does not guess which one was meant.

    Example: two `key` clauses, or `hint rows 5 rows 6`.

    What to do: keep one. Lists are separated by commas: `key region, order_id`.
    """

    code: ClassVar[str] = "DP104"
    template: ClassVar[str] = "`{clause}` is given twice in this load"
    advice: ClassVar[str] = "keep one of them; the first is at {first}"
    clause: str
    first: str


class ClauseMissing(Problem):
    """A load must say where rows come from and where they go.

    Neither side has a default.

    Example: `load orders { from postgres.pg public.orders }` has no `into`.

    What to do: add the clause.
    """

    code: ClassVar[str] = "DP105"
    template: ClassVar[str] = "load {load!r} has no `{clause}` clause"
    advice: ClassVar[str] = "add: {clause} ENGINE.CONNECTION schema.table"
    load: str
    clause: str


class UnknownWord(Problem):
    """A place that takes one of a few words has another word.

    A word that is passed over would leave the default in force, which is seldom what was meant.

    Example: `strategy merge`: the mode is called `incremental_merge`. `on null_keys ignore`: the words are fail,
    skip.

    What to do: use one of the words named in the help.
    """

    code: ClassVar[str] = "DP106"
    template: ClassVar[str] = "{word!r} is not a {what}"
    advice: ClassVar[str] = "{suggestion}"
    word: str
    what: str
    suggestion: str


class QuantityNotUnderstood(Problem):
    """A duration, share, size or count cannot be read, or is outside its range.

    Such numbers steer the choice of the strategy and the edges of a window; a wrong one loses rows without a sound.

    Example: `lag 10 minuets`; `changed 20`, which would be 2000 %; `bytes 50 GX`; `max 0`.

    What to do: write 10 minutes, 20%, 50 GB.
    """

    code: ClassVar[str] = "DP107"
    template: ClassVar[str] = "{text!r} is not {what}"
    advice: ClassVar[str] = "{suggestion}"
    text: str
    what: str
    suggestion: str


class NameEmpty(Problem):
    """A quoted name with nothing inside names nothing.

    No engine has a table or column of that name.

    Example: `key ""`.

    What to do: write the name.
    """

    code: ClassVar[str] = "DP108"
    template: ClassVar[str] = "a name must not be empty"


LANGUAGE_PROBLEMS: tuple[type[Problem], ...] = (
    SyntaxNotUnderstood,
    UnclosedText,
    UnknownEngine,
    TableNameNotUsable,
    ClauseGivenTwice,
    ClauseMissing,
    UnknownWord,
    QuantityNotUnderstood,
    NameEmpty,
)
