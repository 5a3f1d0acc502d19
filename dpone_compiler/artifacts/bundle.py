"""A bundle as a value: a folder name and its files, text by relative path."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from dpone_compiler.source.value import value


@value
class Bundle:
    """One load's bundle. `files`: path -> text, plan.json among them. Two bundles are equal when every file is."""

    name: str
    files: Mapping[str, str]

    @property
    def content_id(self) -> str:
        """sha256 over paths and texts, but for sourcemap.json, which says where things were written, not what they do."""
        digest = hashlib.sha256()
        for path in sorted(self.files):
            if path != SOURCEMAP:
                digest.update(f"{path}\0{sha256(self.files[path])}\n".encode())
        return digest.hexdigest()


SOURCEMAP = "sourcemap.json"


def sha256(text: str) -> str:
    """Hex digest of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def folder_name(load: str) -> str:
    """A load's name as a folder name: letters, digits, `.`, `_`, `-` stay, every other byte becomes %XX; never `.` or `..`."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else _percent(c) for c in load)
    return kept.replace(".", "%2E") if kept.strip(".") == "" else kept


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
