"""From a connection's name to its URL: the environment first, `connections.yaml` second, no secret in any message."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

FILE_NAME = "connections.yaml"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")


class ConnectionProblem(Exception):
    """A connection that cannot be resolved or opened; holds names and codes, never a secret."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(code, message, help)
        self.code = code
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" ({self.help})" if self.help else "")


@dataclass(frozen=True, slots=True)
class ConnectionUrl:
    """A URL whose secret-bearing text stays out of repr, str and comparison messages."""

    connection_id: str
    scheme: str
    raw: str = field(repr=False)

    def __str__(self) -> str:
        return self.redacted()

    def redacted(self) -> str:
        """Scheme, host, port and path only: user names and every query value may be secret."""
        return f"{self.scheme}://{self.place}{_split(self).path}"

    @property
    def place(self) -> str:
        """Host and port as they are written, without the login; libpq takes several of them, with commas between."""
        return _split(self).netloc.rpartition("@")[2]

    @property
    def host(self) -> str | None:
        return _split(self).hostname

    @property
    def port(self) -> int | None:
        try:
            return _split(self).port
        except ValueError:
            raise ConnectionProblem("DP603", f"the port of connection '{self.connection_id}' is not a number") from None

    @property
    def user(self) -> str:
        return unquote(_split(self).username or "")

    @property
    def password(self) -> str:
        return unquote(_split(self).password or "")

    @property
    def path(self) -> str:
        return unquote(_split(self).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(_split(self).query, keep_blank_values=True))


def variable_name(connection_id: str) -> str:
    """The environment variable that holds this connection's URL."""
    return "DPONE_CONN_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in connection_id.upper())


def check_clashes(connection_ids: Iterable[str]) -> None:
    """Refuse two names of one bundle that would read the same variable."""
    owners: dict[str, str] = {}
    for connection_id in connection_ids:
        other = owners.setdefault(variable_name(connection_id), connection_id)
        if other != connection_id:
            name = variable_name(connection_id)
            raise ConnectionProblem(
                "DP602", f"connections '{other}' and '{connection_id}' both read {name}", "rename one of them"
            )


def resolve_connection(connection_id: str, *, environ: Mapping[str, str], file: Path | None = None) -> ConnectionUrl:
    """The URL of a connection. `file` is a connections.yaml or the folder that may hold one."""
    name = variable_name(connection_id)
    raw = environ.get(name)
    if raw is None:
        raw = _from_file(connection_id, environ, file)
    if raw is None:
        raise ConnectionProblem(
            "DP601", f"connection '{connection_id}' has no URL", f"set {name} or add it to {FILE_NAME}"
        )
    return parse_url(connection_id, raw.strip())


def parse_url(connection_id: str, raw: str) -> ConnectionUrl:
    """Check the shape of a URL without ever quoting it."""
    match = _SCHEME.match(raw)
    if match is None or not raw.startswith(match.group(0) + "//"):
        raise ConnectionProblem("DP603", f"connection '{connection_id}' is not a URL", "write scheme://host/database")
    url = ConnectionUrl(connection_id, match.group(1), raw)
    _split(url)
    return url


def _split(url: ConnectionUrl) -> SplitResult:
    try:
        return urlsplit(url.raw)
    except ValueError:  # urlsplit quotes the netloc, password and all, so its message goes no further
        raise ConnectionProblem("DP603", f"connection '{url.connection_id}' is not a well-formed URL") from None


def _from_file(connection_id: str, environ: Mapping[str, str], file: Path | None) -> str | None:
    path = file / FILE_NAME if file is not None and file.is_dir() else file
    if path is None or not path.is_file():
        return None
    entry = _read(path).get(connection_id)
    if isinstance(entry, dict):
        entry = entry.get("url")
    if entry is None:
        return None
    if not isinstance(entry, str):
        raise ConnectionProblem("DP604", f"connection '{connection_id}' in {path.name} is neither a URL nor url: …")
    return _REFERENCE.sub(lambda found: _reference(found.group(1), connection_id, environ), entry)


def _reference(name: str, connection_id: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name)
    if value is None:
        raise ConnectionProblem(
            "DP605", f"connection '{connection_id}' needs the variable {name}, which is not set", f"export {name}"
        )
    return value


def _read(path: Path) -> dict[str, object]:
    import yaml  # 15 ms that only a run with such a file pays

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        # A YAML error quotes the offending line, which may hold a password: only its place is repeated.
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConnectionProblem("DP604", f"{path.name} cannot be read{place}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConnectionProblem("DP604", f"{path.name} is not a mapping of connection names to URLs")
    return {str(key): value for key, value in document.items()}
