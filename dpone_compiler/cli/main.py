"""`dponec`: a group whose commands are imported when they are called, so that `--help` costs no more than click."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from collections.abc import Callable
from importlib import import_module

import click

from dpone_compiler import __version__
from dpone_compiler.cli.exits import BUG, FINDINGS, INTERRUPTED

COMMANDS = {
    "init": ("dpone_compiler.cli.init:init", "Begin a project: a manifest, connections without secrets, a schema."),
    "compile": ("dpone_compiler.cli.compile:compile_", "Write one bundle for each load."),
    "check": ("dpone_compiler.cli.check:check", "Diagnostics and policy gates only; nothing is written."),
    "advise": ("dpone_compiler.cli.advise:advise", "The strategy decision, its reasons, and what was rejected."),
    "strategy": ("dpone_compiler.cli.strategy:strategy", "Strategy commands under the names that users of dpone know."),
    "plan": ("dpone_compiler.cli.plan:plan", "The plan of a manifest or a bundle, for people."),
    "diff": ("dpone_compiler.cli.diff:diff", "What differs between two plans, bundle by bundle."),
    "explain": ("dpone_compiler.cli.explain:explain", "The page of a diagnostic, or of a step of a bundle."),
    "preflight": ("dpone_compiler.cli.preflight:preflight", "Whether tools and servers are ready for a load."),
    "introspect": ("dpone_compiler.cli.introspect:introspect", "Write the catalog snapshot of a manifest's tables."),
    "run": ("dpone_compiler.cli.run:run", "Execute a bundle, or a folder of bundles in dependency order."),
    "resume": ("dpone_compiler.cli.replay:resume", "Finish an unfinished run; a plan unless --yes."),
    "resync": ("dpone_compiler.cli.replay:resync", "Load named partitions again; a plan unless --yes."),
    "verify": ("dpone_compiler.cli.verify:verify", "Hold bundles to what their strategy means, on embedded engines."),
    "state": ("dpone_compiler.cli.state:state", "Show, set, rewind or adopt a load's state."),
    "runs": ("dpone_compiler.cli.runs:runs", "List, show or abort runs."),
    "types": ("dpone_compiler.cli.types:types", "What arrives of each type of a source in each type of a sink."),
    "calibrate": (
        "dpone_compiler.cli.calibrate:calibrate",
        "Fit the constants of the cost model to the receipts of past runs.",
    ),
    "certify": ("dpone_compiler.cli.certify:certify", "The support matrix, with the tests behind each cell."),
    "schema": ("dpone_compiler.cli.schema:schema", "JSON Schema of manifests, for editors."),
    "doctor": ("dpone_compiler.cli.doctor:doctor", "What this machine has and lacks."),
    "demo": ("dpone_compiler.cli.demo:demo", "Compile and run the examples on embedded engines."),
}


class LazyGroup(click.Group):
    """Commands by name from COMMANDS; help texts come from the table."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Where no run rolls anything back, Ctrl-C ends it as a shell expects; click would say 1."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.stderr.write("dponec: interrupted\n")
            sys.exit(INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that was asked for."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry[0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="dponec")
def cli() -> None:
    """dponec compiles a manifest (this table goes into that table) to a plan that can be reviewed, run and resumed."""


# Commands that start no process, thread or engine that would have to be stopped in order.
_LEAVE_NOTHING = frozenset(
    {"init", "compile", "check", "advise", "plan", "diff", "explain", "schema", "types", "-h", "--help", "--version"}
)


def _program() -> None:
    """The command line. What leaves nothing behind ends at once: freeing a parser object by object is a fifth of its time."""
    try:
        cli(prog_name="dponec", standalone_mode=True)
    except SystemExit as end:
        code = end.code or 0
        if isinstance(code, int) and sys.argv[1:2] and sys.argv[1] in _LEAVE_NOTHING:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        raise


def main(run: Callable[[], object] = _program) -> None:
    """The entry point. Our own bugs end with exit code 3 and a reproducer, never with a bare traceback."""
    # A command line lives for a moment and makes few cycles: collecting while modules are imported costs a tenth of the start.
    gc.disable()
    # A file's name and an old journal may hold what UTF-8 does not: it is shown by its escape, which JSON reads as well.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        run()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:  # the last line of defence: see cli/crash.py
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            # Commands say which file they could not write; this is the output itself.
            sys.stderr.write("dponec: the output cannot be written: no space left\n")
            os._exit(FINDINGS)
        report = import_module("dpone_compiler.cli.crash").report
        report(error, sys.argv[1:])
        sys.exit(BUG)


if __name__ == "__main__":
    main()
