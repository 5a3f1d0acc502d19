"""What a pass knows of a load, as facts of the policy language."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.policy.facts import Facts, FactSource, manifest_facts
from dpone_compiler.spi.compiler_pass import PassContext


def load_facts(load: Load, context: PassContext) -> Facts:
    """What is known of a load: the manifest first, the catalog's estimates where the manifest is silent."""
    facts = manifest_facts(load)
    table = context.facts.source_table
    if table is not None:
        estimates = (("rows", table.statistics.rows), ("bytes", table.statistics.bytes))
        facts = facts.adding(
            FactSource.CATALOG, [(name, value) for name, value in estimates if facts.get(name) is None]
        )
    sink = context.sink.capabilities(context.facts.target_engine)
    source = context.source.capabilities(context.facts.source_engine)
    supported = source.cdc_source and not sink.strategies.get("cdc_apply", "not known")
    return facts.adding(FactSource.DERIVED, [("cdc_supported", supported)])
