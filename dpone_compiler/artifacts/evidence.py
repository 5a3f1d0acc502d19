"""How far a cell of the contract is proved, in a few words: what plan.md and `dponec plan` print beside it."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.artifacts.plan_doc import PlanDoc


def evidence_summary(doc: PlanDoc, cell: str) -> str:
    """`proved on postgres 18.6`, or `unproved`: each sentence of the cell needs an engine version that all its tests passed on.

    A plan of an older compiler carries no evidence and says nothing.
    """
    claims = doc.contract_evidence.get(cell) if isinstance(doc.contract_evidence, Mapping) else None
    if claims is None:
        return ""
    try:
        versions = set.intersection(*(set(claim["versions"]) for claim in claims)) if claims else set()
        return f"proved on {claims[0]['engine']} {', '.join(sorted(versions))}" if versions else "unproved"
    except (KeyError, TypeError):  # evidence stands outside the fingerprint, and of this shape nothing is proved
        return "unproved"
