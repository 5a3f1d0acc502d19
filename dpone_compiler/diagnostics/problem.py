"""The base of every coded problem. A subclass is a frozen dataclass; its docstring is the page `dponec explain` shows."""

from __future__ import annotations

import enum
from dataclasses import fields
from typing import ClassVar, Protocol


class Severity(enum.Enum):
    """How bad it is. Errors stop the compile of that load; warnings and notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class _HasFields(Protocol):
    __dataclass_fields__: ClassVar[dict[str, object]]


class Problem:
    """Something wrong (or worth saying) that has a stable code.

    `template` and `advice` are format strings over the subclass's own dataclass fields.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    template: ClassVar[str]
    advice: ClassVar[str] = ""

    def message(self) -> str:
        """One sentence that names the thing at fault."""
        return self.template.format(**self._values())

    def help(self) -> str:
        """What to do next; '' when there is nothing to add."""
        return self.advice.format(**self._values())

    def _values(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
