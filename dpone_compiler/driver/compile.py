"""Compiling, top to bottom: read, resolve, decide, plan, prove, lower, emit. Nothing here touches a network or a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache
from pathlib import Path

from dpone_compiler import __version__, registry
from dpone_compiler.artifacts.bundle import Bundle, folder_name
from dpone_compiler.cost.codec import decode_costs
from dpone_compiler.cost.compare import cost_model
from dpone_compiler.cost.constants import BUILT_IN, Constants
from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.driver.across import Named, check_names
from dpone_compiler.driver.digests import input_digests
from dpone_compiler.driver.emit import emit_bundle
from dpone_compiler.driver.evolution import with_added_columns
from dpone_compiler.driver.hints import Told, with_gaps_filled, with_hints
from dpone_compiler.driver.inputs import catalog_files, catalog_folder, find_manifests, read_file
from dpone_compiler.driver.new_target import with_new_target
from dpone_compiler.driver.past import Past
from dpone_compiler.driver.problems import (
    EngineNotSupported,
    OverridesNeedYaml,
    StepRefused,
    UnreadableFile,
)
from dpone_compiler.driver.replay import lower_resync
from dpone_compiler.expr.types import DataType
from dpone_compiler.frontends.catalog.read import read_catalog
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import Catalog
from dpone_compiler.optimizer.manager import Listener, run_passes
from dpone_compiler.optimizer.order import ORDER
from dpone_compiler.planning.lower import NotLowered, lower_plan
from dpone_compiler.planning.plan_load import plan_load
from dpone_compiler.policy.builtin import load_builtin_policy
from dpone_compiler.policy.facts import FactSource
from dpone_compiler.policy.model import Policy
from dpone_compiler.source.text import SourceFile
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Context, Facts
from dpone_compiler.spi.compiler_pass import PassContext
from dpone_compiler.spi.frontend import Reading
from dpone_compiler.spi.strategy import Setting
from dpone_compiler.sql.parse import parse_sql

COMPILER = f"dponec {__version__}"


@value(kw_only=True)
class Options:
    """What a compile may be told besides the manifest. `catalog` None: the nearest `catalog` folder of each manifest.

    `told`: hints that win over the manifest's. `past`: what runs have shown, for hints that nobody gives.
    """

    catalog: Path | None = None
    policies: tuple[Path, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    costs: Path | None = None
    told: Told = field(default_factory=dict)
    past: Past = Past()
    listeners: tuple[Listener, ...] = ()


@value(kw_only=True)
class Compiled:
    """One load after the compile: its context and bundle (None: it has errors)."""

    load: Load
    context: Context | None
    bundle: Bundle | None


@value(kw_only=True)
class Passed:
    """A load after the passes: as it was read, as they decided it, what they said, and what they knew."""

    load: Load
    final: Load
    said: Diagnostics
    context: PassContext
    constants: Constants


@value(kw_only=True)
class CompileResult:
    """Everything a compile gives. `files`: the sources by name, for rendering diagnostics."""

    loads: tuple[Compiled, ...]
    diagnostics: Diagnostics
    files: Mapping[str, SourceFile]

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """The bundles of all loads without errors."""
        return tuple(item.bundle for item in self.loads if item.bundle is not None)

    @property
    def failed(self) -> bool:
        """True when any load has an error."""
        return has_errors(self.diagnostics)


def compile_manifest(path: str | Path, options: Options | None = None) -> CompileResult:
    """Compile one manifest file. Problems are in the result, never raised."""
    return compile_paths([path], options)


def compile_paths(paths: Sequence[str | Path], options: Options | None = None) -> CompileResult:
    """Compile manifests and folders of manifests together, so that names and dependencies are checked across files."""
    chosen = options or Options()
    manifests, problems = find_manifests(Path(path) for path in paths)
    read = [(manifest, read_manifest_file(manifest, chosen)) for manifest in manifests]
    named = [(file, load, named_load(load, manifest)) for manifest, file in read for load in file.loads]
    kept, across = check_names([item for _, _, item in named])
    compiled = [
        compile_load(load, file.catalog, file.policy, chosen.listeners, file.constants)
        for (file, load, _), keeps in zip(named, kept, strict=True)
        if keeps
    ]
    found = [*problems, *(d for _, file in read for d in file.diagnostics), *(d for _, told in compiled for d in told)]
    return CompileResult(
        loads=tuple(item for item, _ in compiled),
        diagnostics=(*found, *across),
        files={name: file for _, each in read for name, file in each.files.items()},
    )


def named_load(load: Load, manifest: Path) -> Named:
    """The load as other files see it."""
    return Named(
        name=load.name,
        manifest=manifest.as_posix(),
        depends_on=load.depends_on,
        name_span=load.origin.at("name"),
        depends_span=load.origin.at("depends_on"),
    )


@value(kw_only=True)
class ManifestFile:
    """One manifest, read: its loads, the policy with its own rules first, the catalog beside it, and what was wrong.

    `constants`: of the cost model.
    """

    loads: tuple[Load, ...]
    policy: Policy
    catalog: Catalog
    diagnostics: Diagnostics
    files: Mapping[str, SourceFile]
    constants: Constants


def read_manifest_file(manifest: Path, options: Options) -> ManifestFile:
    """Read a manifest with its policies and snapshots."""
    found: list[Diagnostic] = []
    files: dict[str, SourceFile] = {}
    policy = _policy(options, files, found)
    reading = _read(manifest, options, files, found)
    catalog = _catalog(manifest, reading.loads, options, files, found)
    constants = _constants(options, found)
    return ManifestFile(
        loads=tuple(_hinted(load, options) for load in reading.loads),
        policy=policy.preceded_by(reading.rules, reading.gates),
        catalog=catalog,
        diagnostics=tuple(found),
        files=files,
        constants=constants,
    )


def _hinted(load: Load, options: Options) -> Load:
    """Who is asked first: the flags, the manifest, past runs. The catalog's estimates are facts of their own, after all of them."""
    flagged = with_hints(load, options.told, FactSource.FLAG)
    return with_gaps_filled(flagged, options.past.hints(load.name, flagged.hints.rows), FactSource.RECEIPT)


