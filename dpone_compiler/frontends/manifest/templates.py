"""Jinja templates of batch manifests: `{{ src_schema }}__{{ src_table }}`. The only place that knows Jinja here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_LENGTH = 100_000


def _snake(value: object) -> str:
    """dpone's filter: small letters and digits, everything else an underscore."""
    return re.sub(r"[^0-9a-z]+", "_", str(value).lower()).strip("_")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without the two operators that make a huge value of a short text."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"{operator} is not available in a template")
        return super().call_binop(context, operator, left, right)


_ENVIRONMENT = _Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_ENVIRONMENT.filters["dpone_snake"] = _snake
# Without globals a template is a function of its variables: no range, lipsum or cycler.
_ENVIRONMENT.globals.clear()


# The defaults of a batch hold the same few templates for every table, and compiling one costs a hundred renderings.
@lru_cache(maxsize=1024)
def _compiled(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)


def render(text: str, variables: Mapping[str, object]) -> tuple[str, str]:
    """The rendered text and '', or '' and what is wrong."""
    try:
        rendered = _compiled(text).render(variables)
    except TemplateError as error:
        return "", str(error.message or error)
    except Exception as error:  # an expression of the user's may raise whatever Python raises: 1/0, "a" + 1
        return "", f"{type(error).__name__}: {error}"
    if len(rendered) > MAX_LENGTH:
        return "", "the result is too long"
    return rendered, ""
