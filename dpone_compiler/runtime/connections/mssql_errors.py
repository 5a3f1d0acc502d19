"""SQL Server's errors made safe to store and told apart: what may be repeated, what is a permission, what is our own code.

Numbers: https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors
"""

import re
from typing import TYPE_CHECKING

from dpone_compiler.runtime.connections.session import EngineError

if TYPE_CHECKING:
    import pyodbc

HIDDEN = "…"
_OURS = re.compile(r"\b(DP\d{3}): (.*)", re.DOTALL)
# pyodbc: "[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]text (1205) (SQLExecDirectW)", one after another.
_PART = re.compile(r"\[(?P<state>[0-9A-Z]{5})\]\s*(?P<text>.*?)\s*\((?P<number>-?\d+)\)\s*\(SQL\w+\)", re.DOTALL)
_MAKER = re.compile(r"^(?:\[[^\]]*\])+")
# Where a message quotes a row.
_VALUES = (
    (re.compile(r"(duplicate key value is )\(.*\)", re.DOTALL), rf"\1({HIDDEN})"),
    (re.compile(r"(Truncated value: )'.*'", re.DOTALL), rf"\1'{HIDDEN}'"),
    (re.compile(r"(the n?varchar value )'.*'( to data type| overflowed)", re.DOTALL), rf"\1'{HIDDEN}'\2"),
    (re.compile(r"(, value = )[^.]*", re.DOTALL), rf"\1{HIDDEN}"),
)
# Deadlock, lock timeout, snapshot conflict, no memory; Azure SQL: busy, moved, throttled. 51205 and 51222 are ours.
# https://learn.microsoft.com/en-us/azure/azure-sql/database/troubleshoot-common-errors-issues
_TRANSIENT = frozenset(
    {
        601,
        701,
        845,
        1204,
        1205,
        1222,
        3960,
        8645,
        8651,
        10928,
        10929,
        40197,
        40501,
        40613,
        49918,
        49919,
        49920,
        51205,
        51222,
    }
)
_UNREACHABLE = frozenset({64, 233, 10053, 10054, 10060, 10061, 11001})
# Object and statement permissions, VIEW SERVER STATE, no access to the database, login failed, not the owner. 1088 and 2760 say
# "does not exist or you do not have permission": what a login without ALTER on the staging schema is told.
_PERMISSION = frozenset(
    {
        229,
        230,
        262,
        297,
        300,
        371,
        916,
        1088,
        2760,
        3704,
        4060,
        4834,
        15151,
        15247,
        18452,
        18456,
        18470,
        18486,
        18487,
        18488,
    }
)


def normalise(error: "pyodbc.Error", *, opening: bool = False) -> EngineError:
    """The same failure without a row's values. `opening`: there was no connection yet, so nothing was lost on the way."""
    state = str(error.args[0]) if error.args else ""
    said = str(error.args[1]) if len(error.args) > 1 else str(error)
    parts = [(found["state"], int(found["number"]), _plain(found["text"])) for found in _PART.finditer(said)]
    for _, number, text in parts:
        ours = _OURS.search(text)
        if ours and 50000 <= number < 51000:
            return EngineError(ours[1], ours[2].replace("%%", "%"))
    # The cause is the first error of the server; the driver adds its own behind it.
    state, number, text = next((part for part in parts if part[1] > 0), parts[0] if parts else (state, 0, _plain(said)))
    unreachable = number in _UNREACHABLE or state.startswith("08") or state in ("HYT00", "HYT01")
    permission = number in _PERMISSION or state == "28000"
    return EngineError(
        str(number) if number > 0 else state,
        text,
        transient=(number in _TRANSIENT or state == "40001" or (unreachable and not opening)) and not permission,
        permission=permission,
        unreachable=unreachable and not permission,
    )


def _plain(text: str) -> str:
    text = _MAKER.sub("", text.strip())
    for pattern, instead in _VALUES:
        text = pattern.sub(instead, text)
    return " ".join(text.split())
