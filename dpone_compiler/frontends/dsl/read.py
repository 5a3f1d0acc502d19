"""The front end of Python manifests: runs the script here, collects its loads, turns what goes wrong into problems.

A Python manifest is code and is trusted like any other code that one runs; it is not sandboxed.
"""

from __future__ import annotations

import ast
import contextlib
import sys
from types import TracebackType

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.frontends.dsl.problems import (
    LoadNotFinished,
    ScriptError,
    ScriptFailed,
    ScriptNotPython,
    ScriptWithoutLoads,
)
from dpone_compiler.frontends.dsl.script import RUNNING, Script, calls_of
from dpone_compiler.frontends.load_checks import check_load, check_names
from dpone_compiler.ir.load import Load
from dpone_compiler.source.text import SourceFile, Span


def read_dsl(file: SourceFile) -> tuple[tuple[Load, ...], Diagnostics]:
    """The loads that the script finished, in order, and what is wrong with it."""
    try:
        tree = ast.parse(file.text, file.name)
        code = compile(tree, file.name, "exec", dont_inherit=True)
    except (
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
    ) as error:  # null bytes; nested beyond Python's own stack
        return (), (Diagnostic(ScriptNotPython(getattr(error, "msg", None) or str(error)), _syntax_span(error, file)),)
    script = Script(file, calls_of(tree), [line.encode() for line in file.text.split("\n")])
    found: list[Diagnostic] = []
    token = RUNNING.set(script)
    try:
        # What a script prints must not mix with a command's result.
        with contextlib.redirect_stdout(sys.stderr):
            exec(code, {"__name__": "__dponec_manifest__", "__file__": file.name})
    except ScriptError as error:
        found.append(Diagnostic(error.problem, _raised_at(error.__traceback__, script, error.argument)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a script may raise what it likes, sys.exit() too
        problem = ScriptFailed(type(error).__name__, str(error) or "no message")
        found.append(Diagnostic(problem, _raised_at(error.__traceback__, script)))
    finally:
        RUNNING.reset(token)
    found += _unfinished(script, stopped=bool(found))
    found += [diagnostic for load in script.loads for diagnostic in check_load(load)]
    found += check_names(script.loads)
    bad = {diagnostic.load for diagnostic in found if has_errors((diagnostic,))}
    return tuple(load for load in script.loads if load.name not in bad), tuple(found)


def _unfinished(script: Script, *, stopped: bool) -> list[Diagnostic]:
    if stopped:
        return []  # what came after the error was not run, so nothing can be said about it
    if not script.loads and not script.begun:
        return [Diagnostic(ScriptWithoutLoads(), Span(script.file.name, 1, 1, 1, 1))]
    return [Diagnostic(LoadNotFinished(name), span, name) for name, span in script.begun.values()]


def _raised_at(traceback: TracebackType | None, script: Script, argument: str = "") -> Span | None:
    """Where in the script the error came up: the innermost frame that is the script's own."""
    found = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == script.file.name:
            found = traceback
        traceback = traceback.tb_next
    return None if found is None else script.span_at(found.tb_frame.f_code, found.tb_lasti, found.tb_lineno, argument)


def _syntax_span(error: Exception, file: SourceFile) -> Span:
    line = (error.lineno if isinstance(error, SyntaxError) else None) or 1
    column = (error.offset if isinstance(error, SyntaxError) else None) or 1
    return Span(file.name, line, max(column, 1), line, max(column, 1) + 1)
