"""What can be wrong with a catalog snapshot: codes DP060 to DP069."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


class UnreadableCatalog(Problem):
    """A catalog snapshot is not what `dponec introspect` writes.

    A snapshot that is half understood would let the plan rest on facts that are not there. Write it again with
    `dponec introspect MANIFEST` and commit the result; it is not meant to be edited by hand.
    """

    code: ClassVar[str] = "DP060"
    template: ClassVar[str] = "{file} is not a readable catalog snapshot: {fault}"
    advice: ClassVar[str] = "write it again with `dponec introspect`"
    file: str
    fault: str
