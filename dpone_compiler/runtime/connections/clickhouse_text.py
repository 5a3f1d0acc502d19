"""ClickHouse text: where quotes and comments are, one literal renderer, and the TabSeparated escapes.

Servers before 20 know no query parameters, so there the placeholders `{name:Type}` are replaced by literals. This is the
only place that makes a ClickHouse literal at run time.
"""

import json
import re
from collections.abc import Iterator, Mapping

from dpone_compiler.runtime.connections.session import EngineError

# What is not code: quoted text (a backslash escapes, a doubled quote too), comments and heredocs.
_OPAQUE = (
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`\\]|\\.|``)*`"
    r"|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
)
_HOLE = r"\{\s*(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<type>[A-Za-z](?:[^{}'\"`;]|'[^'\\{}]*')*?)\s*\}"
_SCAN = re.compile(f"(?P<opaque>{_OPAQUE})|(?P<hole>{_HOLE})|(?P<end>;)", re.DOTALL)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_INTEGER = re.compile(r"U?Int(?:8|16|32|64|128|256)")
_DIGITS = re.compile(r"-?[0-9]{1,78}")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_(), ]*(?:'[A-Za-z0-9_/+-]*'[A-Za-z0-9_(), ]*)*")
_FORMAT = re.compile(r"\bFORMAT\s+(?P<format>\w+)\s*$", re.IGNORECASE)

_ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    "`": "\\`",
    "\b": "\\b",
    "\f": "\\f",
    "\r": "\\r",
    "\n": "\\n",
    "\t": "\\t",
    "\0": "\\0",
}
_HEX = {chr(c): f"\\x{c:02X}" for c in (*range(32), 127) if chr(c) not in _ESCAPES}
_LITERAL = str.maketrans({**_HEX, **_ESCAPES})
_TSV = str.maketrans({c: _ESCAPES[c] for c in "\\\b\f\r\n\t\0"})
_UNESCAPE = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMPOSITE = ("Array", "Tuple", "Map", "Nested", "Variant", "JSON", "Object", "AggregateFunction")


def split_statements(body: str) -> list[str]:
    """The statements of a body, comments kept with the statement that follows them."""
    cuts = [match.span("end") for match in _SCAN.finditer(body) if match.lastgroup == "end"]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(body)]
    pieces = [body[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return [piece for piece in pieces if first_word(piece)]


def first_word(statement: str) -> str:
    """The statement's verb in capitals; empty when there is nothing but comments."""
    start = _COMMENTS.match(statement)
    word = _WORD.match(statement, start.end() if start else 0)
    if word:
        return word.group(0).upper()
    return statement[start.end() : start.end() + 1] if start else ""


def input_format(body: str) -> str | None:
    """The FORMAT that an INSERT or SELECT ends with."""
    found = _FORMAT.search(body.rstrip().rstrip(";"))
    return found.group("format") if found else None


def without_format(body: str) -> str:
    """The statement without the FORMAT at its end: some clients take the format beside the statement."""
    return _FORMAT.sub("", body.rstrip().rstrip(";"))


def bind_legacy(body: str, params: Mapping[str, str]) -> str:
    """The body with each `{name:Type}` outside quotes and comments replaced by an escaped literal."""

    def fill(match: "re.Match[str]") -> str:
        if match.group("hole") is None:
            return match.group(0)
        name = match.group("name")
        if name not in params:
            raise EngineError("456", f"the parameter '{name}' is not set")
        return literal(params[name], match.group("type").strip(), name)

    return _SCAN.sub(fill, body)


def bind_identifiers(body: str, params: Mapping[str, str]) -> str:
    """The body with each `{name:Identifier}` replaced by a quoted identifier; all other placeholders stay for the server.

    ClickHouse 26.9 takes identifier parameters in most places, but not after FROM in ALTER … REPLACE PARTITION.
    """

    def fill(match: "re.Match[str]") -> str:
        name = match.group("name")
        if match.group("hole") is None or match.group("type").strip() != "Identifier" or name not in params:
            return match.group(0)
        return literal(params[name], "Identifier", name)

    return _SCAN.sub(fill, body)


def literal(value: str, type_name: str, name: str) -> str:
    """A value as ClickHouse reads it back exactly; a value that its type cannot hold is refused, never pasted."""
    if type_name == "String":
        return quoted(value)
    if type_name == "Identifier":
        if not value:
            raise EngineError("456", f"the identifier '{name}' is empty")
        return "`" + _encodable(value, name).translate(_LITERAL) + "`"
    if _INTEGER.fullmatch(type_name):
        if not _DIGITS.fullmatch(value):
            raise EngineError("457", f"the parameter '{name}' is not an integer")
        return value
    if type_name == "Array(String)":
        return "CAST(" + _list(value, name) + " AS Array(String))"
    if not _TYPE.fullmatch(type_name) or type_name.startswith(_COMPOSITE):
        raise EngineError("457", f"the parameter '{name}' has a type that this server cannot be given")
    return "CAST(" + quoted(_encodable(value, name)) + " AS " + type_name + ")"


def quoted(value: str) -> str:
    """A ClickHouse string literal."""
    return "'" + _encodable(value, "value").translate(_LITERAL) + "'"


def _list(value: str, name: str) -> str:
    try:
        items = json.loads(value)
    except ValueError:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise EngineError("457", f"the parameter '{name}' is not a JSON list of strings")
    return "[" + ", ".join(quoted(item) for item in items) + "]"


def _encodable(value: str, name: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise EngineError("457", f"the parameter '{name}' holds half a surrogate pair") from None
    return value


def query_parameters(body: str, params: Mapping[str, str]) -> dict[str, str]:
    """The values that this body's placeholders take, as a server with query parameters reads them.

    A scalar is read in the escaped form of TabSeparated; an array is read as its own literal, with no escapes around it.
    Array(String) is given as JSON, as in `bind_legacy`, so that a step's values do not depend on the server's age.
    """
    given: dict[str, str] = {}
    for match in _SCAN.finditer(body):
        name, kind = match.group("name"), match.group("type")
        if name is None or name not in params:
            continue
        value = _encodable(params[name], name)
        if kind == "Array(String)":
            given[name] = _list(value, name)
        else:
            given[name] = value if _is_composite(kind) else value.translate(_TSV)
    return given


def read_table(data: bytes) -> tuple[tuple[str, ...], tuple[tuple[str | None, ...], ...]]:
    """TabSeparatedWithNamesAndTypes. Bytes that are not UTF-8 survive as surrogates."""
    if not data:
        return (), ()
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if len(lines) < 3:
        raise EngineError("", "the server's answer is not a table")
    names = tuple(_unescape(name) for name in lines[0].split("\t"))
    raw = [_is_composite(_unescape(kind)) for kind in lines[1].split("\t")]
    try:
        return names, tuple(tuple(_cells(line, raw)) for line in lines[2:-1])
    except ValueError:  # what answered is something else, such as a web server
        raise EngineError("", "the server's answer is not a table") from None


def _is_composite(type_name: str) -> bool:
    return type_name.removeprefix("Nullable(").startswith(_COMPOSITE)


def _cells(line: str, raw: list[bool]) -> Iterator[str | None]:
    for cell, composite in zip(line.split("\t"), raw, strict=True):
        if cell == "\\N":
            yield None
        else:  # the escapes inside an array's quotes belong to the array's own text
            yield cell if composite or "\\" not in cell else _unescape(cell)


def _unescape(cell: str) -> str:
    return _ESCAPED.sub(lambda found: _UNESCAPE.get(found.group(1), found.group(1)), cell)
