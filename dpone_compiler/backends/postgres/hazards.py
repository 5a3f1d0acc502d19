"""What a catalog says that makes a load from or into this table surprising."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import TableFacts
from dpone_compiler.spi.backend import Facts

_SENTENCES = {
    "trigger": "trigger {name} fires for every row that is written; what it changes is not in the plan",
    "rule": "rule {name} rewrites statements on the target, so row counts may not mean rows",
    "incoming_foreign_key": "{name} refers to the target: deleting a row that is referred to fails or cascades, TRUNCATE fails",
    "row_security": "row security is on ({name}): a load by a role that its policies bind stops (DP423)",
    "materialized_view": "materialized view {name} reads the target and stays old until it is refreshed",
    "view": "view {name} depends on the target: its readers see what readers of the target see, and while it is there no column of the "
    "target can be dropped or get another type",
    "publication": "publication {name} sends every deleted and inserted row to its subscribers",
    "inheritance": "the target inherits, or is inherited by, {name}: rows of a child are rows of its parent, "
    "and go and are counted with them",
    "exclusion_constraint": "exclusion constraint {name} may refuse rows that the key allows",
}

_OF_SOURCE = {
    "row_security": "row security is on at the source ({name}): a load by a role that its policies bind stops (DP423), since hidden rows "
    "would be lost; read as the owner (where it is not forced) or with BYPASSRLS",
}


def source_hazards(_load: Load, facts: Facts) -> tuple[tuple[str, str], ...]:
    """(kind, sentence) for the source, from its catalog snapshot alone."""
    return _told(_OF_SOURCE, facts.source_table)


def hazards(load: Load, facts: Facts) -> tuple[tuple[str, str], ...]:
    """(kind, sentence) for the target, from its catalog snapshot alone."""
    if facts.target_table is None:
        return ()
    structure = facts.target_table.structure
    found = list(_told(_SENTENCES, facts.target_table))
    columns = load.decisions.columns if isinstance(load.decisions.columns, tuple) else ()
    for moved in columns:
        now = structure.column(moved.target.name) or moved.target
        if now.generated:
            found.append(("generated_column", f"column {now.name} is generated: it computes itself and is not written"))
        elif now.identity:
            found.append(
                (
                    "identity_column",
                    f"column {now.name} is an identity: its sequence does not follow the values that are loaded",
                )
            )
    return tuple(found)


def _told(sentences: Mapping[str, str], table: TableFacts | None) -> tuple[tuple[str, str], ...]:
    listed = table.structure.hazards if table is not None else ()
    return tuple((kind, sentences[kind].replace("{name}", name)) for kind, name in listed if kind in sentences)
