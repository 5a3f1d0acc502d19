"""`make docs`: writes docs/reference and docs/strategies.md from the program itself; a test fails when a page is stale.

Pages: problems.md (every code), commands.md (every command and option), rules.md (how `auto` chooses), support.md (what each pair of
engines can do), types.md (what arrives of each type), and strategies.md (what each strategy means, from the reference model).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from dpone_compiler import registry
from dpone_compiler.cli.main import COMMANDS
from dpone_compiler.driver.type_matrix import new_target, type_matrix
from dpone_compiler.ir.load import STRATEGIES
from dpone_compiler.policy.builtin import load_builtin_policy
from dpone_compiler.policy.wording import condition_text
from dpone_compiler.problems.catalogue import pages
from dpone_compiler.spi.backend import Capabilities, adds_no_columns, makes_no_tables
from dpone_compiler.verify.meaning.pages import strategy_pages

DOCS = Path(__file__).resolve().parents[1] / "docs"
_SUPPORT = "<!-- support: from docs/reference/support.md -->\n"
_WRITTEN = "<!-- Written by `make docs`; do not edit. -->"


_STRATEGIES = """\
What each strategy means, from the reference model in `dpone_compiler/verify/meaning`. The examples are run by the tests; the statements
of every plan are run on real engines and compared with the model by `tests/differential` and by `dponec verify`.

A strategy is a function of the target before, the source at the moment of the run, the remembered state and what was asked for. It
gives the target and the state after, or it refuses by name, and then neither has changed. A first run that finds rows in the
target which the load did not write is refused. `where` selects a row only when it is true: unknown is not true.

A window is `[low, high)` of the cursor. It begins where the last one ended (earlier by `lookback`), and ends at the horizon, below which
nothing can still commit (earlier by `lag`). NULL in the cursor is refused, or read by every run (`nulls: always_read`)."""


_LEDGER = """\
What a new target gets, and what arrives there; `dponec types SOURCE SINK` prints it for every other type, too. A value arrives
exactly, exactly in another form, or not at all: then the cell names such values.

