"""The handle of a running engine: its addresses, and stop, kill, restart."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from dpone_compiler.embedded.host import free_port
from dpone_compiler.embedded.process import PortTaken, Recipe, ServerProcess

_ATTEMPTS = 5


class Engine:
    """A running engine. Use it in ``with``, or call :meth:`stop`; the end of the interpreter stops it too."""

    def __init__(self, *, name: str, url: str, port: int, data_dir: Path, process: ServerProcess) -> None:
        self.name = name
        self.url = url
        self.port = port
        self.data_dir = data_dir
        self._process = process
        self._owner = os.getpid()
        atexit.register(self._at_exit)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def url_for(self, database: str) -> str:
        """The address of another database of this server."""
        return f"{self.url.rpartition('/')[0]}/{database}"

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._process.alive

    @property
    def log_path(self) -> Path:
        """The file that the server writes its log to."""
        return self._process.recipe.log

    def stop(self) -> None:
        """Stop the server and remove the folders that were made for it."""
        atexit.unregister(self._at_exit)
        self._process.stop()
        for folder in self._process.recipe.scratch:
            shutil.rmtree(folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server at once and keep its data, as a crash would."""
        self._process.kill()

    def restart(self) -> None:
        """Start the server again on the same data and the same port, after :meth:`kill` or in one go."""
        if self.alive:
            self._process.stop()
        self._process = ServerProcess(self._process.recipe)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that the server wrote."""
        return self._process.log_tail(lines)

    def _at_exit(self) -> None:
        if os.getpid() == self._owner:
            self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start_on_free_port(recipe_for: Callable[[int], Recipe]) -> tuple[int, ServerProcess]:
    """Start what `recipe_for` describes; choose another port when somebody was faster."""
    for _ in range(_ATTEMPTS - 1):
        port = free_port()
        try:
            return port, ServerProcess(recipe_for(port))
        except PortTaken:
            continue
    port = free_port()
    return port, ServerProcess(recipe_for(port))
