"""The forms of a manifest: each is turned into flat processes, whose nodes still know where they were written."""

from __future__ import annotations

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.manifest.batch import expand_batch
from dpone_compiler.frontends.manifest.models.process import Flow, Loads
from dpone_compiler.frontends.manifest.models.values import Known
from dpone_compiler.frontends.manifest.rendering import Renderer
from dpone_compiler.frontends.manifest.translate import kind_of, validate
from dpone_compiler.frontends.manifest.tree import Block, Entry, Items, Node, find, merge, place, plain, start, text_of
from dpone_compiler.frontends.problems import FolderForm, NotAManifest, UnknownForm, WrongType

BATCH = "dpone.batch.v1"
FLOW = "dpone.flow.v1"

# Keys of an envelope that steer it; all others are legal in a process too and are inherited by each.
_STEERING = ("kind", "processes", "defaults", "fragments", "recipe", "schema")


def processes(root: Node, known: Known) -> tuple[tuple[Block, ...], Diagnostics]:
    """The flat processes of a manifest of any form."""
    if not isinstance(root, Block):
        return (), (Diagnostic(NotAManifest(kind_of(plain(root))), start(root)),)
    key = "kind" if "kind" in root.entries else "schema"
    kind = text_of(root.get(key))
    if key == "kind" and kind is None and root.get("kind") is not None:
        return (), (Diagnostic(UnknownForm(str(plain(root.entries["kind"].node)), _forms()), place(root, ("kind",))),)
    if kind is None:
        return _loads(root, known) if "loads" in root.entries else ((root.without("kind"),), ())
    if kind == BATCH and "processes" not in root.entries:
        return expand_batch(root, known)
    if kind in (FLOW, BATCH):
        return _flow(root, known)
    if kind == "dpone.pipeline.v1" or "fragment" in kind:
        return (), (Diagnostic(FolderForm(kind), place(root, (key,))),)
    return (), (Diagnostic(UnknownForm(kind, did_you_mean(kind, (BATCH, FLOW))), place(root, (key,))),)


def _forms() -> str:
    return f"known: {BATCH}, {FLOW}, or no kind at all"


def _loads(root: Block, known: Known) -> tuple[tuple[Block, ...], Diagnostics]:
    root = root.without("kind")
    envelope, found = validate(Loads, root, known)
    return ((), found) if envelope is None else _items(root, "loads", root.get("defaults"))


def _flow(root: Block, known: Known) -> tuple[tuple[Block, ...], Diagnostics]:
    envelope, found = validate(Flow, root, known)
    if envelope is None:
        return (), found
    shared = root.without(*_STEERING)
    defaults = root.get("defaults")
    made, problems = _items(root, "processes", merge(shared, defaults) if defaults else shared)
    renderers = [_renderer(process) for process in made]
    rendered = [renderer.render(process) for renderer, process in zip(renderers, made, strict=True)]
    reports = problems + tuple(found for renderer in renderers for found in renderer.found)
    return tuple(node for node in rendered if isinstance(node, Block)) if not reports else (), reports


def _renderer(process: Block) -> Renderer:
    """dpone renders the templates of a flow as those of a batch."""
    parts = {
        "src_schema": text_of(find(process, ("source", "table", "schema"))),
        "src_table": text_of(find(process, ("source", "table", "name"))),
    }
    return Renderer(Block({}, process.span), {key: text for key, text in parts.items() if text is not None})


def _items(root: Block, key: str, defaults: Node | None) -> tuple[tuple[Block, ...], Diagnostics]:
    """The items of a list, each laid on the defaults."""
    listed = root.get(key)
    made: list[Block] = []
    found: list[Diagnostic] = []
    for index, item in enumerate(listed.items if isinstance(listed, Items) else ()):
        if not isinstance(item, Block):
            problem = WrongType(f"{key}[{index}]", "a mapping", kind_of(plain(item)))
            found.append(Diagnostic(problem, start(item)))
            continue
        made.append(_over(defaults, item))
    if not made and not found:
        found.append(Diagnostic(NotAManifest(f"no item under {key}"), place(root, (key,), key=True)))
    return tuple(made), tuple(found)


def _over(defaults: Node | None, item: Block) -> Block:
    merged = merge(defaults, item) if isinstance(defaults, Block) else item
    if not isinstance(merged, Block):
        return item
    # The item's own keys first: the first key is where the load is said to be.
    own = {key: merged.entries[key] for key in item.entries}
    entries: dict[str, Entry] = {**own, **merged.entries}
    return Block(entries, item.span)
