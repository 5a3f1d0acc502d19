"""How far a cell of the contract is proved, in a few words: what plan.md and `dponec plan` print beside it."""

from __future__ import annotations

from dpone_compiler.artifacts.plan_doc import PlanDoc


def evidence_summary(doc: PlanDoc, cell: str) -> str:
    """`proved on postgres 18.6`, or `unproved`: each sentence of the cell needs an engine version that all its tests passed on.

    A plan of an older compiler carries no evidence and says nothing.
    """
    claims = doc.contract_evidence.get(cell)
    if claims is None:
        return ""
    versions = set.intersection(*(set(claim["versions"]) for claim in claims)) if claims else set()
    return f"proved on {claims[0]['engine']} {', '.join(sorted(versions))}" if versions else "unproved"
