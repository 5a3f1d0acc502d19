"""Postgres errors made safe to store: names of things stay, values of rows go."""

import re
from typing import TYPE_CHECKING

from dpone_compiler.runtime.connections.session import EngineError

if TYPE_CHECKING:
    import psycopg

HIDDEN = "…"
_KEY_DETAIL = re.compile(
    r"^Key (\(.*?\)\s*)=\(.*\)( (?:already exists|is not present|is still referenced).*)$", re.DOTALL
)
_KEY_CONFLICT = re.compile(r"^Key (\(.*?\)\s*)=\(.*?conflicts with existing key.*$", re.DOTALL)
_COPY_PLACE = re.compile(r"^COPY [^\n]*?, line \d+(?:, column [^\n:]+?)?(?=: |$)", re.MULTILINE)
_COLON_VALUE = re.compile(r': ".*"$', re.DOTALL)
_NAMED_VALUE = re.compile(r'\b(value|input|number|string) ".*" (is|out|has|for)\b', re.DOTALL)
_QUOTED = re.compile(r'(?<!column )(?<!relation )(?<!constraint )(?<!encoding )(?<!type )(?<!setting )"[^"]*"')
_BYTES = re.compile(r"(?:0x[0-9a-fA-F]{2}\s*)+")
# Classes whose DETAIL speaks of objects, locks and resources; all others quote rows.
_SAFE_DETAIL = ("08", "2B", "2D", "40", "42", "53", "54", "55", "57", "58")
_UNREACHABLE = ("57P01", "57P02", "57P03")
_TRANSIENT = ("55P03", "55006", "53300", "53200", *_UNREACHABLE)
_REFUSED = re.compile(
    r"authentication failed|no password supplied|permission denied|no pg_hba.conf entry|not permitted to log in"
    r'|role "[^"]*" does not exist'
)


def normalise(error: "psycopg.Error") -> EngineError:
    """The same failure without a row's values."""
    diag = error.diag
    state = diag.sqlstate or error.sqlstate or ""
    if not state:
        return _without_state(str(error).strip())
    message = redact(state, diag.message_primary or "", diag.message_detail or "", diag.context or "")
    if diag.message_hint and state[:2] in _SAFE_DETAIL:
        message = f"{message}; hint: {diag.message_hint}"
    unreachable = state.startswith("08") or state in _UNREACHABLE
    return EngineError(
        state,
        message,
        transient=unreachable or state.startswith("40") or state in _TRANSIENT,
        permission=state == "42501" or state.startswith("28"),
        unreachable=unreachable,
    )


def redact(state: str, primary: str, detail: str, context: str) -> str:
    """One line out of the parts of a server message."""
    parts = [_primary(state, primary), _detail(state, detail)]
    place = _COPY_PLACE.search(context)
    parts.append(place.group(0) if place else "")
    return "; ".join(part for part in parts if part)


def _primary(state: str, text: str) -> str:
    if not state.startswith("22"):  # class 22, data exceptions, is where the message itself quotes the value
        return text
    text = _COLON_VALUE.sub(f': "{HIDDEN}"', text)
    text = _NAMED_VALUE.sub(rf'\1 "{HIDDEN}" \2', text)
    text = _QUOTED.sub(f'"{HIDDEN}"', text)
    return _BYTES.sub(f"{HIDDEN} ", text).strip()


def _detail(state: str, text: str) -> str:
    if not text:
        return ""
    key = _KEY_DETAIL.match(text)
    if key:
        return f"Key {key.group(1)}=({HIDDEN}){key.group(2)}"
    conflict = _KEY_CONFLICT.match(text)
    if conflict:
        return f"Key {conflict.group(1)}=({HIDDEN}) conflicts with an existing key"
    return text if state[:2] in _SAFE_DETAIL else ""


def _without_state(text: str) -> EngineError:
    """libpq's own words: no connection, a refused login, or a connection that broke."""
    refused = bool(_REFUSED.search(text))
    code = "28000" if refused else "08006"
    return EngineError(code, text, transient=not refused, permission=refused, unreachable=not refused)