def compile_load(
    load: Load,
    catalog: Catalog,
    policy: Policy,
    listeners: Sequence[Listener] = (),
    constants: Constants = BUILT_IN,
) -> tuple[Compiled, Diagnostics]:
    """One load through all stages. The pure heart of the compile."""
    nothing = Compiled(load=load, context=None, bundle=None)
    context = pass_context(load, catalog, policy, constants)
    if isinstance(context, Diagnostic):
        return nothing, (context,)
    no_backend = not_compiled(load, context)
    if no_backend is not None:
        return nothing, (no_backend,)
    final, said = run_passes(load, context, ORDER, listeners)
    passed = Passed(load=load, final=final, said=said, context=context, constants=constants)
    compiled, refused = compile_passed(passed, catalog)
    return compiled, (*said, *refused)


def compile_passed(passed: Passed, catalog: Catalog) -> tuple[Compiled, Diagnostics]:
    """The stages after the passes. What comes back besides is what a plan or a step refuses."""
    load, final, context = passed.load, passed.final, passed.context
    facts, source, sink = context.facts, context.source, context.sink
    nothing = Compiled(load=final, context=None, bundle=None)
    if has_errors(passed.said):
        return nothing, ()
    strategy = context.strategies[decided(final.decisions.strategy)]
    plan = plan_load(final, strategy, Setting(facts=facts, source=source, sink=sink))
    lock = _lock(final, catalog)
    lowering = Context(load=final, facts=facts, plan=plan, source=source, sink=sink, lock=lock)
    try:
        lowered = lower_plan(lowering, plan)
    except NotLowered as error:
        refused = StepRefused(error.backend, error.step.purpose, error.step.id, error.why)
        span = load.origin.at(error.step.source_path or "sink.strategy")
        return nothing, (Diagnostic(refused, span, load.name),)
    resync = lower_resync(lowering, strategy)
    costing = context.costs(final, facts, sink)
    inputs = input_digests(replace(load, read=final.read), facts, context.policy, passed.constants)
    bundle = emit_bundle(lowering, lowered, resync, inputs, COMPILER, costing=costing)
    return Compiled(load=final, context=lowering, bundle=bundle), ()


def pass_context(
    load: Load, catalog: Catalog, policy: Policy, constants: Constants = BUILT_IN
) -> PassContext | Diagnostic:
    """What the passes of this load may read, or why nothing can be decided."""
    read, write = load.read.endpoint, load.write.endpoint
    known = registry.backend_names()
    for side, endpoint in (("source", read), ("sink", write)):
        if endpoint.engine not in known:
            problem = EngineNotSupported(endpoint.engine, side, ", ".join(known))
            return Diagnostic(problem, load.origin.at(side), load.name)
    facts = Facts(
        source_engine=catalog.engine(read.connection),
        source_table=catalog.table(read.connection, read.table),
        target_engine=catalog.engine(write.connection),
        target_table=catalog.table(write.connection, write.table),
    )
    source, sink = registry.backend(read.engine), registry.backend(write.engine)
    return PassContext(
        facts=with_added_columns(load, with_new_target(load, facts, source, sink), source, sink),
        source=source,
        sink=sink,
        policy=policy,
        strategies=registry.strategies(),
        native_paths=registry.native_paths(),
        parse_sql=parse_sql,
        costs=cost_model(constants),
    )


