"""Runs bundles for the commands run, resume and resync: connections, listener, faults and signals put together."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from dpone_compiler.cli.progress import listener
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.session import EngineError
from dpone_compiler.runtime.failure import stopped_by
from dpone_compiler.runtime.faults import faults_from
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RefusedError, RunOutcome, refused
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.sessions import Opener, Sessions, engine_opener, resolve
from dpone_compiler.runtime.setup import apply_setup
from dpone_compiler.runtime.signals import interruptible
from dpone_compiler.runtime.window import given_window


def opener_for(bundle: LoadedBundle, connections: Path | None) -> Opener:
    """Opens the bundle's connections. Raises RefusedError."""
    try:
        return engine_opener(bundle.doc, os.environ, connections)
    except ConnectionProblem as error:
        raise RefusedError(error.code, f"{error.message} ({error.help})") from None


def run_here(
    bundle: LoadedBundle, options: RunOptions, connections: Path | None, output: str, *, with_setup: bool = False
) -> RunOutcome:
    """Run one bundle in this process."""
    try:
        faults = faults_from(os.environ)
        given_window(bundle.doc, options.window)  # before setup/ is run, too
        opener = opener_for(bundle, connections)
        if with_setup:
            _apply_setup(bundle, opener, options.shown)
        url = _target(bundle, opener, connections)
    except RefusedError as error:
        return refused(error, load=bundle.doc.name)
    with contextlib.ExitStack() as stack:
        stack.enter_context(interruptible())
        watcher = listener(output)
        if isinstance(watcher, contextlib.AbstractContextManager):
            stack.enter_context(watcher)
        return run_bundle(bundle, options, opener=opener, url=url, listener=watcher, faults=faults)
    raise AssertionError("unreachable: ExitStack swallows nothing")


def _target(bundle: LoadedBundle, opener: Opener, connections: Path | None) -> ConnectionUrl | None:
    connection = Sessions(bundle.doc, opener).connection_id("target")
    try:
        return resolve(connection, os.environ, connections)
    except ConnectionProblem as error:
        raise RefusedError(error.code, f"{error.message} ({error.help})") from None


def _apply_setup(bundle: LoadedBundle, opener: Opener, shown: str) -> None:
    try:
        for path in apply_setup(bundle, opener):
            sys.stderr.write(f"{bundle.doc.name}: applied {path}\n")
    except EngineError as error:
        raise stopped_by(error, step="setup", kind="setup", changed=False, doc=bundle.doc, bundle=shown) from None
    except ConnectionProblem as error:
        raise RefusedError(error.code, f"{error.message} ({error.help})") from None
