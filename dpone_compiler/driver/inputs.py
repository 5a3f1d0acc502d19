"""Finding and reading the input files of a compile: manifests, catalog snapshots, policies, past runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.driver.problems import NothingToCompile, UnknownForm, UnreadableFile
from dpone_compiler.source.text import SourceFile

SUFFIXES = (".dpone", ".py", ".yaml", ".yml")
CATALOG_FOLDER = "catalog"
_NOT_MANIFESTS = {"connections.yaml", "connections.yml"}


def find_manifests(paths: Iterable[Path]) -> tuple[tuple[Path, ...], Diagnostics]:
    """Files as named; folders give the manifests directly in them, sorted. A folder called `catalog` or `policy` is passed over."""
    found: dict[Path, None] = {}
    problems: list[Diagnostic] = []
    named = list(paths)
    for path in named:
        if path.is_dir():
            found.update(dict.fromkeys(_in_folder(path)))
        elif path.suffix in SUFFIXES:
            found[path] = None
        else:
            problems.append(Diagnostic(UnknownForm(path.as_posix(), ", ".join(SUFFIXES)), None))
    if not found and not problems:
        problems.append(Diagnostic(NothingToCompile(", ".join(path.as_posix() for path in named)), None))
    return tuple(found), tuple(problems)


def _in_folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if (
            path.is_file()
            and path.suffix in SUFFIXES
            and path.name not in _NOT_MANIFESTS
            and not path.name.startswith((".", "_"))
        ):
            yield path


def shown_place(place: str) -> str:
    """A manifest's place as a bundle may show it: from the current folder on, and of a file elsewhere its name alone. An absolute
    path would name the machine."""
    path = Path(place)
    if not path.is_absolute():
        return place
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name


def read_file(path: Path) -> SourceFile | Diagnostic:
    """The file under the name it was given by, or why not. The mark that Windows editors put before UTF-8 is no part of it."""
    try:
        return SourceFile(path.as_posix(), path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Diagnostic(UnreadableFile(path.as_posix(), f"it is not UTF-8 (byte {error.start})"), None)
    except OSError as error:
        return Diagnostic(UnreadableFile(path.as_posix(), error.strerror or "unknown error"), None)


def catalog_folder(manifest: Path) -> Path | None:
    """The nearest folder `catalog` beside the manifest or above it, not above a repository's root."""
    here = manifest.resolve().parent
    for folder in (here, *here.parents):
        candidate = folder / CATALOG_FOLDER
        if candidate.is_dir():
            return candidate
        if (folder / ".git").exists():
            return None
    return None


def catalog_files(folder: Path | None) -> tuple[Path, ...]:
    """The snapshot files of a catalog folder, sorted."""
    if folder is None:
        return ()
    return tuple(path for path in sorted(folder.iterdir()) if path.suffix in (".yaml", ".yml") and path.is_file())


def run_files(runs: Path | None) -> tuple[Path, ...]:
    """Journals and receipts in a folder of runs, sorted: what `read_past` may read of it."""
    if runs is None:
        return ()
    return tuple(sorted(path for path in runs.glob("*/*") if path.suffix in (".json", ".jsonl") and path.is_file()))
