"""Problems that front ends report, codes DP001 to DP099. The docstring of a class is the page `dponec explain` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


@dataclass(frozen=True, slots=True)
class InvalidYaml(Problem):
    """The file is not YAML.

    Nothing of it can be trusted, so nothing is compiled. Often it is a tab used for indentation, a quote that is never
    closed, or a text with `: ` in it that was not quoted.

    Example: `where: "status = 1` has no closing quote.

    What to do: go to the line and column given; put texts with `:`, `#`, `{` or a leading `*` or `&` in quotes.
    """

    detail: str
    hint: str = ""
    code: ClassVar[str] = "DP001"
    template: ClassVar[str] = "this is not YAML: {detail}"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
class DuplicateKey(Problem):
    """One mapping has the same key twice.

    Most YAML readers keep the last one silently, so that half of what you wrote has no effect: a second `where` would
    quietly load other rows.

    Example: `type: postgres` and, three lines further, `type: mssql` in one `source`.

    What to do: remove one of the two.
    """

    key: str
    first_line: int
    code: ClassVar[str] = "DP002"
    template: ClassVar[str] = "key {key!r} is written twice; the first is on line {first_line}"
    advice: ClassVar[str] = "remove one of them"


@dataclass(frozen=True, slots=True)
class KeyNotText(Problem):
    """A key of a mapping is not a plain word.

    Keys of a manifest are names. A list, a mapping or nothing as a key is nearly always a slip, such as `{{ x }}`
    without quotes, which YAML reads as a mapping inside a mapping.

    Example: `name: {{ table }}`.

    What to do: put quotes around a template: `name: "{{ table }}"`.
    """

    code: ClassVar[str] = "DP003"
    template: ClassVar[str] = "a key must be a word, and this one is a list, a mapping or empty"
    advice: ClassVar[str] = 'a value with braces needs quotes: "{{{{ name }}}}"'


@dataclass(frozen=True, slots=True)
class TagRefused(Problem):
    """The file uses a YAML tag.

    A tag asks the reader to build a value of a certain kind; tags such as `!!python/object` have run code in other
    tools. A manifest needs none: its keys know their types.

    Example: `connection_id: !env PG`.

    What to do: remove the tag; put quotes around a text that looks like a number. A secret belongs to the connection,
    in `DPONE_CONN_<ID>`, never in the manifest.
    """

    tag: str
    code: ClassVar[str] = "DP004"
    template: ClassVar[str] = "YAML tag {tag!r} is not accepted"
    advice: ClassVar[str] = "remove the tag; quote the value where it must stay a text"


@dataclass(frozen=True, slots=True)
class ManyDocuments(Problem):
    """The file holds more than one YAML document.

    Readers differ in what they do with the documents after the first; some drop them silently.

    Example: two loads in one file with `---` between them.

    What to do: list them under `loads:` in one document, or write two files.
    """

    code: ClassVar[str] = "DP005"
    template: ClassVar[str] = "a second YAML document starts here"
    advice: ClassVar[str] = "put the loads under `loads:` or in a file of their own"


@dataclass(frozen=True, slots=True)
class NotAManifest(Problem):
    """The file does not hold a mapping with keys.

    An empty file, a file of comments or a list at the top says nothing about a load. Treating it as "nothing to do"
    would make a lost file look like success.

    Example: a file that begins with `- name: orders`.

    What to do: write `name:`, `source:` and `sink:` at the top level, or several loads under `loads:`.
    """

    found: str
    code: ClassVar[str] = "DP006"
    template: ClassVar[str] = "a manifest is a mapping with name, source and sink; this file holds {found}"
    advice: ClassVar[str] = "`dponec init` writes a first manifest"


@dataclass(frozen=True, slots=True)
class TooLarge(Problem):
    """The file nests too deep or grows too large when its aliases are written out.

    A few lines of aliases of aliases can stand for billions of values and take the machine's memory.

    Example: `a: &a [x, x]`, `b: &b [*a, *a]`, `c: &c [*b, *b]` and so on.

    What to do: split the file, or write the values out.
    """

    what: str
    code: ClassVar[str] = "DP007"
    template: ClassVar[str] = "the manifest is too large: {what}"
    advice: ClassVar[str] = "split it into several files"


@dataclass(frozen=True, slots=True)
class UnknownKey(Problem):
    """A key that no form of the manifest knows.

    An ignored key is a wish without effect: with `uniqe_key` ignored, a merge becomes something else. So every key must
    be known.

    Example: `sink: {stratgy: {mode: auto}}`.

    What to do: take the suggested word, or remove the key. `dponec schema` gives your editor the list.
    """

    key: str
    where: str
    hint: str
    code: ClassVar[str] = "DP010"
    template: ClassVar[str] = "unknown key {key!r} in {where}"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
class MissingKey(Problem):
    """A key that every load needs is not there.

    The compiler does not guess where data comes from or goes to.

    Example: a `sink` without `connection_id`.

    What to do: add the key at the place shown, or in `defaults`.
    """

    key: str
    where: str
    hint: str = ""
    code: ClassVar[str] = "DP011"
    template: ClassVar[str] = "{where} needs the key {key!r}"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
class WrongType(Problem):
    """A value of the wrong kind: a list where a text is needed, a number where a name is needed.

    A silent conversion changes values: `1.10` read as a number is 1.1, and `007` would be 7.

    Example: `name: 2024`.

    What to do: write the kind that is asked for; put quotes around a text that looks like a number.
    """

    path: str
    expected: str
    found: str
    hint: str = ""
    code: ClassVar[str] = "DP012"
    template: ClassVar[str] = "{path} must be {expected}, and this is {found}"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
class UnknownForm(Problem):
    """`kind` names a form of manifest that this compiler does not know.

    A form that is only half understood would lose parts of what was asked for.

    Example: `kind: dpone.batch.v9`.

    What to do: use the flat form without `kind`, a `loads:` list, `dpone.batch.v1` or `dpone.flow.v1`.
    """

    kind: str
    hint: str
    code: ClassVar[str] = "DP013"
    template: ClassVar[str] = "unknown kind {kind!r}"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
class FolderForm(Problem):
    """Folder authoring (`dpone.pipeline.v1` and fragments) is not supported.

    Such a manifest is spread over several files; compiling one of them alone would leave processes out without a word.

    Example: `kind: dpone.pipeline.v1`.

    What to do: `dpone manifest render` writes the processes out; put them under `processes:` of a `dpone.flow.v1`
    manifest or under `loads:`.
    """

    kind: str
    code: ClassVar[str] = "DP014"
    template: ClassVar[str] = "folder authoring ({kind}) is not supported"
    advice: ClassVar[str] = "write the processes out under `processes:` of kind dpone.flow.v1, or under `loads:`"


@dataclass(frozen=True, slots=True)
class UnsupportedKey(Problem):
    """A key of dpone that changes which rows are moved or how, and that this compiler does not do.

    Keys without influence on the data are recorded and left alone; a key like this one cannot be, since the load would
    then move other rows than the manifest says.

    Example: `source: {options: {query: {mode: inline, sql: "select …"}}}`.

    What to do: follow the help line; where it names no other way, make a view in the source.
    """

    path: str
    instead: str
    code: ClassVar[str] = "DP015"
    template: ClassVar[str] = "{path} is not supported, and it changes what the load does"
    advice: ClassVar[str] = "{instead}"


@dataclass(frozen=True, slots=True)
class UnknownOverride(Problem):
    """`--set` names a place that the manifest does not have.

    An override that reaches nothing looks like success while the old value is in force.

    Example: `--set sink.stratgy.mode=full_refresh`.

    What to do: give the path of keys from the top of the file, with dots; an item of a list by its number or its name:
    `loads.orders.sink.strategy.mode`.
    """

    path: str
    hint: str
    code: ClassVar[str] = "DP016"
    template: ClassVar[str] = "--set {path}: the manifest has no such place"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
class TwoValues(Problem):
    """The same thing is said twice, and differently.

    dpone reads hints in two places and lets one of them win depending on the command. Whichever wins, somebody reading
    the manifest is misled.

    Example: `source.options.estimated_rows: 10` and `sink.strategy.estimated_rows: 20`.

    What to do: keep one of the two.
    """

    first: str
    first_value: str
    second: str
    second_value: str
    code: ClassVar[str] = "DP017"
    template: ClassVar[str] = "{second} is {second_value}, but {first} says {first_value}"
    advice: ClassVar[str] = "keep one of the two"


@dataclass(frozen=True, slots=True)
class TemplateFailed(Problem):
    """A `{{ … }}` in a batch manifest cannot be rendered.

    A variable that is not there must not become an empty text: `{{ layer }}__orders` would quietly be `__orders`.

    Example: `sink_table: "{{ src_tabel }}"`.

    What to do: define the variable under `vars`, of the file, the schema or the table. `src_schema` and `src_table` are
    always there.
    """

    detail: str
    code: ClassVar[str] = "DP018"
    template: ClassVar[str] = "the template cannot be rendered: {detail}"
    advice: ClassVar[str] = "define the variable under vars"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class UnknownMergePolicy(Problem):
    """`strategy.merge_policy` is not a merge policy.

    The policy decides what readers see while the merge runs, so it is not guessed.

    Example: `merge_policy: upsert`.

    What to do: take the suggested word, or `auto`. dpone's update+insert, delete+insert, exchange and upsert_events are
    understood.
    """

    word: str
    hint: str
    code: ClassVar[str] = "DP023"
    template: ClassVar[str] = "unknown merge policy {word!r}"
    advice: ClassVar[str] = "{hint}"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class BadDuration(Problem):
    """A text that is no length of time.

    A lag that is misread loses late rows or holds all of them back.

    Example: `lag: soon`, or `lag: 1 month`, since months have no fixed length.

    What to do: write `10 minutes`, `2h`, `1 day`, `PT10M`, or a whole number of seconds.
    """

    path: str
    text: str
    code: ClassVar[str] = "DP025"
    template: ClassVar[str] = "{path}: {text!r} is not a length of time"
    advice: ClassVar[str] = "write 10 minutes, 2h, 1 day, PT10M or a number of seconds"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class CountOutOfRange(Problem):
    """A count below the smallest that makes sense.

    Example: `estimated_rows: -5`.

    A negative estimate would turn every comparison of costs around.

    What to do: write a whole number that is large enough, or leave the key out.
    """

    path: str
    value: str
    least: int
    code: ClassVar[str] = "DP028"
    template: ClassVar[str] = "{path} must be at least {least}, and this is {value}"
    advice: ClassVar[str] = "leave the key out when you do not know"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class KeyNeeded(Problem):
    """A strategy that finds rows by key has no key.

    Without `unique_key` there is no way to say which row of the target a new row replaces.

    Example: `strategy: {mode: incremental_merge}`.

    What to do: add `unique_key: [column, …]`: columns that are unique in the source and never NULL.
    """

    mode: str
    code: ClassVar[str] = "DP040"
    template: ClassVar[str] = "mode {mode} needs a unique_key"
    advice: ClassVar[str] = "add unique_key: [column, …] under sink.strategy"


@dataclass(frozen=True, slots=True)
class PartitionNeeded(Problem):
    """`partition_replace` has no partition column.

    The rows to be replaced are those of the partitions read; without a column that would be the whole table.

    Example: `strategy: {mode: partition_replace}`.

    What to do: add `partition: {column: business_date, by: day}`.
    """

    code: ClassVar[str] = "DP041"
    template: ClassVar[str] = "mode partition_replace needs a partition column"
    advice: ClassVar[str] = "add partition: {{column: …, by: day}} under sink.strategy"


@dataclass(frozen=True, slots=True)
class DuplicateLoad(Problem):
    """Two loads have one name.

    A name is the identity of a load: its bundle, its state row and its lock hang on it. Two loads with one name would
    overwrite each other's state.

    Example: a batch whose `process_name` does not contain `{{ src_schema }}`.

    What to do: give each a name of its own.
    """

    name: str
    first: str
    code: ClassVar[str] = "DP042"
    template: ClassVar[str] = "two loads are named {name!r}; the first is at {first}"
    advice: ClassVar[str] = "give each load a name of its own"


@dataclass(frozen=True, slots=True)
class RepeatedColumn(Problem):
    """A column is named twice in one list.

    Two columns of the target with one name cannot be written; a key that repeats a column is a slip.

    Example: `columns: [{name: id}, {name: order_id, as: id}]`.

    What to do: remove one, or rename it with `as`.
    """

    name: str
    where: str
    code: ClassVar[str] = "DP043"
    template: ClassVar[str] = "column {name!r} is named twice in {where}"
    advice: ClassVar[str] = "remove one of the two"


@dataclass(frozen=True, slots=True)
class ScopeNeeded(Problem):
    """Mode `replace` has no typed scope.

    dpone deletes by a text of SQL here; when that text is always true, it empties the table. This compiler takes only a
    typed range, from which it makes both what is read and what is deleted.

    Example: `strategy: {mode: replace, custom_predicate: "1=1"}`.

    What to do: add `source.options.portable_scope: {kind: range, column: day, lower: 2026-01-01, upper: 2026-02-01}`.
    """

    code: ClassVar[str] = "DP044"
    template: ClassVar[str] = "mode replace needs source.options.portable_scope"
    advice: ClassVar[str] = "add portable_scope: {{kind: range, column: …, lower: …, upper: …}} under source.options"


@dataclass(frozen=True, slots=True)
class ColumnNameNeeded(Problem):
    """A computed column has no name.

    Engines invent different names for an expression, so the target's column must be named here.

    Example: `columns: [{sql: "price * amount"}]`.

    What to do: add `as: total`.
    """

    code: ClassVar[str] = "DP045"
    template: ClassVar[str] = "a column needs a name: name for one of the source, as for a computed one"
    advice: ClassVar[str] = "add as: <column of the target>"


@dataclass(frozen=True, slots=True)
class KeysUnused(Problem):
    """Keys of dpone that were recorded and have no effect here.

    They say nothing about which rows move (orchestration, labels, evidence folders), so they are kept in the plan
    under `unused` and nothing else is done with them. Hooks are among them: they are not executed.

    Example: `runtime: {profile: small}`.

    What to do: nothing; remove them when nobody else reads them.
    """

    keys: str
    code: ClassVar[str] = "DP050"
    severity: ClassVar[Severity] = Severity.NOTE
    template: ClassVar[str] = "recorded, without effect: {keys}"
    advice: ClassVar[str] = ""
