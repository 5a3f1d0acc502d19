"""Stand-ins for sqlcmd and bcp with SQL Server as the source: they record what they are given and act on rows that a test lays down.

They know nothing of T-SQL. A queryout writes the lines that the query would give: the rows, their count and digests, the offenders;
`STANDIN_LIE` says how this bcp goes wrong. Everything behind them (iconv, sed, psql, curl, the sink) is real.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.engines.sqlcmd_standin import sqlcmd

BCP = r"""
import json, os, pathlib, sys
log = pathlib.Path(os.environ["STANDIN_LOG"])
words, lie = sys.argv[1:], os.environ.get("STANDIN_LIE", "")
way, errors = words[1], words[words.index("-e") + 1]
if way == "in":
    text = pathlib.Path(words[2]).read_bytes().decode("utf-16-le")
    rows = [json.loads(line) for line in text.split("\n") if line]
    with log.open("a") as out:
        out.write(json.dumps({"bcp": words, "rows": rows, "ends": text.endswith("\n") or not text}) + "\n")
    pathlib.Path(os.environ["STANDIN_LOG"] + ".copied").write_text(str(len(rows)))
    print(f"\nStarting copy...\n\n{len(rows)} rows copied.")
    sys.exit(0)
with log.open("a") as out:
    out.write(json.dumps({"bcp": words, "env": {"LC_ALL": os.environ.get("LC_ALL", "")}}) + "\n")
if lie == "refused":
    print("SQLState = 42000, NativeError = 229\nError = [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]SELECT was denied")
    sys.exit(1)
laid = json.loads(pathlib.Path(os.environ["STANDIN_LAID"]).read_text())
digested = "HASHBYTES" in words[0]
rows = laid["rows"] if digested else laid.get("keys", [])
lines = ["=" + row for row in rows]
tail = ["#" + "\x1f".join([str(len(rows)), *(laid["digests"] if digested else ["", ""])])]
if lie == "lossy":
    tail.append('!column "Day": 2 values (dates outside of 1900-01-01 to 2299-12-31); policy fail')
if lie == "no count":
    tail = []
copied = len(lines) + len(tail)
if lie == "cut":
    lines = lines[:-1]
if lie == "stray":
    lines.insert(1, "a line that is none")
    copied += 1
ends = "\r\n" if lie == "windows" else "\n"
data = "".join(line + ends for line in [*tail[:1], *lines, *tail[1:]]).encode("utf-16-le", "surrogatepass")
data = {
    "windows": b"\xff\xfe" + data,
    "middle": data[:-6],
    "half": data[:-3],
    "another code page": data.decode("utf-16-le", "replace").encode("cp1251", "replace"),
    "surrogate": data.replace("=".encode("utf-16-le"), b"=\x00\x00\xd8", 1),
}.get(lie, data)
with open(words[2], "wb") as out:
    out.write(data)
if lie == "error file":
    pathlib.Path(errors).write_text("#@ Row 2, Column 1: String data, right truncation @#\n")
print(f"\nStarting copy...\n1000 rows successfully bulk-copied to host-file. Total received: 1000\n")
if lie != "silent":
    print(f"{copied - (lie == 'count')} rows copied.\nNetwork packet size (bytes): 16384")
"""


def digests(rows: Sequence[Sequence[str | None]]) -> list[str]:
    """The two sums over rows of canonical texts, as every engine computes them."""
    sums = [0, 0]
    for row in rows:
        line = b"".join(b"N" if v is None else b"V%d:%s" % (len(v.encode()), v.encode()) for v in row)
        hashed = hashlib.md5(line, usedforsecurity=False).digest()
        sums = [total + int.from_bytes(hashed[at : at + 4]) for total, at in zip(sums, (0, 4), strict=True)]
    return [str(total) for total in sums]


def escaped(value: str | None) -> str:
    """A field of a tab-separated line as the query makes it."""
    if value is None:
        return r"\N"
    for char, text in (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"), ("\0", r"\0")):
        value = value.replace(char, text)
    return value


class BcpLab:
    """A bundle, the stand-ins before all other programs, and their log."""

    def __init__(self, folder: Path, script: Path, **connections: str) -> None:
        self.folder, self.script, self.log, self.laid = folder, script, folder / "log", folder / "laid.json"
        (folder / "bin").mkdir()
        self.put("sqlcmd", sqlcmd())
        self.put("bcp", BCP)
        self.environ = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "STANDIN_LOG": str(self.log),
            "STANDIN_LAID": str(self.laid),
            "DPONE_CONN_CASE_MS_SOURCE": "mssql://crm.internal:1433/sales?TrustServerCertificate=yes",
            **connections,
        }

    def put(self, name: str, code: str) -> None:
        """A program of this name before all others."""
        tool = self.folder / "bin" / name
        tool.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)

    def lay(self, rows: Sequence[str], digest: Sequence[str], keys: Sequence[str] = ()) -> None:
        """What the queries will give."""
        self.laid.write_text(json.dumps({"rows": rows, "digests": digest, "keys": keys}))

    def run(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        words = ("bash", str(self.script), "--journal-dir", str(self.folder / "runs"))
        return subprocess.run(
            words,
            env={**self.environ, **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self) -> list[dict[str, object]]:
        """What the stand-ins were given, in order."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def bcp(self, way: str) -> list[list[str]]:
        """The arguments of each bcp call of this way: in | queryout."""
        return [call["bcp"] for call in self.calls() if "bcp" in call and call["bcp"][1] == way]  # type: ignore[index, misc]
