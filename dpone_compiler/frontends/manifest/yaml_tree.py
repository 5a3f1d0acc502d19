"""YAML text to a tree with places. It reads events, not objects, so that no value is converted behind our back."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import yaml

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.frontends.manifest.scalars import resolve
from dpone_compiler.frontends.manifest.tree import Block, Entry, Items, Node, Scalar
from dpone_compiler.frontends.problems import (
    DuplicateKey,
    InvalidYaml,
    KeyNotText,
    ManyDocuments,
    NotAManifest,
    TagRefused,
    TooLarge,
)
from dpone_compiler.source.text import SourceFile, Span

MAX_DEPTH = 60
MAX_NODES = 200_000

# libyaml where the wheel has it: about eight times faster than the parser in Python, with the same marks.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# YAML 1.1, and so libyaml, ends a line at these and would fold them into a space; YAML 1.2 and editors do not.
_BREAKS = (0x85, 0x2028, 0x2029)


def _stand_ins(text: str) -> dict[int, int]:
    """Private characters that the text does not use, for those that the parser must not take for line ends."""
    found = [code for code in _BREAKS if chr(code) in text]
    if not found:
        return {}
    free = (code for code in range(0xE000, 0xF900) if chr(code) not in text)
    return dict(zip(found, free, strict=False))


class _Stop(Exception):
    """Ends the reading of a file that cannot be understood any further; never leaves this module."""


class _Made(NamedTuple):
    """A node, and how large and how deep it is with its aliases written out."""

    node: Node
    weight: int = 1
    height: int = 1


class _Reader:
    """Turns the events of one file into a tree and collects what is wrong with it."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.found: list[Diagnostic] = []
        self._starts = [0]
        self._starts.extend(index + 1 for index, char in enumerate(file.text) if char == "\n")
        self._anchors: dict[str, _Made] = {}
        self._hidden = _stand_ins(file.text)
        self._shown = {after: before for before, after in self._hidden.items()}

    def read(self) -> Node | None:
        try:
            return self._document(iter(yaml.parse(self.file.text.translate(self._hidden), Loader=_LOADER)))
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except yaml.reader.ReaderError as error:
            at = self._position(max(0, int(error.position)))
            self._report(InvalidYaml(f"character {error.character!r} is not allowed"), Span(self.file.name, *at, *at))
        except (UnicodeError, yaml.YAMLError) as error:
            self._report(InvalidYaml(str(error).split("\n", 1)[0]), Span(self.file.name, 1, 1, 1, 1))
        return None

    def _document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._fail(ManyDocuments(), self._span(event))
                root = self._node(next(events), events, 0).node
        if root is None:
            self._fail(NotAManifest("nothing"), Span(self.file.name, 1, 1, 1, 1))
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> _Made:
        span = self._span(event)
        if depth > MAX_DEPTH:
            self._fail(TooLarge(f"values nest deeper than {MAX_DEPTH} levels"), span)
        if isinstance(event, yaml.AliasEvent):
            known = self._anchors.get(str(event.anchor))
            if known is None:
                self._fail(InvalidYaml(f"the alias *{event.anchor} has no anchor before it"), span)
            if depth + known.height > MAX_DEPTH:
                self._fail(TooLarge(f"values nest deeper than {MAX_DEPTH} levels"), span)
            return known
        if event.tag is not None:
            self._report(TagRefused(str(event.tag)), span)
        made = self._made(event, events, depth, span)
        if made.weight > MAX_NODES:
            self._fail(TooLarge(f"more than {MAX_NODES} values"), span)
        if event.anchor is not None:
            self._anchors[event.anchor] = made
        return made

    def _made(self, event: Any, events: Iterator[Any], depth: int, span: Span) -> _Made:
        if isinstance(event, yaml.ScalarEvent):
            text = str(event.value).translate(self._shown)
            return _Made(Scalar(resolve(text) if event.implicit[0] else text, text, span))
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, depth, span)
        return self._mapping(events, depth, span)

    def _sequence(self, events: Iterator[Any], depth: int, span: Span) -> _Made:
        items: list[Node] = []
        weight = height = 1
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return _Made(Items(tuple(items), self._to(span, event)), weight, height)
            made = self._node(event, events, depth + 1)
            items.append(made.node)
            weight += made.weight
            height = max(height, made.height + 1)
        raise _Stop  # the parser ends every sequence or raises itself

    def _mapping(self, events: Iterator[Any], depth: int, span: Span) -> _Made:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        weight = height = 1
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                self._inherit(entries, merged)
                return _Made(Block(entries, self._to(span, event)), weight, height)
            key = self._node(event, events, depth + 1).node
            value, size, inner = self._node(next(events), events, depth + 1)
            weight += size
            height = max(height, inner + 1)
            if not isinstance(key, Scalar) or key.value is None:
                self._report(KeyNotText(), key.span)
            elif key.text == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                merged.extend(value.items if isinstance(value, Items) else (value,))
            elif key.text in entries:
                self._report(DuplicateKey(key.text, entries[key.text].key_span.line), key.span)
            else:
                entries[key.text] = Entry(key.span, value)
        raise _Stop  # the parser ends every mapping or raises itself

    def _inherit(self, entries: dict[str, Entry], merged: list[Node]) -> None:
        """YAML's merge key: keys of the mapping itself win, then those of the earlier merged mapping."""
        for node in merged:
            if not isinstance(node, Block):
                self._report(InvalidYaml("<< merges mappings only"), node.span)
                continue
            for key, entry in node.entries.items():
                entries.setdefault(key, entry)

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        index = min(int(mark.index), len(self.file.text)) if mark else 0
        at = self._position(index)
        tab = self.file.text[index : index + 1] == "\t"
        detail = "a tab, where only spaces may indent" if tab else str(error.problem or error.context or "")
        hint = "indent with spaces" if tab else ""
        self._report(InvalidYaml(detail, hint), Span(self.file.name, *at, at[0], at[1] + 1))

    def _fail(self, problem: Problem, span: Span) -> NoReturn:
        self._report(problem, span)
        raise _Stop

    def _report(self, problem: Problem, span: Span) -> None:
        self.found.append(Diagnostic(problem, span))

    # Positions are counted here and not taken from the marks: YAML also ends lines at U+2028 and U+0085, editors do not.
    def _position(self, index: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def _span(self, event: Any) -> Span:
        return Span(self.file.name, *self._position(event.start_mark.index), *self._position(event.end_mark.index))

    def _to(self, span: Span, event: Any) -> Span:
        return Span(span.file, span.line, span.column, *self._position(event.end_mark.index))


def read_tree(file: SourceFile) -> tuple[Node | None, Diagnostics]:
    """The tree of the one document of a file; None when it cannot be read at all."""
    reader = _Reader(file)
    root = reader.read()
    return root, tuple(reader.found)
