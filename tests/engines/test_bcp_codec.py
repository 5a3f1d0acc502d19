"""The file that bcp writes and reads: texts -> lines -> bytes -> lines -> texts, through the functions of run.sh, value by value.

The encoder is what the queries do (bcp_lab.escaped for ClickHouse and Postgres, a JSON array with doubled backslashes for SQL Server);
the decoder is iconv and sed as run.sh calls them. Each piece of the decoder is taken out once: the corpus has to notice.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dpone_compiler.driver.output import write_bundle
from dpone_compiler.driver.shell import render_run_sh
from dpone_compiler.runtime.bundle import load_bundle
from tests.compiled_bundles import bundle
from tests.engines.bcp_lab import escaped

Rows = list[list[str | None]]
# U+0A0A, U+0A00, U+000A, U+0D0A and U+0D00 hold the bytes of terminators in UTF-16; '=', '#' and '!' are the marks of lines.
EDGES = (
    *(chr(code) for code in range(0x80)),
    *"\u0a0a\u0a00\u0d0a\u0d00\u0900\u003d\u2028\u2029\u0085\ufeff\ufffe\uffff\ue000\ud7ff",
    *"😀\U00010000\U0010ffff",
    "",
    " ",
    "trailing   ",
    "\\N",
    "\\\\N",
    "null",
    "N",
    "\\\\\\",
    "\\t\\n\\r\\0\\u0000",
    "\r\n",
    "\n\r\n",
    "#3\x1fa\x1fb",
    "!column",
    "=",
    "\x1f\x1e\n",
    '"],["',
    "x" * 4000,
    "😀" * 2000,
    "y" * 1_000_000,
)


def corpus() -> Rows:
    """Each edge first, last and alone in a row, NULL beside '', and 2,000 rows of random characters, surrogates left out."""
    rows: Rows = [[edge, None, edge] for edge in EDGES] + [[None, edge, ""] for edge in EDGES]
    dice = random.Random(4)
    letters = [*"\t\r\n\\\0 ='\"#!", *(chr(c) for c in (0x41, 0x416, 0xA0A, 0xFEFF, 0x1F600, 0x10FFFF, 0x7F, 0x80))]
    for _ in range(2000):
        rows.append(["".join(dice.choices(letters, k=dice.randint(0, 12))) for _ in range(3)])
    return rows


def tab_separated(rows: Rows) -> list[str]:
    return ["\t".join(escaped(value) for value in row) for row in rows]


def json_lines(rows: Rows) -> list[str]:
    return [json.dumps(row, ensure_ascii=False).replace("\\", "\\\\") for row in rows]


def read_tab_separated(data: bytes) -> Rows:
    """As COPY and ClickHouse read it: fields at raw tabs, lines at raw line feeds, then the escapes."""
    named = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "\\": "\\"}

    def field(text: str) -> str | None:
        if text == "\\N":
            return None
        out, at = [], 0
        while at < len(text):
            step = 2 if text[at] == "\\" else 1
            out.append(named[text[at + 1]] if step == 2 else text[at])
            at += step
        return "".join(out)

    return [[field(each) for each in line.split("\t")] for line in data.decode("utf-8").split("\n")[:-1]]


def read_json(data: bytes) -> Rows:
    return [json.loads(line) for line in data.decode("utf-8").split("\n")[:-1]]


WIRES: dict[str, tuple[str, Callable[[Rows], list[str]], Callable[[bytes], Rows]]] = {
    "tsv": ("partitions_ms_ch", tab_separated, read_tab_separated),
    "json": ("merge_ms_ms", json_lines, read_json),
}


def written(lines: Sequence[str], *, windows: bool) -> bytes:
    """The bytes of a queryout with -w; on Windows with the mark of the byte order and CR LF."""
    end = "\r\n" if windows else "\n"
    text = "".join(f"{line}{end}" for line in (*(f"={line}" for line in lines), f"#{len(lines)}\x1f\x1f"))
    return (b"\xff\xfe" if windows else b"") + text.encode("utf-16-le")


def decoded(folder: Path, name: str, data: bytes, change: tuple[str, str] = ("", "")) -> tuple[bytes, str]:
    """(rows, everything else) as run.sh splits the file, one piece of its text changed."""
    write_bundle(bundle(name), folder)
    text = render_run_sh(load_bundle(folder / name).doc)
    start, end = text.index("ms_decode() {"), text.index("ms_spread()")
    function = text[start:end]
    assert change[0] in function
    (folder / "rows.utf16").write_bytes(data)
    engine = json.loads(bundle(name).files["plan.json"])["route"]["target"]["engine"]
    script = (
        f"set -euo pipefail; export LC_ALL=C; TARGET_ENGINE={engine} MS_WORK={folder}\n"
        f"{function.replace(*change) if change[0] else function}\nms_decode <{folder}/rows.utf16 >{folder}/lines"
    )
    subprocess.run(("bash", "-c", script), check=True, capture_output=True, timeout=60)
    return (folder / "lines").read_bytes(), (folder / "told").read_text(encoding="utf-8")


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("wire", WIRES)
def test_every_text_comes_back(wire: str, windows: bool, tmp_path: Path) -> None:
    name, write, read = WIRES[wire]
    rows = corpus()
    lines, told = decoded(tmp_path, name, written(write(rows), windows=windows))
    assert read(lines) == rows
    assert told == f"#{len(rows)}\x1f\x1f\n"


@pytest.mark.parametrize(
    ("wire", "change"),
    [
        ("tsv", ("UTF-16LE", "UTF-16BE")),
        ("tsv", ("1s/^\\xef\\xbb\\xbf//", "s/\\xef\\xbb\\xbf//")),
        ("tsv", ("s/\\r$//", "s/^$//")),
        ("tsv", ("s///;", "s/=*//;")),
        ("tsv", ("p;d", "p")),
        ("json", ("halve='s/", "halve='#s/")),
        ("json", ("\\\\/g'", "\\\\/'")),
        ("json", ("1s/^\\xef\\xbb\\xbf//", "1s/^#//")),
    ],
)
def test_a_piece_of_the_decoder_that_is_wrong_is_noticed(wire: str, change: tuple[str, str], tmp_path: Path) -> None:
    name, write, read = WIRES[wire]
    rows = corpus()
    try:
        lines, told = decoded(tmp_path, name, written(write(rows), windows=True), change)
        same = read(lines) == rows and told == f"#{len(rows)}\x1f\x1f\n"
    except (subprocess.CalledProcessError, ValueError, KeyError, IndexError):
        same = False
    assert not same
