"""Problems of the shape of a manifest: keys, kinds of values, forms and overrides, DP010 to DP019."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


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
