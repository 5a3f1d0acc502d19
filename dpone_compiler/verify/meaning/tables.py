"""Tables as people write them, for the worked examples: `table` reads one, `show` prints how a load ended."""

from __future__ import annotations

from collections.abc import Iterable

from dpone_compiler.verify.meaning.asked import Outcome, Refused, Row, Rows, State, Value


def table(text: str) -> Rows:
    """Rows of a table in text: names in the first line, then a row a line. Digits are numbers, NULL is NULL."""
    names, *lines = (line.split() for line in text.strip().splitlines())
    return tuple(dict(zip(names, map(_read, line), strict=True)) for line in lines)


def _read(word: str) -> Value:
    if word in ("NULL", "yes", "no"):
        return {"NULL": None, "yes": True, "no": False}[word]
    return int(word) if word.lstrip("-").isdigit() else word


def show(outcome: Outcome) -> None:
    """Print the target, sorted, and what the state remembers; or the refusal."""
    if isinstance(outcome, Refused):
        print(f"refused: {outcome.name} ({outcome.detail})")
        return
    for line in _lines(outcome.target):
        print(line)
    if remembered := _remembered(outcome.state):
        print(remembered)


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows as a bag that compares: sorted, NULL first."""
    return sorted(rows, key=lambda row: [(each is not None, type(each).__name__, each or 0) for each in row.values()])


def _lines(rows: Rows) -> Iterable[str]:
    if not rows:
        return ["(no rows)"]
    grid = [list(rows[0]), *([_word(value) for value in row.values()] for row in ordered(rows))]
    widths = [max(len(line[place]) for line in grid) for place in range(len(grid[0]))]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in grid]


def _word(value: Value) -> str:
    if value is None:
        return "NULL"
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def _remembered(state: State) -> str:
    said = {"watermark": state.watermark, "position": state.position, "done": state.done or None}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
