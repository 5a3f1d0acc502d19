"""Cases for a load: rows with awkward values, and a story of changes that a source may really have.

Somebody makes the `Choices`, so the same story is told by a seeded generator here and by Hypothesis in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

from dpone_compiler.verify.case import TICKS, Case, Cells, Step, tick
from dpone_compiler.verify.intent import Intent, TableColumn
from dpone_compiler.verify.palette import distinct, palette

T = TypeVar("T")
_MOVED = 50
"""From the number of a row to that of the key it moves to; the numbers of one load are below it."""


class Choices(Protocol):
    """Who decides what happens. The first of a sequence is the plainest."""

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        ...

    def some(self, among: Sequence[T], most: int) -> list[T]:
        """Different ones, none to `most`."""
        ...


class Seeded:
    """Decides by a seed: the same story every time."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(among)

    def some(self, among: Sequence[T], most: int) -> list[T]:
        """Different ones, as many as are allowed."""
        return self._random.sample(list(among), min(most, len(among)))


class UnknownTypeError(Exception):
    """A column that must have a value, and whose type has none here."""


class Generator:
    """Rows and stories for one load."""

    def __init__(self, intent: Intent) -> None:
        self._intent = intent
        cursor = intent.cursor
        self._cursor = cursor.name if cursor else ""
        feed = intent.feed
        self._again = 0 if feed is None else 1  # rows of a log that come again
        self._empties = feed is not None and feed.get("truncate") == "apply"
        self._copies = intent.streams
        self._windows = cursor is not None and not intent.read["cursor"]["lookback"]
        self._written = [each for each in intent.source.columns if not each.generated]
        self.palettes = {each.name: palette(intent, each) or self._none(each) for each in self._written}
        self._distinct = self._distinct_columns()

    @property
    def keeps_rows(self) -> bool:
        """Whether rows are only ever added: a target that enforces the key would refuse a second version of a row."""
        return self._intent.mode == "incremental_append"

    @property
    def may_repeat_keys(self) -> bool:
        """Whether the source can hold two rows with one key of the load."""
        key = self._intent.source_key
        return (
            bool(key)
            and not self._intent.streams
            and not any(set(unique) <= set(key) for unique in self._intent.source.unique)
        )

    @property
    def may_lack_keys(self) -> bool:
        """Whether a key may be NULL in the source."""
        return any(self._column(name).nullable for name in self._intent.source_key)

    def row(self, choices: Choices, identity: int, at: str) -> Cells:
        """A row whose unique columns follow from its identity; `at`: its cursor."""
        cells = {name: choices.pick(cells) for name, cells in self.palettes.items()}
        for name in self._distinct:
            cells[name] = distinct(self._column(name), identity)
        if self._cursor:
            cells[self._cursor] = at
        return cells

    def with_null_key(self, cells: Cells) -> Cells:
        """The same row without a part of its key."""
        key = self._intent.source_key
        name = next((name for name in key if self._column(name).nullable), key[0])
        return {**cells, name: None}

    def story(self, choices: Choices, *, loads: int = 4, fresh: int = 6, changed: int = 3, pauses: bool = True) -> Case:
        """A case: rows come, change, move, tie, arrive late, and go. At most so many rows a load. A log also tells of rows that
        come again, of keys that change and of a table that is emptied; a load from a slot may begin anew; and `pauses` let several
        of them meet in one load."""
        living: dict[int, Cells] = {}
        steps: list[Step] = []
        for load in range(1, loads + 1):
            most = fresh if load == 1 else max(1, fresh // 3)
            numbers = choices.some(range(load * 100, load * 100 + most), most)
            old = [] if self.keeps_rows else choices.some(sorted(living), changed)
            emptied = self._empties and load > 1 and choices.pick((False,) * 7 + (True,))
            back = choices.some(sorted({number for step in steps for number in step.gone} - set(living)), self._again)
            living = {} if emptied else living
            put = {number: self._told(choices, number, load, living) for number in (*numbers, *old, *back)}
            # Nobody can apply a change without a key, so somebody takes it out of the log.
            broken = {
                n for n, cells in living.items() if self._again and None in map(cells.get, self._intent.source_key)
            }
            gone = sorted({*choices.some(sorted(set(living) - set(put)), 1), *(broken - set(put))})
            living = {number: cells for number, cells in {**living, **put}.items() if number not in gone}
            ends = (2,) if load == loads else (None, None, 2)
            until = choices.pick(ends) if load > 1 and self._windows else None
            if until is not None and put:  # a window is only seen to end where it says when a row lies exactly there
                put[min(put)] = {**put[min(put)], self._cursor: tick(load, until)}
            quiet = bool(self._again) and pauses and load < loads and choices.pick((False, False, True))
            anew = self._copies and load > 1 and choices.pick((False, False, False, True))
            until = None if quiet else until
            steps.append(Step(put=put, gone=tuple(gone), until=until, emptied=emptied, quiet=quiet, anew=anew))
        return Case(steps=tuple(steps))

    def _told(self, choices: Choices, number: int, load: int, living: dict[int, Cells]) -> Cells:
        """A row of this load; some are late, and where the source allows it some repeat a key or lack one."""
        since = choices.pick((load, load, load, max(1, load - 1)))
        cells = self.row(choices, number, tick(since, choices.pick(range(TICKS))))
        if self._again and number in living:
            moved = number + choices.pick((0, 0, 0, _MOVED))
            cells = {**cells, **{name: distinct(self._column(name), moved) for name in self._distinct}}
        rare = (False,) * 11 + (True,)
        if self.may_repeat_keys and living and choices.pick(rare):
            other = living[choices.pick(sorted(living))]
            cells = {**cells, **{name: other[name] for name in self._intent.source_key}}
        if self.may_lack_keys and choices.pick(rare):
            cells = self.with_null_key(cells)
        return cells

    def _column(self, name: str) -> TableColumn:
        return self._intent.source.column(name)

    def _none(self, column: TableColumn) -> tuple[str | None, ...]:
        if column.nullable:
            return (None,)
        raise UnknownTypeError(f"{column.name} is {column.native}, and there is no value of it here")

    def _distinct_columns(self) -> tuple[str, ...]:
        """For each unique key, and for the key of the load, one column that tells rows apart."""
        logged = (
            self._intent.feed is not None and not self._intent.streams
        )  # rows of a change table are told apart by their place
        unique = () if logged else self._intent.source.unique
        keys = [*unique, *([self._intent.source_key] if self._intent.key else [])]
        found = []
        for key in keys:
            fit = [name for name in key if name != self._cursor and distinct(self._column(name), 1) is not None]
            if not fit:
                raise UnknownTypeError(
                    f"the unique key ({', '.join(key)}) has no column whose values can be told apart"
                )
            found.append(fit[0])
        return tuple(dict.fromkeys(found))
