"""Rules of meaning that every front end shares, so that the same words give the same IR in every form.

Pure functions over words: aliases, default schemas, durations, sizes and the closed vocabularies of policies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from dpone_compiler.ir.load import ENGINES, OPEN_MODES, STRATEGIES

DEFAULT_INNER_MODE = "incremental_merge"
MODES = (*OPEN_MODES, *STRATEGIES)

ENGINE_ALIASES: Mapping[str, str] = MappingProxyType(
    {"sqlserver": "mssql", "sql_server": "mssql", "bq": "bigquery", "pg": "postgres", "postgresql": "postgres"}
)
DEFAULT_SCHEMAS: Mapping[str, str] = MappingProxyType({"postgres": "public", "mssql": "dbo", "clickhouse": "default"})

MERGE_POLICIES = (
    "auto",
    "upsert",
    "update_insert",
    "delete_insert",
    "shadow_swap",
    "attach_detach",
    "switch_partitions",
    "partition_rewrite",
    "lightweight_delete_insert",
    "mutation_delete_insert",
    "replacing_merge_tree",
    "event_upsert",
)
MERGE_POLICY_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "on_conflict": "upsert",
        "update+insert": "update_insert",
        "delete+insert": "delete_insert",
        "exchange": "shadow_swap",
        "upsert_events": "event_upsert",
    }
)

# The words each field of ir.Policies takes; the first is the default.
POLICY_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "null_keys": ("fail", "skip"),
        "staging_duplicates": ("fail", "latest"),
        "on_leave_filter": ("keep", "delete"),
        "deletes": ("ignore", "soft", "hard"),
        "empty_slice": ("fail", "keep", "clear"),
        "readers": ("consistent", "tolerant"),
        "reconcile": ("auto", "counts", "keys", "content", "full"),
        "lossy": ("fail", "clamp"),
    }
)
CURSOR_NULLS = ("fail", "always_read")
CURSOR_ASSIGNERS = ("database",)
PARTITION_NULLS = ("fail", "own")
# The words of ir.Snapshot; the first of COMPARES is the default. A strategy takes some of MISSING, and its first is its default.
COMPARES = ("row_hash", "all_columns")
MISSING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"snapshot_diff": ("hard_delete", "soft_delete", "ignore"), "scd2": ("expire", "ignore")}
)
MISSING_WORDS = ("hard_delete", "soft_delete", "ignore", "expire")
# The words of ir.ChangeFeed; the first is the default.
FEED_MODES = ("logical_replication", "change_table")
FEED_DELETES = ("apply", "ignore", "soft_delete")
FEED_TRUNCATE = ("fail", "apply")

_UNIT_SECONDS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
        **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
        **dict.fromkeys(("d", "day", "days"), 86400),
        **dict.fromkeys(("w", "week", "weeks"), 7 * 86400),
    }
)
DURATION_UNITS = tuple(sorted(_UNIT_SECONDS))
# What engines count rows and bytes in (64 bits, signed), and a length of time beyond which a manifest has a slip of the pen.
LARGEST_COUNT = 2**63 - 1
LONGEST_SECONDS = 100 * 366 * 86400
_LONGEST_TEXT = 200
_WHOLE = re.compile(r"[0-9]{1,19}")
_DURATION_PART = re.compile(r"(\d[\d_]*)\s*([a-z]*)\s*", re.ASCII)
_ISO = re.compile(r"p(?:(\d+)w)?(?:(\d+)d)?(?:t(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?", re.ASCII)

# A decimal prefix is a power of ten and a binary prefix a power of two, as IEC 80000-13 has it.
_SIZE_UNITS: Mapping[str, int] = MappingProxyType(
    {
        "": 1,
        "b": 1,
        **{f"{p}b": 1000**i for i, p in enumerate("kmgtp", 1)},
        **{f"{p}ib": 1024**i for i, p in enumerate("kmgtp", 1)},
    }
)
SIZE_UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB")
_SIZE = re.compile(r"(\d[\d_]*(?:\.\d+)?)\s*([a-z]*)", re.ASCII)


def engine_word(word: str) -> str | None:
    """The canonical engine (one of ENGINES) of a word or alias, or None when it is not known."""
    lowered = word.strip().lower()
    canonical = ENGINE_ALIASES.get(lowered, lowered)
    return canonical if canonical in ENGINES else None


def default_schema(engine: str) -> str:
    """The schema a bare table name lives in; '' where the engine has none (a BigQuery dataset, a Kafka topic)."""
    return DEFAULT_SCHEMAS.get(engine, "")


def merge_policy_word(word: str) -> str | None:
    """The canonical merge policy (one of MERGE_POLICIES) of a word or alias, or None when it is not known."""
    lowered = word.strip().lower()
    canonical = MERGE_POLICY_ALIASES.get(lowered, lowered)
    return canonical if canonical in MERGE_POLICIES else None


def duration_seconds(value: str | int) -> int | None:
    """Whole seconds of `10 minutes`, `2h`, `1 day 6 hours`, `PT10M` or a plain count of seconds, at most a century, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= LONGEST_SECONDS else None
    # No length that is meant has so many characters, and int() refuses very many digits.
    text = value.strip().lower()
    seconds = _seconds(text) if len(text) <= _LONGEST_TEXT else None
    return seconds if seconds is not None and seconds <= LONGEST_SECONDS else None


