"""Problems of the text of a manifest: YAML that cannot be read as it stands, DP001 to DP009."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


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


class ManyDocuments(Problem):
    """The file holds more than one YAML document.

    Readers differ in what they do with the documents after the first; some drop them silently.

    Example: two loads in one file with `---` between them.

    What to do: list them under `loads:` in one document, or write two files.
    """

    code: ClassVar[str] = "DP005"
    template: ClassVar[str] = "a second YAML document starts here"
    advice: ClassVar[str] = "put the loads under `loads:` or in a file of their own"


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
