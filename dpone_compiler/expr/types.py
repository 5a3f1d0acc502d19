"""Logical data types, one lattice for all engines. A backend maps its native type names to and from these."""

from __future__ import annotations

import enum

from dpone_compiler.source.value import value


class Kind(enum.Enum):
    """The families of values that move through a load."""

    BOOL = "bool"
    INT = "int"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BYTES = "bytes"
    UUID = "uuid"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    JSON = "json"
    ENUM = "enum"
    ARRAY = "array"
    OTHER = "other"


@value(kw_only=True)
class DataType:
    """A logical type.

    `bits`: width of INT (8..256) and FLOAT (32, 64). `signed`: INT only. `precision`: DECIMAL digits (None: unbounded),
    or fractional digits of TIME, TIMESTAMP and INTERVAL. `scale`: DECIMAL only. `length`: TEXT/BYTES limit in characters/bytes
    (None: unbounded). `padded`: TEXT of fixed width. `tz`: TIMESTAMP is an instant, not a wall clock.
    `element`: ARRAY only. `native`: the engine's own spelling where the family does not say enough (OTHER, ENUM, an
    INTERVAL of some fields).
    """

    kind: Kind
    bits: int | None = None
    signed: bool = True
    precision: int | None = None
    scale: int | None = None
    length: int | None = None
    padded: bool = False
    tz: bool = False
    element: DataType | None = None
    native: str = ""

    def label(self) -> str:
        """A short stable name for plans and diagnostics: decimal(18,2), timestamp(6) with time zone, uint64 …"""
        match self.kind:
            case Kind.INT:
                return f"{'' if self.signed else 'u'}int{self.bits}"
            case Kind.FLOAT:
                return f"float{self.bits}"
            case Kind.DECIMAL:
                return "decimal" if self.precision is None else f"decimal({self.precision},{self.scale or 0})"
            case Kind.TEXT | Kind.BYTES:
                return self.kind.value if self.length is None else f"{self.kind.value}({self.length})"
            case Kind.TIMESTAMP:
                zone = " with time zone" if self.tz else ""
                return f"timestamp({6 if self.precision is None else self.precision}){zone}"
            case Kind.ARRAY:
                return f"array({self.element.label() if self.element else '?'})"
            case Kind.OTHER | Kind.ENUM | Kind.INTERVAL:
                return self.native or self.kind.value
            case Kind.BOOL | Kind.UUID | Kind.DATE | Kind.TIME | Kind.JSON:
                return str(self.kind.value)


INTEGRAL_CURSOR = frozenset({Kind.INT})
TEMPORAL_CURSOR = frozenset({Kind.DATE, Kind.TIMESTAMP})