def _seconds(text: str) -> int | None:
    if iso := _ISO.fullmatch(text):
        counts = iso.groups()
        return _weigh(counts, (604800, 86400, 3600, 60, 1)) if any(counts) else None
    found = list(_DURATION_PART.finditer(text))
    if not found or "".join(part.group() for part in found) != text:
        return None
    parts = [(part[1], part[2]) for part in found]
    if len(parts) == 1 and not parts[0][1]:
        return int(parts[0][0])
    if any(unit not in _UNIT_SECONDS for _, unit in parts):
        return None
    return sum(int(count) * _UNIT_SECONDS[unit] for count, unit in parts)


def duration_text(seconds: int) -> str:
    """The shortest single-unit spelling that `duration_seconds` reads back exactly."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def chunk_step(kind: str, value: str | int | None) -> int | None:
    """The step of a backfill's slices: a count for an integer; seconds of `7 days` for times, a bare number being days for dates.

    None when it is not said, or is no step.
    """
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if value is None or isinstance(value, int):
        step = value * 86400 if value is not None and kind == "date" else value
        return step if step is None or step <= LARGEST_COUNT else None
    return duration_seconds(value) if kind in ("date", "timestamp") else None


def size_bytes(value: str | int) -> int | None:
    """Bytes of `50 GB` (powers of ten), `50 GiB` (powers of two) or a plain count, within 64 bits; None when it is none of these."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= LARGEST_COUNT else None
    found = _SIZE.fullmatch(value.strip().lower())
    if not found or found[2] not in _SIZE_UNITS:
        return None
    exact = Decimal(found[1].replace("_", "")) * _SIZE_UNITS[found[2]]
    return int(exact) if exact <= LARGEST_COUNT and exact == exact.to_integral_value() else None


def share(value: str | float) -> float | None:
    """A share 0..1 of `5%`, `0.05` or a number; None for anything else (20 is refused: is it 20%?)."""
    if isinstance(value, bool):
        return None
    text = repr(value) if isinstance(value, float | int) else value.strip().replace("_", "")
    percent = text.endswith("%")
    try:
        exact = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        return None
    if not exact.is_finite():
        return None
    exact = exact / 100 if percent else exact
    return float(exact) if 0 <= exact <= 1 else None


def _weigh(counts: tuple[str | None, ...], weights: tuple[int, ...]) -> int:
    return sum(int(count or 0) * weight for count, weight in zip(counts, weights, strict=True))
