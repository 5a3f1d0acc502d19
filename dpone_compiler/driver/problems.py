"""What the driver can find wrong: files, names across files, missing plug-ins. Codes DP300 to DP319."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


class UnreadableFile(Problem):
    """A file that was named cannot be read, or is not UTF-8."""

    code: ClassVar[str] = "DP301"
    template: ClassVar[str] = "{file} cannot be read: {fault}"
    advice: ClassVar[str] = "check the path and its permissions; manifests are UTF-8"
    file: str
    fault: str


class UnknownForm(Problem):
    """No front end reads files of this ending. Manifests are `.yaml`/`.yml`, `.dpone` or `.py`."""

    code: ClassVar[str] = "DP302"
    template: ClassVar[str] = "{file} is in no known form"
    advice: ClassVar[str] = "known endings: {known}"
    file: str
    known: str


class NameTaken(Problem):
    """Two loads have one name. Their bundles and their state rows would be one, and each would undo the other's watermark."""

    code: ClassVar[str] = "DP303"
    template: ClassVar[str] = "load {name!r} is defined in {first} too"
    advice: ClassVar[str] = "rename one of them"
    name: str
    first: str


class OverridesNeedYaml(Problem):
    """`--set` addresses paths of a YAML manifest; the other forms are programs or texts of their own."""

    code: ClassVar[str] = "DP304"
    template: ClassVar[str] = "--set {paths} cannot change {file}"
    advice: ClassVar[str] = "--set works for YAML manifests; edit the file instead"
    paths: str
    file: str


class EngineNotSupported(Problem):
    """There is no backend for an engine of this load in this installation.

    Backends are plug-ins: the manifest is understood, but nothing here can write SQL for that engine. The help line names
    those that are installed.
    """

    code: ClassVar[str] = "DP305"
    template: ClassVar[str] = "there is no backend for {engine} as a {side}"
    advice: ClassVar[str] = "installed backends: {known}"
    engine: str
    side: str
    known: str


class AdviceOnly(Problem):
    """The decision is the one that the rules make, but this version cannot compile a plan for these engines.

    Advice needs what an engine can do; a plan needs its SQL. `dponec compile` refuses the load (DP305).
    """

    code: ClassVar[str] = "DP309"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "this is advice only: {why}"
    advice: ClassVar[str] = "`dponec compile` refuses this load; docs/reference/support.md lists what compiles"
    why: str


class NothingToCompile(Problem):
    """The paths hold no manifest."""

    code: ClassVar[str] = "DP306"
    template: ClassVar[str] = "no manifest found in {paths}"
    advice: ClassVar[str] = "name a .yaml, .dpone or .py manifest, or a folder that holds some"
    paths: str


class UnknownDependency(Problem):
    """`depends_on` names a load that is not among those compiled together. `dponec run FOLDER` cannot order it."""

    code: ClassVar[str] = "DP307"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "{load} depends on {name!r}, which was not compiled with it"
    advice: ClassVar[str] = "compile the folder that holds both, or correct the name"
    load: str
    name: str


class StepRefused(Problem):
    """The backend cannot do a step of the chosen strategy for this very table, and says why.

    A strategy fits an engine in general; a table may still stand in its way: a ClickHouse partition key that is coarser than
    the manifest's slice, a database that cannot exchange tables, columns that a rewrite would reset.
    """

    code: ClassVar[str] = "DP308"
    template: ClassVar[str] = "{backend} cannot {purpose} (step {step}): {why}"
    advice: ClassVar[str] = "change what it names, or choose another mode; `dponec advise` says which fit"
    backend: str
    purpose: str
    step: str
    why: str


class DponeLeavesOut(Problem):
    """The manifest for dpone cannot say something that this load says, and dpone would do it in its own way.

    dpone passes over keys that it does not know, so nothing of ours is written that it would not read. Rows and columns are the
    same ones; bounds, guards or the moment may differ.
    """

    code: ClassVar[str] = "DP310"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "the manifest for dpone leaves out {path}: {why}"
    advice: ClassVar[str] = "run this load with dponec where it matters"
    path: str
    why: str


class DponeCannotSay(Problem):
    """dpone has no word for a part of this load without which it would load other rows or columns, so no manifest is written.

    A manifest that looks right and loads something else would be worse than none.
    """

    code: ClassVar[str] = "DP311"
    template: ClassVar[str] = "dpone cannot be told {path}: {why}"
    advice: ClassVar[str] = "do without it, or run this load with dponec alone"
    path: str
    why: str


class BundleDiffers(Problem):
    """`compile --check`: a bundle of the output folder is not what its manifest gives, or is not there.

    Somebody changed the manifest, the catalog or the policy without compiling, or changed the bundle by hand. What was
    reviewed is then not what the manifest says.
    """

    code: ClassVar[str] = "DP312"
    template: ClassVar[str] = "{folder} is not what its manifest gives ({paths})"
    advice: ClassVar[str] = "compile without --check, read the difference and commit it"
    folder: str
    paths: str


class BundleTextDiffers(Problem):
    """`compile --check`: another version of the compiler writes the same effects in other text.

    Nothing that the plan does has changed, so it is a warning; with `--strict` it is the error DP312. A bundle that was changed
    by hand since it was compiled is never taken for that.
    """

    code: ClassVar[str] = "DP313"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "{folder} has the same effects in other text ({paths})"
    advice: ClassVar[str] = "compile without --check and commit it when it suits you"
    folder: str
    paths: str


class BundleOrphaned(Problem):
    """`compile --check`: a bundle of the output folder comes from the given folder, and no load there gives it any more.

    Its load was removed or renamed. `dponec run` of the folder would still run it.
    """

    code: ClassVar[str] = "DP314"
    template: ClassVar[str] = "{folder} is the bundle of a load that is gone from {manifest}"
    advice: ClassVar[str] = "remove the folder, or bring the load back"
    folder: str
    manifest: str


class BundleLeft(Problem):
    """A bundle of the output folder comes from the given folder, and no load there gives it any more. It was left in place.

    Its load was removed or renamed. `dponec run` of the folder would still run it; `compile --check` refuses it (DP314).
    """

    code: ClassVar[str] = "DP315"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "{folder} is the bundle of a load that is gone from {manifest}; it was left in place"
    advice: ClassVar[str] = "remove the folder, or bring the load back"
    folder: str
    manifest: str


class EmittedDiffers(Problem):
    """`compile --emit dpone --check`: a manifest for dpone is not what the load gives, or is not there."""

    code: ClassVar[str] = "DP316"
    template: ClassVar[str] = "{file} is not what its load gives"
    advice: ClassVar[str] = "compile without --check, read the difference and commit it"
    file: str