Where a column of a load can hold some, the plan has a step `check-values` that counts them in the snapshot of the extraction,
before anything is sent, and stops with DP524. `source.columns[].lossy` says otherwise for one column: `null` sends NULL in
their place, `clamp` the nearest value that survives, `text` asks for a target column of text.
`sink.strategy.policies.lossy: clamp` is the same for all columns that say nothing and are not in the key."""


def written_pages() -> dict[str, str]:
    """Path below docs/ -> text."""
    made = {
        "reference/commands.md": _commands(),
        "reference/problems.md": _problems(),
        "reference/rules.md": _rules(),
        "reference/support.md": _support(),
        "reference/types.md": _types(),
        "strategies.md": _strategy_pages(),
    }
    return {name: "\n".join(lines).rstrip() + "\n" for name, lines in made.items()}


def _strategy_pages() -> Iterator[str]:
    yield from ("# Strategies", "", _WRITTEN, "", _STRATEGIES, "", *strategy_pages())


def _problems() -> Iterator[str]:
    yield from ("# Problems", "", _WRITTEN, "", "`dponec explain CODE` prints the same pages.", "")
    for page in pages().values():
        yield from (
            f"## {page.code}: {page.title}",
            "",
            f"{page.severity}, found by {page.found_by}",
            "",
            page.text,
            "",
        )


def _rules() -> Iterator[str]:
    """The decision table of `auto`, from the policy that ships."""
    yield from ("# The rules of `auto`", "", _WRITTEN, "")
    yield "The built-in policy (`dpone_compiler/policy/v1.dpone`) as a decision table: the first rule whose condition is true chooses. A"
    yield "fact that nobody stated is unknown, and a comparison with it is not true. Your own rules come first: [policy](policy.md)."
    yield from ("", "| | rule | when | chooses | because |", "| ---: | --- | --- | --- | --- |")
    policy = load_builtin_policy()
    for number, rule in enumerate(policy.rules, start=1):
        yield f"| {number} | `{rule.name}` | `{condition_text(rule.when)}` | {rule.choose} | {rule.because} |"
    yield from (
        "",
        "What was asked for and is not followed is said:",
        "",
        "| code | when | because |",
        "| --- | --- | --- |",
    )
    for rule in policy.rules:
        yield from (f"| `{each.code}` | `{condition_text(each.when)}` | {each.because} |" for each in rule.ignored)


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", _WRITTEN, "")
    yield "Exit codes: 0 done, 1 findings or refused, 2 usage, 3 a bug of ours, 4 transient and nothing changed, 5 stopped"
    yield from (
        "midway (resume), 130 and 143 on signals. Results go to stdout, diagnostics and progress to stderr.",
        "",
    )
    for name, (place, text) in COMMANDS.items():
        module, _, attribute = place.partition(":")
        if find_spec(module) is None:
            yield from (f"## dponec {name}", "", text, "")
            continue
        command: click.Command = getattr(import_module(module), attribute)
        yield from _command(f"dponec {name}", command, text)


def _command(name: str, command: click.Command, text: str) -> Iterator[str]:
    arguments = [
        param.make_metavar(click.Context(command)) for param in command.params if isinstance(param, click.Argument)
    ]
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    group = isinstance(command, click.Group)
    words = " ".join((name, *arguments, *(["[OPTIONS]"] if options else []), *(["COMMAND"] if group else [])))
    yield from (f"## {name}", "", text or _first_line(command), "", f"`{words}`", "")
    if options:
        yield from ("| option | what |", "| --- | --- |", *(_option(option) for option in options), "")
    if isinstance(command, click.Group):
        for each in sorted(command.commands):
            yield from _command(f"{name} {each}", command.commands[each], "")


def _first_line(command: click.Command) -> str:
    return (command.help or "").strip().partition("\n\n")[0].replace("\n", " ")


def _option(option: click.Option) -> str:
    value = ""
    if isinstance(option.type, click.Choice):
        value = " " + "\\|".join(str(each) for each in option.type.choices)
    elif not option.is_flag:
        value = f" {option.metavar or option.type.name.upper()}".replace("|", "\\|")
    default = (
        f" (default `{option.default}`)" if option.show_default and isinstance(option.default, str | int | Path) else ""
    )
    return f"| `{', '.join(option.opts)}{value}` | {(option.help or '').replace('|', chr(92) + '|')}{default} |"


def _support() -> Iterator[str]:
    yield from ("# What is supported", "", _WRITTEN, "")
    yield from (
        "As the backends of this installation say it, for their newest server. No entry means: refused by code.",
        "",
    )
    yield from _routes()
    yield from _targets()
    yield from _strategies()


def _types() -> Iterator[str]:
    yield from ("# Types", "", _WRITTEN, "", _LEDGER, "")
    sinks = [name for name in registry.backend_names() if registry.backend(name).natives]
    for source in sinks:
        for sink in sinks:
            yield from (f"## {source} to {sink}", "", *new_target(type_matrix(source, sink)), "")


def _routes() -> Iterator[str]:
    yield from (
        "## Routes",
        "",
        "| from | to | bulk paths | data and state commit together |",
        "| --- | --- | --- | --- |",
    )
    sinks = [name for name in registry.backend_names() if not registry.backend(name).declared]
    readable = [name for name in sinks if not registry.backend(name).capabilities(None).not_read]
    for source in readable:
        for sink in sinks:
            paths = [f"`{path.name}`" for path in registry.native_paths() if (path.source, path.sink) == (source, sink)]
            together = (
                "yes" if registry.backend(sink).capabilities(None).transactional else "no, every step is idempotent"
            )
            yield f"| {source} | {sink} | {', '.join(paths) or 'none'} | {together} |"
    yield ""


def _targets() -> Iterator[str]:
    """What a plan may change in a table besides its rows."""
    yield from (
        "## Targets that a plan makes or changes",
        "",
        "| to | a missing table (`create_target: if_missing`) | missing columns (`schema_evolution: additive`) |",
        "| --- | --- | --- |",
    )
    for name in registry.backend_names():
        backend = registry.backend(name)
        if not backend.declared:
            made = backend.new_target is not makes_no_tables, backend.add_columns is not adds_no_columns
            yield f"| {name} | {' | '.join('yes' if each else 'no' for each in made)} |"
    yield ""


def _strategies() -> Iterator[str]:
    yield from (
        "## Strategies by target",
        "",
        "| to | strategy | merge policies, best first | |",
        "| --- | --- | --- | --- |",
    )
    compiled = registry.strategies()
    for sink in registry.backend_names():
        capabilities = registry.backend(sink).capabilities(None)
        for strategy in dict.fromkeys((*STRATEGIES, *sorted(capabilities.strategies))):
            why = capabilities.strategies.get(strategy, "not known to this backend")
            declared = registry.backend(sink).declared
            if not why and declared:
                yield f"| {sink} | {strategy} | {_policies(capabilities, strategy)} | advice only: {declared} |"
                continue
            if not why and strategy not in (
                *compiled,
                "backfill",
            ):  # a backfill has no steps but those of its inner mode
                why = "this compiler has no such strategy yet"
            policies = (
                ""
                if why
                else "those of its inner mode"
                if strategy == "backfill"
                else _policies(capabilities, strategy)
            )
            yield f"| {sink} | {strategy} | {policies} | {f'no: {why}' if why else 'yes'} |"


def _policies(capabilities: Capabilities, strategy: str) -> str:
    return ", ".join(f"`{policy}`" for policy in capabilities.merge_policies.get(strategy, ()))


def readme_with_support(readme: str) -> str:
    """The README with its support tables as they are now."""
    page = written_pages()["reference/support.md"]
    tables = page[page.index("## Routes") :].strip().replace("## ", "### ")
    before, opening, rest = readme.partition(_SUPPORT)
    return before + opening + tables + rest[rest.index("\n<!-- /support -->") :]


def main() -> None:
    """Write the pages that differ."""
    readme = DOCS.parent / "README.md"
    pages_now = {DOCS / name: text for name, text in written_pages().items()}
    pages_now[readme] = readme_with_support(readme.read_text(encoding="utf-8"))
    for path, text in pages_now.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