def not_compiled(load: Load, context: PassContext) -> Diagnostic | None:
    """Why no plan can be written for these two engines, although advice can be given; None when one can."""
    for side, backend, why in (
        ("source", context.source, context.source.declared or context.source.capabilities(None).not_read),
        ("sink", context.sink, context.sink.declared),
    ):
        if why:
            known = [name for name in registry.backend_names() if _compiles(registry.backend(name), side)]
            return Diagnostic(EngineNotSupported(backend.name, side, ", ".join(known)), load.origin.at(side), load.name)
    return None


def _lock(load: Load, catalog: Catalog) -> Backend | None:
    """What keeps the lease: the engine that the connection's snapshot names, or Postgres where there is none."""
    if not load.write.lock_connection:
        return None
    engine = catalog.engine(load.write.lock_connection)
    return registry.backend(engine.engine if engine is not None else "postgres")


def _compiles(backend: Backend, side: str) -> bool:
    return not backend.declared and not (side == "source" and backend.capabilities(None).not_read)


def _constants(options: Options, found: list[Diagnostic]) -> Constants:
    """The built-in constants, and those of `--costs` in place of them for the sinks that it names."""
    if options.costs is None:
        return BUILT_IN
    file = read_file(options.costs)
    if isinstance(file, Diagnostic):
        found.append(file)
        return BUILT_IN
    try:
        return BUILT_IN.under(decode_costs(file.text))
    except ValueError as error:
        found.append(Diagnostic(UnreadableFile(file.name, str(error)), None))
        return BUILT_IN


def _policy(options: Options, files: dict[str, SourceFile], found: list[Diagnostic]) -> Policy:
    policy = load_builtin_policy()
    for path in reversed(options.policies):
        file = read_file(path)
        if isinstance(file, Diagnostic):
            found.append(file)
            continue
        files[file.name] = file
        reading = _rules(file, path.suffix.lstrip("."))
        found.extend(reading.diagnostics)
        policy = policy.preceded_by(reading.rules, reading.gates)
    return policy


@lru_cache(maxsize=32)
def _rules(file: SourceFile, form: str) -> Reading:
    """Parsed once for all manifests of a process."""
    return registry.frontend(form)(file, {})


def _read(path: Path, options: Options, files: dict[str, SourceFile], found: list[Diagnostic]) -> Reading:
    file = read_file(path)
    if isinstance(file, Diagnostic):
        found.append(file)
        return Reading()
    files[file.name] = file
    form = path.suffix.lstrip(".")
    if options.overrides and form not in ("yaml", "yml"):
        found.append(Diagnostic(OverridesNeedYaml(", ".join(sorted(options.overrides)), file.name), None))
    reading = registry.frontend(form)(file, options.overrides)
    found.extend(reading.diagnostics)
    return reading


def _catalog(
    manifest: Path, loads: Sequence[Load], options: Options, files: dict[str, SourceFile], found: list[Diagnostic]
) -> Catalog:
    """The snapshots of these loads' connections; `introspect` names a file after its connection."""
    there = catalog_files(options.catalog or catalog_folder(manifest))
    stems = {folder_name(end.connection) for load in loads for end in (load.read.endpoint, load.write.endpoint)}
    # Of what keeps a lease the engine alone is asked, and one without a snapshot is taken for Postgres.
    locks = {folder_name(load.write.lock_connection) for load in loads if load.write.lock_connection}
    named = [path for path in there if path.stem in stems | locks]
    # A snapshot under another name still counts: then every file is looked into.
    wanted = named if stems <= {path.stem for path in named} else there
    sources: list[SourceFile] = []
    for path in wanted:
        file = read_file(path)
        if isinstance(file, Diagnostic):
            found.append(file)
        else:
            sources.append(file)
    catalog, diagnostics = _snapshots(tuple(sources))
    files.update((file.name, file) for file in sources)
    found.extend(diagnostics)
    return catalog


@lru_cache(maxsize=8)
def _snapshots(sources: tuple[SourceFile, ...]) -> tuple[Catalog, Diagnostics]:
    """Parsed once for all manifests of a process that stand beside the same files."""
    return read_catalog(sources, _type_parser)


def _type_parser(engine: str) -> Callable[[str], DataType]:
    return registry.backend(engine).parse_type
