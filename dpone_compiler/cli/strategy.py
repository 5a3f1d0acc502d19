"""dponec strategy: the commands around strategies under the names that users of dpone know."""

from __future__ import annotations

import click

from dpone_compiler.cli.advise import advise
from dpone_compiler.cli.certify import certify
from dpone_compiler.cli.evidence import certification_bundle, native_transfer_evidence
from dpone_compiler.cli.preflight import preflight
from dpone_compiler.cli.repair import repair_plan


@click.group("strategy")
def strategy() -> None:
    """Advice, preflight, runbooks and certification under the names that users of dpone know."""


strategy.add_command(advise)
strategy.add_command(preflight)
strategy.add_command(repair_plan)
strategy.add_command(certify, "certification-artifact")
strategy.add_command(certification_bundle)
strategy.add_command(native_transfer_evidence)
