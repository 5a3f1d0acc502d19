"""The only writer of bundles. A bundle appears whole: files are written beside it and renamed into place."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from dpone_compiler.artifacts.bundle import SOURCEMAP, Bundle

_EXECUTABLE = ".sh"


def write_bundle(bundle: Bundle, out: Path) -> bool:
    """Write the bundle below `out`; False when it was there already, byte for byte. Raises OSError with the old bundle intact."""
    target = out / bundle.name
    if difference(bundle, out, sourcemap=True) == ():
        return False
    out.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{bundle.name}.", dir=out))
    try:
        for path, text in sorted(bundle.files.items()):
            file = fresh / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
            if path.endswith(_EXECUTABLE):
                file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        fresh.chmod(0o755)
        _swap(fresh, target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return True


def _swap(fresh: Path, target: Path) -> None:
    """Put the new folder in the place of the old one; between the two renames there is no folder, never a half one."""
    if not target.exists():
        fresh.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    os.rename(target, old / "bundle")
    fresh.rename(target)
    shutil.rmtree(old)


def difference(bundle: Bundle, out: Path, *, sourcemap: bool = False) -> tuple[str, ...]:
    """Paths that differ between the bundle and the folder: changed, missing, and left over. Spans are outside unless asked."""
    folder = out / bundle.name
    ignored = () if sourcemap else (SOURCEMAP,)
    wanted = {path: text for path, text in bundle.files.items() if path not in ignored}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} if folder.is_dir() else set()
    changed = [
        path for path, text in wanted.items() if path not in there or (folder / path).read_bytes() != text.encode()
    ]
    return tuple(sorted({*changed, *(there - set(wanted) - set(ignored))}))
