"""The base of every coded problem. A subclass lists its fields; its docstring is the page that `dponec explain` shows.

A subclass is a frozen value like a dataclass, but its methods are shared instead of generated: there are about a hundred of
these classes, and generating code for each of them would be a tenth of a cold compile (docs/adr/0006-start-up.md).
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar, dataclass_transform


class Severity(enum.Enum):
    """How bad it is. Errors stop the compile of that load; warnings and notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass_transform(frozen_default=True)
class Problem:
    """Something wrong (or worth saying) that has a stable code.

    `template` and `advice` are format strings over the subclass's own fields.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    template: ClassVar[str]
    advice: ClassVar[str] = ""
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = (name for name, kind in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(kind))
        cls._fields = (*cls._fields, *own)

    def __init__(self, *args: Any, **named: Any) -> None:
        names = self._fields
        values = dict(zip(names, args, strict=False)) | named
        defaults = {
            name: getattr(type(self), name) for name in names if name not in values and hasattr(type(self), name)
        }
        if len(args) > len(names) or {*values, *defaults} != set(names):
            raise TypeError(f"{type(self).__name__} takes {names}, not {len(args)} values and {sorted(named)}")
        self.__dict__.update({name: values.get(name, defaults.get(name)) for name in names})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({shown})"

    def message(self) -> str:
        """One sentence that names the thing at fault."""
        return self.template.format(**self.__dict__)

    def help(self) -> str:
        """What to do next; '' when there is nothing to add."""
        return self.advice.format(**self.__dict__)
