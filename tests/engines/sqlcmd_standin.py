"""A stand-in for sqlcmd: it records what it is given, answers each step with the row that a server would give, and writes rows as
sqlcmd does: a line that counts them until the session has said SET NOCOUNT ON, and numbers at the right edge of their column.

https://learn.microsoft.com/en-us/sql/t-sql/statements/set-nocount-transact-sql
"""

from __future__ import annotations

# `rows`: what each step answers; `fails(steps)` ends as a server's refusal does.
_HEAD = r"""
import json, os, pathlib, re, sys
log = pathlib.Path(os.environ["STANDIN_LOG"])
words = sys.argv[1:]
text = pathlib.Path(words[words.index("-i") + 1]).read_text(encoding="utf-8")
STEP = re.compile(r"^-- step ([\w-]+)(?: \((\w+)\))?", re.M)
steps = STEP.findall(text)
env = {k: os.environ.get(k, "") for k in ("SQLCMDSERVER", "SQLCMDDBNAME", "SQLCMDUSER", "LC_ALL")}
with log.open("a") as out:
    out.write(json.dumps({"sqlcmd": words, "env": env, "steps": steps, "text": text}) + "\n")
rows = {
    "read-state": "\x1f".join(["idle", "", "", "", "", "", "0   ", "", "", "0", "", "0", "", "1", "0"]),
    "acquire-lease": "7                   ",
    "freeze-window": os.environ.get("STANDIN_WINDOW", "1,9").replace(",", "\x1f"),
    "freeze-instant": "\x1f2026-03-01 10:00:00.000000+00:00",
    "clean-staging": "0\x1f0",
    "record-staged": "3",
    "find-partitions": '["2026-01-01"]',
}
"""
_TAIL = r"""
counts = True
def give(row):
    print(row + "\n" + ("\n(1 rows affected)" if counts else ""))
for batch in re.split(r"^GO$", text, flags=re.M):
    if re.search(r"SET [A-Z_, ]*NOCOUNT[A-Z_, ]* ON", batch):
        counts = False
    marker = re.search(r"SELECT N'(dponec:[\w-]+)'", batch)
    if marker:
        give(marker[1])
    if "snapshot_isolation_state" in batch:
        state = os.environ.get("STANDIN_SNAPSHOT", "1")
        give(state if "CONVERT(nvarchar" in batch else state.rjust(24))
    for step, role in STEP.findall(batch):
        if role == "lines":
            give("[staging].[t_lines]")
        elif role == "unpack":
            give(pathlib.Path(os.environ["STANDIN_LOG"] + ".copied").read_text())
        elif step in rows:
            give(rows[step])
        else:
            print()
"""


def sqlcmd(more: str = "") -> str:
    """The program; `more` changes `rows`, or ends it, before it answers."""
    return _HEAD + more + _TAIL
