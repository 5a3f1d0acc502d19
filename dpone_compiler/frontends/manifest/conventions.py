"""dpone's built-in naming convention; one in a file of its own is refused, since a manifest is compiled alone."""

from __future__ import annotations

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.frontends.manifest.tree import Block, Entry, Items, Node, Scalar, place, text_of
from dpone_compiler.frontends.problems import UnsupportedKey

_LANDING = ("landing", "landing_raw", "landing_raw_v1")
# The names that dpone 0.88.0 gives under landing_raw_v1.
_LANDING_NAMING = {
    "sink_dataset": "{{ layer|default('landing')|dpone_snake }}__{{ src_system|dpone_snake }}"
    "__{{ src_database|dpone_snake }}",
    "sink_table": "{{ src_schema|dpone_snake }}__{{ src_table|dpone_snake }}",
    "process_name": "{{ src_schema|dpone_snake }}_{{ src_table|dpone_snake }}__{{ sink.strategy.mode }}",
}


def convention(root: Block) -> tuple[Block, Diagnostics]:
    """The naming templates of the conventions that a batch manifest asks for."""
    asked: list[Node] = []
    single, several = root.get("convention"), root.get("conventions")
    if single is not None:
        asked.append(single)
    if isinstance(several, Items):
        asked.extend(several.items)
    naming = Block({}, root.span)
    for node in asked:
        word = text_of(node)
        if word is None or word.strip().lower() not in _LANDING:
            problem = UnsupportedKey("a convention in a file of its own", "write its naming: into this manifest")
            return naming, (Diagnostic(problem, place(node, ())),)
        for key, template in _LANDING_NAMING.items():
            naming = naming.with_entry(key, Entry(node.span, Scalar(template, template, node.span)))
    return naming, ()
