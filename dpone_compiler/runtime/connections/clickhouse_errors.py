"""ClickHouse errors made safe to store: the code, the place and the names stay, excerpts of rows go."""

import re

from dpone_compiler.runtime.connections.session import EngineError

_CODE = re.compile(r"Code: (\d+)[.,]\s*")
# A body ends itself with a code of ours: by throwIf(condition, 'DP505: …'), on 18.16 by toUInt8('DP505: …').
_OURS = re.compile(
    r"Code: (?:395|6)[.,].*?Exception: (?:Cannot parse string ')?(?P<code>DP\d{3}): (?P<message>[^:'\n]*)", re.DOTALL
)
_NOISE = re.compile(r"e\.displayText\(\) = |DB::\w*Exception: |, e\.what\(\) = .*$|\s*\(version [^)]*\)\s*$")
_CLIENT = re.compile(r"^Received from \S+\. |\.? Stack trace:.*$")
_ROW = re.compile(r"\(at row (\d+)\)")
_BROKEN = re.compile(r"Column \d+,\s+name: ([^\n]*?), type: ([^\n]*?), (?:parsed text: [^\n]*)?ERROR")
_VALUE = re.compile(r"""\s*(?:\bbefore: |: ?text |'|"|: value ).*$""", re.DOTALL)
_HIDDEN = "…"
# Codes whose message quotes the data: parsing, conversion, ranges. src/Common/ErrorCodes.cpp of ClickHouse.
_DATA = frozenset(
    {6, 19, 25, 26, 27, 32, 33, 34, 38, 41, 53, 69, 70, 72, 117, 130, 131, 190, 321, 349, 407, 457, 467, 675, 676, 691}
)
_TRANSIENT = frozenset({159, 202, 203, 209, 210, 242, 252, 279, 319, 373, 425, 473, 999})
_PERMISSION = frozenset({164, 192, 193, 194, 195, 291, 497, 516})
_UNREACHABLE = frozenset({209, 210, 279})
EXCEPTION_TAIL = re.compile(rb"(?:^|\n)(Code: \d+[.,] (?:e\.displayText\(\) = )?DB::\w*Exception: .*)\Z", re.DOTALL)


def normalise(text: str, header_code: str | None = None) -> EngineError:
    """An error from a server's words."""
    found = _CODE.search(text)
    code = int(found.group(1)) if found else int(header_code) if header_code and header_code.isdigit() else 0
    if ours := _OURS.search(text):
        return EngineError(ours.group("code"), ours.group("message"))
    return EngineError(
        str(code) if code else "",
        redact(code, text[found.end() :] if found else text),
        transient=code in _TRANSIENT,
        permission=code in _PERMISSION,
        unreachable=code in _UNREACHABLE,
    )


def redact(code: int, text: str) -> str:
    head = _NOISE.sub("", text.strip().split("\n", 1)[0])
    head = _CLIENT.sub("", _NOISE.sub("", head))[:600]
    if code not in _DATA:
        return head
    parts = [_VALUE.sub(f" {_HIDDEN}", head)]
    row, column = _ROW.search(text), _BROKEN.search(text)
    if row and row.group(0) not in parts[0]:
        parts.append(f"at row {row.group(1)}")
    if column:
        parts.append(f"column {column.group(1)} of type {column.group(2)}")
    return ", ".join(parts)


def unreachable(error: Exception) -> EngineError:
    """The network's own failure; such messages name hosts and ports only."""
    detail = getattr(error, "strerror", None) or type(error).__name__
    return EngineError("210", f"the server cannot be reached: {detail}", transient=True, unreachable=True)
