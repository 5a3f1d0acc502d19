"""Rows of the seed document: every heading, table row, list item, command, code line and sentence, each with a stable id.

The document itself is not ours to copy, so a row is its kind and a digest of its text; `docs/seed-coverage.md` says in our own words what
it demands and which test proves it. `python -m tests.seed.extract` prints the ids with their texts.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = Path(__file__).resolve().parents[3] / "shared" / "seed" / "strategy-intelligence.txt"
_SENTENCE = re.compile(r"(?<=[.:])\s+(?=[A-Z`\"])")
_CODE = re.compile(
    r"^(from |import |print\(|\)|[a-z_]+ ?= ?|[A-Z]\w+\(|    |[a-z_]+=|flowchart|sequenceDiagram|participant |\w+(--?>>?|->>)\w+)"
)
_DRAWING = re.compile(r"^\w+ ?(\[|-->|-- \w+ -->|\{)")


@dataclass(frozen=True, slots=True)
class Row:
    """`id`: kind letter, two digits of the line, and six hex digits of the text."""

    id: str
    kind: str
    text: str


def rows(text: str) -> Iterator[Row]:
    """Every row in order."""
    command: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        if command:
            command.append(plain.rstrip("\\").strip())
            if not plain.endswith("\\"):
                yield _row(number, "command", " ".join(command))
                command = []
        elif plain.startswith("dpone ") and not plain.endswith(("|", ":", ".")):
            command = [plain.rstrip("\\").strip()]
            if not plain.endswith("\\"):
                yield _row(number, "command", command.pop())
        elif plain and set(plain) - set("|- "):
            yield from (_row(number, kind, piece) for kind, piece in _pieces(plain))


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    if line.endswith("¶"):
        yield "heading", line.rstrip("¶")
    elif line.startswith("|") or line.endswith("|"):
        yield "table", line
    elif _CODE.match(line) or _DRAWING.match(line):
        yield "code", line
    elif line.startswith("- "):
        yield "item", line[2:]
    else:
        yield from (("sentence", piece) for piece in _SENTENCE.split(line))


def _row(number: int, kind: str, text: str) -> Row:
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    return Row(f"{kind[0]}{number:03d}-{digest}", kind, text)


def seed_rows() -> tuple[Row, ...]:
    """The rows of the document where it lies beside the project; () where it does not (`DPONEC_SEED` names another place)."""
    path = Path(os.environ.get("DPONEC_SEED", SEED))
    return tuple(rows(path.read_text(encoding="utf-8"))) if path.is_file() else ()


if __name__ == "__main__":
    for each in seed_rows():
        sys.stdout.write(f"{each.id} {each.kind}: {each.text}\n")
