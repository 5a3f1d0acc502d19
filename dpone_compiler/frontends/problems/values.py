"""Problems of single values: words, numbers, names and references, DP020 to DP039."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


class UnknownEngine(Problem):
    """`type` names an engine that the compiler does not know.

    Example: `source: {type: postgress}`.

    An engine is not guessed: the wrong dialect gives statements that may run and mean something else.

    What to do: take the suggested word. dpone's spellings sqlserver, sql_server, pg, postgresql and bq are understood.
    """

    side: str
    word: str
    hint: str
    code: ClassVar[str] = "DP020"
    template: ClassVar[str] = "unknown {side} type {word!r}"
    advice: ClassVar[str] = "{hint}"


class SourceNotSupported(Problem):
    """The engine is known, but nothing can be read from it yet.

    Compiling on would give a plan without an extraction.

    Example: `source: {type: mysql}`; also rest, api, http, kafka and bigquery.

    What to do: land the data in postgres, mssql or clickhouse with another tool and read it from there.
    """

    word: str
    known: str
    code: ClassVar[str] = "DP021"
    template: ClassVar[str] = "{word} is not supported as a source yet"
    advice: ClassVar[str] = "sources: {known}"


class UnknownMode(Problem):
    """`strategy.mode` is not a strategy.

    dpone accepts any word here and falls back to something; a typing error would then replace a table that should have
    been merged.

    Example: `mode: incremental_merg`.

    What to do: take the suggested word, or `auto` to let the compiler choose and give its reasons.
    """

    word: str
    hint: str
    code: ClassVar[str] = "DP022"
    template: ClassVar[str] = "unknown strategy mode {word!r}"
    advice: ClassVar[str] = "{hint}"


class UnknownMergePolicy(Problem):
    """`strategy.merge_policy` is not a merge policy.

    The policy decides what readers see while the merge runs, so it is not guessed.

    Example: `merge_policy: replace_rows`.

    What to do: take the suggested word, or `auto`. dpone's update+insert, delete+insert, exchange and upsert_events are
    understood.
    """

    word: str
    hint: str
    code: ClassVar[str] = "DP023"
    template: ClassVar[str] = "unknown merge policy {word!r}"
    advice: ClassVar[str] = "{hint}"


class UnknownWord(Problem):
    """A key that takes one of a few words has another one.

    Example: `policies: {null_keys: ignore}`.

    A word that is not understood cannot be left out: each of these keys decides what happens to awkward rows.

    What to do: take one of the words in the help line.
    """

    path: str
    word: str
    hint: str
    code: ClassVar[str] = "DP024"
    template: ClassVar[str] = "{path} does not know the word {word!r}"
    advice: ClassVar[str] = "{hint}"


class BadDuration(Problem):
    """A text that is no length of time.

    A lag that is misread loses late rows or holds all of them back; one of more than a century is a slip of the pen.

    Example: `lag: soon`, or `lag: 1 month`, since months have no fixed length.

    What to do: write `10 minutes`, `2h`, `1 day`, `PT10M`, or a whole number of seconds.
    """

    path: str
    text: str
    code: ClassVar[str] = "DP025"
    template: ClassVar[str] = "{path}: {text!r} is not a length of time"
    advice: ClassVar[str] = "write 10 minutes, 2h, 1 day, PT10M or a number of seconds"


class BadNumber(Problem):
    """A text where a whole number is needed, often with a suffix such as M or k.

    `50M` is 50 000 000 to some and 52 428 800 to others, so it is not guessed.

    Example: `estimated_rows: 50M`.

    What to do: write the number out; underscores may group its digits: `50_000_000`.
    """

    path: str
    text: str
    hint: str
    code: ClassVar[str] = "DP026"
    template: ClassVar[str] = "{path}: {text!r} is not a whole number"
    advice: ClassVar[str] = "{hint}"


class ShareOutOfRange(Problem):
    """A share that is not between 0 and 1.

    `changed_percent: 20` means 2000 % as it stands, and the choice of strategy would follow it.

    Example: `changed_percent: 20`.

    What to do: write 0.20 or 20%.
    """

    path: str
    value: str
    hint: str
    code: ClassVar[str] = "DP027"
    template: ClassVar[str] = "{path} is a share between 0 and 1, and this is {value}"
    advice: ClassVar[str] = "{hint}"


class CountOutOfRange(Problem):
    """A count below the smallest that makes sense, or beyond what an engine can count (64 bits).

    Example: `estimated_rows: -5`.

    A negative estimate would turn every comparison of costs around.

    What to do: write a whole number within the bound, or leave the key out.
    """

    path: str
    value: str
    bound: str
    code: ClassVar[str] = "DP028"
    template: ClassVar[str] = "{path} must be {bound}, and this is {value}"
    advice: ClassVar[str] = "leave the key out when you do not know"


class BadTableName(Problem):
    """A table given as text has not one or two parts.

    `shop.dbo.orders` may be database, schema and table, or a table whose name has dots.

    Example: `table: shop.dbo.orders`.

    What to do: write `table: {schema: dbo, name: orders}`; the database belongs to the connection.
    """

    text: str
    code: ClassVar[str] = "DP029"
    template: ClassVar[str] = "{text!r} is not a table name of one or two parts"
    advice: ClassVar[str] = "write table: {{schema: …, name: …}}; the database belongs to the connection"


class TextNotUsable(Problem):
    """A name or a value has a character that no engine and no file can hold.

    Servers end a text at U+0000 or refuse the whole statement, and half of a surrogate pair cannot be written as UTF-8: such a
    name would be cut, and another table be meant.

    Example: `name: "or\\0ders"`.

    What to do: take the character out.
    """

    text: str
    fault: str
    code: ClassVar[str] = "DP033"
    template: ClassVar[str] = "{text!r} cannot be used: {fault}"
    advice: ClassVar[str] = "take the character out"


class SchemaNeeded(Problem):
    """A table has no schema, and its engine has no default one.

    Example: a bigquery sink with `table: orders`; a dataset must be named.

    A default that depends on the connection would make the same manifest write to different places.

    What to do: write `table: {schema: <dataset>, name: orders}`.
    """

    engine: str
    table: str
    code: ClassVar[str] = "DP030"
    template: ClassVar[str] = "{engine} has no default schema, so table {table!r} needs one"
    advice: ClassVar[str] = "write table: {{schema: …, name: …}}"


class BadLoadName(Problem):
    """The name of a load cannot be the name of a folder.

    The bundle of a load is the folder `plans/<name>/`. A name such as `../orders` would write outside of it.

    Example: `name: shop/orders`.

    What to do: use letters, digits, `_`, `-` and `.`; letters of any script are fine.
    """

    name: str
    why: str
    code: ClassVar[str] = "DP031"
    template: ClassVar[str] = "{name!r} cannot be the name of a load: {why}"
    advice: ClassVar[str] = "use letters, digits, _, - and ."


class UnknownDependency(Problem):
    """`depends_on` points to a table that this batch manifest does not have.

    A lost edge lets two loads run side by side that must run one after the other.

    Example: `depends_on: ["#public.custmers"]`.

    What to do: take the suggested selector; selectors are `#<schema>.<table>` or `#<id>`.
    """

    selector: str
    hint: str
    code: ClassVar[str] = "DP032"
    template: ClassVar[str] = "depends_on: this manifest has no {selector!r}"
    advice: ClassVar[str] = "{hint}"
