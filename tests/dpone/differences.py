"""Every way in which our decision differs from dpone 0.88.0's, as a predicate. Each difference has exactly one; none takes the rest.

A predicate says which contexts it is about and what both sides did there, so that it cannot match what it does not explain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dpone_compiler import registry
from tests.dpone.contexts import OTHER_SOURCES

KEYED = ("incremental_merge", "snapshot_diff", "scd2", "cdc_apply")


@dataclass(frozen=True, slots=True)
class Case:
    """A context with dpone's decision and ours; `refused` '' or why we refuse."""

    context: Mapping[str, Any]
    theirs: Mapping[str, Any]
    ours: Mapping[str, Any]
    refused: str

    @property
    def explicit(self) -> bool:
        return bool(self.context["requested_mode"] != "auto")

    @property
    def lacks(self) -> str:
        """Why our sink does not do what dpone chose; '' when it does."""
        sink = registry.backend(self.context["sink_type"]).capabilities(None)
        missing = "" if self.theirs["strategy_mode"] in registry.strategies() else "no such strategy"
        return sink.strategies.get(self.theirs["strategy_mode"], "not known") or missing

    @property
    def captured(self) -> bool:
        """Whether this route applies captured changes here."""
        source = registry.backend(self.context["source_type"]).capabilities(None)
        sink = registry.backend(self.context["sink_type"]).capabilities(None)
        return source.cdc_source and not sink.strategies.get("cdc_apply", "no")


@dataclass(frozen=True, slots=True)
class Difference:
    """`field`: strategy | merge_policy | native_fast_path. `why`: for people."""

    name: str
    field: str
    why: str
    holds: Callable[[Case], bool]


def _read(case: Case) -> bool:
    return case.context["source_type"] not in OTHER_SOURCES


def _mode_differs(case: Case) -> bool:
    return bool(case.refused) or case.theirs["strategy_mode"] != case.ours["strategy_mode"]


def _kafka(case: Case) -> bool:
    return bool(case.context["sink_type"] == "kafka")


def _needs_key(case: Case) -> bool:
    return case.explicit and case.context["requested_mode"] in KEYED and not case.context["unique_key"]


STRATEGY = (
    Difference(
        "source_not_read",
        "strategy",
        "mysql, rest and kafka are no sources here; an unknown source is refused by name, not advised about",
        lambda c: not _read(c) and bool(c.refused),
    ),
    Difference(
        "event_log_has_no_table",
        "strategy",
        "nothing of Kafka's log can be refreshed, replaced or kept as versions; dpone accepts it, or turns it into a merge in silence",
        lambda c: _read(c) and _kafka(c) and bool(c.refused) and not _needs_key(c) and not c.context["cdc_available"]
        and (c.context["requested_mode"] in ("full_refresh", "partition_replace", "scd2") or not c.explicit),
    ),
    Difference(
        "event_log_needs_a_key",
        "strategy",
        "captured changes without a key: dpone falls back to a refresh of the log, which has none",
        lambda c: _read(c) and _kafka(c) and bool(c.refused) and not c.explicit and c.context["cdc_available"],
    ),
    Difference(
        "explicit_mode_without_key",
        "strategy",
        "a keyed mode without a key is an error; dpone prints a gate of severity error and ends with 0",
        lambda c: _read(c) and _needs_key(c) and bool(c.refused),
    ),
    Difference(
        "explicit_mode_without_partition",
        "strategy",
        "partition_replace without a partition column is an error",
        lambda c: _read(c) and not _kafka(c) and c.context["requested_mode"] == "partition_replace"
        and not c.context["partition_column"] and bool(c.refused),
    ),
    Difference(
        "explicit_mode_not_supported",
        "strategy",
        "the sink or the route has no such mode here, so an explicit one is refused before anything runs; dpone fails at run time",
        lambda c: _read(c) and c.explicit and not _needs_key(c) and bool(c.refused)
        and (bool(c.lacks) or (c.context["requested_mode"] == "cdc_apply" and not c.captured))
        and not (_kafka(c) and c.context["requested_mode"] in ("full_refresh", "partition_replace", "scd2")),
    ),
    Difference(
        "changes_not_captured",
        "strategy",
        "dpone chooses cdc_apply for routes that no runtime of it implements; here the rule asks whether source and sink can do it",
        lambda c: _read(c) and not c.explicit and not c.refused and c.theirs["reasons"] == ["cdc_available"]
        and not c.captured and c.ours["strategy_mode"] != "cdc_apply",
    ),
    Difference(
        "clickhouse_to_mssql_by_the_rules",
        "strategy",
        "dpone forces a full refresh on this route by a policy of its own; the document's rules know no such exception",
        lambda c: _read(c) and not c.explicit and not c.refused and c.theirs["strategy_mode"] == "full_refresh"
        and any(code.startswith("clickhouse_mssql_") for code in c.theirs["reasons"]) and _mode_differs(c),
    ),
)  # fmt: skip
POLICY = (
    Difference(
        "the_policy_is_always_said",
        "merge_policy",
        "dpone names a policy for merges and partitions alone; here every strategy that has several says which",
        lambda c: c.theirs["merge_policy"] is None and c.ours["merge_policy"] is not None,
    ),
    Difference(
        "update_where_a_row_differs",
        "merge_policy",
        "update_insert touches rows that differ alone; dpone deletes and inserts every staged key",
        lambda c: c.theirs["merge_policy"] == "delete_insert" and c.ours["merge_policy"] == "update_insert",
    ),
    Difference(
        "clickhouse_by_partition",
        "merge_policy",
        "readers of a lightweight delete see the table without the rows until the insert ends (ADR 0005)",
        lambda c: c.theirs["merge_policy"] == "lightweight_delete_insert" and c.ours["merge_policy"] in (
            "partition_rewrite", None, "replace_partitions"
        ),
    ),
)  # fmt: skip
PATH = (
    Difference(
        "postgres_has_its_own_pipe",
        "native_fast_path",
        "COPY into COPY between two Postgres servers; dpone streams rows",
        lambda c: c.ours["native_fast_path"] == "postgres_copy_to_postgres",
    ),
    Difference(
        "not_registered_yet",
        "native_fast_path",
        "the path is not built in this version, so none is promised",
        lambda c: c.ours["native_fast_path"] == "streaming_rows" and c.theirs["native_fast_path"] != "streaming_rows",
    ),
)  # fmt: skip
