"""One manifest file as the unit of work: from the cache where its inputs are known, else compiled and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.bundle import Bundle, sha256
from dpone_compiler.artifacts.plan_codec import compact_json
from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.driver.across import Named
from dpone_compiler.driver.cache import Keys, Store, installation_digest
from dpone_compiler.driver.compile import ManifestFile, Options, compile_load, named_load, read_manifest_file
from dpone_compiler.driver.inputs import shown_place
from dpone_compiler.driver.remembered import decode_diagnostics, encode_diagnostics, files_of
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.load import Load
from dpone_compiler.policy.codec import encode_policy
from dpone_compiler.source.text import SourceFile
from dpone_compiler.source.value import value


@value(kw_only=True)
class UnitLoad:
    """One load of the file: what other files must know of it, and its bundle (None: it has errors)."""

    named: Named
    bundle: Bundle | None


@value(kw_only=True)
class Unit:
    """One manifest file, compiled. `compiled`: bundles that were not in the cache."""

    loads: tuple[UnitLoad, ...]
    diagnostics: Diagnostics
    files: Mapping[str, SourceFile]
    compiled: int


def compile_unit(manifest: Path, *, keys: Keys | None, options: Options, store: Store | None) -> Unit:
    """The unit of one manifest. With a store and its keys, loads whose inputs are known are taken from it."""
    key = keys.manifest(manifest) if keys else ""
    if store and (unit := _from_store(manifest, store.get(key), store)):
        return unit
    read = read_manifest_file(manifest, options)
    found: list[Diagnostic] = list(read.diagnostics)
    loads: list[UnitLoad] = []
    entries: list[dict[str, Any]] = []
    compiled = 0
    for load in read.loads:
        load_key = _load_key(load, read) if store else ""
        bundle, diagnostics = _stored_load(store, load_key)
        if bundle is None:
            item, diagnostics = compile_load(load, read.catalog, read.policy, options.listeners, read.constants)
            bundle, compiled = item.bundle, compiled + (item.bundle is not None)
            if store and bundle is not None:
                told = encode_diagnostics(diagnostics)
                store.put(load_key, {"folder": bundle.name, "files": dict(bundle.files), "told": told})
        found.extend(diagnostics)
        loads.append(UnitLoad(named=named_load(load, manifest), bundle=bundle))
        if bundle is not None:
            entries.append(_entry(load, bundle, load_key))
    if store:
        store.put(key, {"failed": has_errors(found), "told": encode_diagnostics(found), "loads": entries})
    return Unit(loads=tuple(loads), diagnostics=tuple(found), files=read.files, compiled=compiled)


def _entry(load: Load, bundle: Bundle, load_key: str) -> dict[str, Any]:
    digests = {path: sha256(text) for path, text in bundle.files.items()}
    return {
        "name": load.name,
        "folder": bundle.name,
        "depends_on": list(load.depends_on),
        "digests": digests,
        "key": load_key,
    }


def _from_store(manifest: Path, entry: dict[str, Any] | None, store: Store) -> Unit | None:
    """The whole unit from the cache, when it had no errors and no bundle was evicted."""
    if entry is None or entry["failed"]:
        return None
    loads: list[UnitLoad] = []
    for item in entry["loads"]:
        bundle, _ = _stored_load(store, item["key"])
        if bundle is None:
            return None
        named = Named(
            name=item["name"],
            manifest=manifest.as_posix(),
            depends_on=tuple(item["depends_on"]),
            name_span=None,
            depends_span=None,
        )
        loads.append(UnitLoad(named=named, bundle=bundle))
    try:
        told = decode_diagnostics(entry["told"])
    except ValueError:
        return None
    return Unit(loads=tuple(loads), diagnostics=told, files=files_of(told), compiled=0)


def _load_key(load: Load, file: ManifestFile) -> str:
    """By meaning: the load, the facts of its own tables, the policy, this installation; and its spans, for the source map."""
    catalog = file.catalog
    read, write = load.read.endpoint, load.write.endpoint
    facts = [
        to_plain(catalog.engine(read.connection)),
        to_plain(catalog.table(read.connection, read.table)),
        to_plain(catalog.engine(write.connection)),
        to_plain(catalog.table(write.connection, write.table)),
    ]
    spans = {path: shown_place(str(span)) for path, span in sorted(load.origin.spans.items())}
    plain = {"load": to_plain(load), "facts": facts, "policy": encode_policy(file.policy), "spans": spans}
    plain["costs"] = to_plain(file.constants)
    plain["told"] = dict(sorted(load.origin.told.items()))
    return sha256(installation_digest() + compact_json(plain))


def _stored_load(store: Store | None, key: str) -> tuple[Bundle | None, Diagnostics]:
    """The bundle of a load and the warnings it was compiled with; None when the store has no readable entry."""
    entry = store.get(key) if store else None
    if entry is None:
        return None, ()
    try:
        return Bundle(entry["folder"], entry["files"]), decode_diagnostics(entry["told"])
    except (KeyError, TypeError, ValueError):
        return None, ()
