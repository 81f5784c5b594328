"""Where things are and who asks: flag, then environment, then workspace, then user config, then default.

A workspace is a folder with `queries/` and `db/` (or a `reftrack.toml`), found upwards from the working directory.
The NCBI key is only ever read from the environment; it is never stored and never shown.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ..library.opening import Connection
    from ..library.reading import Reader
    from ..library.writing import Library
    from ..tagging import RuleSet

WORKSPACE_FILE = "reftrack.toml"
WORKSPACE_KEYS = ("db", "queries", "email", "eutils_url", "who", "reasons")
LISTS = ("reasons",)
"""Settings that are a list of texts."""
USER_KEYS = ("email", "eutils_url", "who")
"""The user config holds what is a person's own, whatever the workspace."""

EMAIL_VARIABLES = ("NCBI_EMAIL", "EMAIL", "PUBMED_EMAIL")
KEY_VARIABLES = ("NCBI_API_KEY", "ENTREZ_KEY", "PUBMED_API_KEY")
PLACEHOLDER_EMAIL = r"(?i)@example\.(com|org|net)$|^(your?|my|name|user|email|test)([._-]\w+)*@"


class Desk:
    """What every command is told: the flags before the command, and where the workspace is."""

    def __init__(
        self,
        *,
        db: str | None = None,
        queries: str | None = None,
        quiet: bool = False,
        verbose: bool = False,
        environment: Mapping[str, str] | None = None,
        start: str | None = None,
    ) -> None:
        if "" in (db, queries):
            raise UsageError("--db and --queries need a path, and one of them is empty.")
        self._db = db
        self._queries = queries
        self.quiet = quiet
        self.verbose = verbose
        self.environment = os.environ if environment is None else environment
        self._root = find_workspace(start or os.getcwd())
        self._files: dict[str, dict[str, Any]] = {}

    # places: as text for the quickest commands, which have no time to load pathlib

    @property
    def root(self) -> Path | None:
        """The workspace's folder, None outside of any."""
        return _path(self._root) if self._root is not None else None

    @property
    def db(self) -> Path:
        """The library's file. Raises UsageError where there is neither a workspace nor a flag."""
        return _path(self.db_file)

    @property
    def db_file(self) -> str:
        """The same as text."""
        return self._place(self._db, "REFTRACK_DB", "db", os.path.join("db", "reftrack.db"))

    @property
    def queries(self) -> Path:
        """The folder of saved queries. Raises UsageError."""
        return _path(self._place(self._queries, "REFTRACK_QUERIES", "queries", "queries"))

    @property
    def rules_folder(self) -> str | None:
        """Where a workspace keeps tag rules of its own, whether or not the folder is there."""
        return os.path.join(self._root, "rules") if self._root is not None else None

    @property
    def saved(self) -> frozenset[str]:
        """The names of the saved queries there are, unread; none where it is not known where they would be."""
        from .. import queries

        try:
            return queries.names(self.queries)
        except UsageError:
            return frozenset()

    @property
    def db_was_named(self) -> bool:
        """Whether someone said where the library is: then a missing file is a mistake, not a first day."""
        return bool(self._db or self.environment.get("REFTRACK_DB") or self._workspace_file().get("db"))

    def _place(self, flag: str | None, variable: str, key: str, default: str) -> str:
        if flag is not None:
            return str(_path(flag))
        if named := self.environment.get(variable):
            return str(expanded(named))
        if self._root is None:
            raise UsageError(
                "This is no workspace, nor is a folder above it; `reftrack init` makes one here, "
                f"or name the place with --{key}."
            )
        named = self._workspace_file().get(key)
        return os.path.join(self._root, default if named is None else str(expanded(named)))

    # who asks

    @property
    def email(self) -> str:
        """The address NCBI asks for, or "". Raises UsageError for one that is plainly a placeholder."""
        email = self._value("email", EMAIL_VARIABLES)
        if email and (re.search(PLACEHOLDER_EMAIL, email) or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email)):
            raise UsageError(f"The e-mail address {email!r} is a placeholder; set NCBI_EMAIL to your own.")
        return email

    @property
    def api_key(self) -> str:
        """The NCBI key, only from the environment, or ""."""
        return next((value.strip() for name in KEY_VARIABLES if (value := self.environment.get(name, "")).strip()), "")

    @property
    def eutils_url(self) -> str:
        """Another base URL for the E-utilities, or ""."""
        return self._value("eutils_url", ("REFTRACK_EUTILS_URL",))

    @property
    def limits(self) -> Path:
        """The folder in which all fetches of this person, whatever the workspace, share NCBI's limit of requests."""
        from platformdirs import user_state_path

        return user_state_path("reftrack")

    @property
    def who(self) -> str:
        """Who makes a decision by hand: the setting `who`, else the login name."""
        who = self._value("who", ("REFTRACK_WHO",))
        return who or next((v for n in ("LOGNAME", "USER", "USERNAME") if (v := self.environment.get(n, ""))), "")

    @property
    def reasons(self) -> tuple[str, ...]:
        """The workspace's reasons to exclude a paper, () where it names none. Raises UsageError."""
        return tuple(self._workspace_file().get("reasons", ()))

    def _value(self, key: str, variables: tuple[str, ...]) -> str:
        for name in variables:
            if value := self.environment.get(name, "").strip():
                return value
        for held in (self._workspace_file(), self._user_file()):
            if key in held:
                return str(held[key]).strip()
        return ""

    def _workspace_file(self) -> dict[str, Any]:
        file = os.path.join(self._root, WORKSPACE_FILE) if self._root is not None else ""
        return self._read(_path(file), WORKSPACE_KEYS) if os.path.isfile(file) else {}

    def _user_file(self) -> dict[str, Any]:
        from platformdirs import user_config_path  # slow to load, and only commands that go online come here

        return self._read(user_config_path("reftrack") / "config.toml", USER_KEYS)

    def _read(self, path: Path, known: tuple[str, ...]) -> dict[str, Any]:
        if str(path) not in self._files:
            self._files[str(path)] = read_settings(path, known)
        return self._files[str(path)]

    # what commands open

    def rules(self) -> RuleSet:
        """The shipped tag rules with the workspace's own rules/*.toml over them. Raises RuleError."""
        from .. import tagging

        return tagging.load(self.own_rules())

    def own_rules(self) -> list[tuple[str, str]]:
        """The workspace's rule files: name for messages, text. Raises UsageError for one that cannot be read."""
        return self._own("rules")

    def own_claims(self) -> list[tuple[str, str]]:
        """The workspace's files of claims, as `own_rules`."""
        return self._own("claims")

    def _own(self, name: str) -> list[tuple[str, str]]:
        folder = self.root / name if self.root else None
        # Not glob, which hides what it may not read.
        files = (
            sorted(path for path in folder.iterdir() if path.suffix == ".toml") if folder and folder.is_dir() else []
        )
        return [(f"{name}/{path.name}", _text(path)) for path in files]

    def connection(self) -> Connection | None:
        """The library's file, checked, for what needs no nouns; None on a first day. Raises LibraryError."""
        if self.first_day():
            return None
        from ..library.opening import open_to_read

        return self._tell_opened(open_to_read(self.db_file))

    def reader(self) -> Reader | None:
        """The library, to look at; None on a first day, when nothing has been fetched. Raises LibraryError."""
        connection = self.connection()
        if connection is None:
            return None
        from ..library.reading import Reader

        return Reader(connection)

    def library(self, *, create: bool = False) -> Library:
        """The library, to change it. Raises LibraryError."""
        from ..library.writing import Library

        if create:
            self._make_folder()
        library = Library.open(self.db, create=create)
        library.by = self.who
        self._tell_opened(library.connection)
        return library

    @contextmanager
    def fetching(self, *, wait: float) -> Iterator[None]:
        """No other process fetches into the library meanwhile. Raises LibraryError after `wait` seconds.

        A file that is no library of ours is refused before anything is put beside it.
        """
        from ..library.locking import fetching
        from .screen import note

        self._make_folder()
        if os.path.lexists(self.db):
            connection = self.connection()
            if connection is not None:
                connection.close()
        with fetching(self.db, wait=wait, on_wait=lambda words: note(words, quiet=self.quiet)):
            yield

    def _make_folder(self) -> None:
        if not self.db.parent.exists() and not self.db_was_named:
            self.db.parent.mkdir(parents=True, exist_ok=True)

    def _tell_opened(self, connection: Connection) -> Connection:
        if connection.built:
            from .screen import note, plural

            note(
                "The first import into this library has not come to its end; "
                f"{plural(connection.built, 'paper')} that it stored were made searchable now.",
                quiet=self.quiet,
            )
        if connection.upgraded:
            from .screen import note

            before, copy = connection.upgraded
            note(
                f"The library was made by an older reftrack (schema {before}) and was upgraded; "
                f"{copy} is what it was before.",
                quiet=self.quiet,
            )
        return connection

    def first_day(self) -> bool:
        """Whether the workspace has no library yet, and nobody said that there is one."""
        return not self.db_was_named and not os.path.lexists(self.db_file)  # a link that leads nowhere is no first day


def _path(name: str) -> Path:
    from pathlib import Path

    return Path(name)


def expanded(path: str) -> Path:
    """A path with ~ for somebody's home; a ~ that names nobody stays as it is."""
    try:
        return _path(path).expanduser()
    except RuntimeError:
        return _path(path)


def find_workspace(start: str) -> str | None:
    """The nearest folder from `start`, an absolute path, upwards that is a workspace."""
    folder, above = start, os.path.dirname(start)
    while not _is_workspace(folder):
        if above == folder:
            return None
        folder, above = above, os.path.dirname(above)
    return folder


def _is_workspace(folder: str) -> bool:
    try:
        if stat.S_ISREG(os.stat(os.path.join(folder, WORKSPACE_FILE)).st_mode):
            return True
    except PermissionError:
        raise  # it may be the one that is meant: another above it must not be taken
    except OSError:
        pass
    return all(os.path.isdir(os.path.join(folder, name)) for name in ("queries", "db"))


def read_settings(path: Path, known: tuple[str, ...]) -> dict[str, Any]:
    """A settings file, {} if there is none. Raises UsageError for anything that is not understood."""
    if not path.is_file():
        return {}
    import tomllib

    try:
        held = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from None
    for key, value in held.items():
        if key not in known:
            from difflib import get_close_matches

            close = get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}."
            secret = " The NCBI key belongs in the environment only." if "key" in key.lower() else ""
            raise UsageError(f"{path} has an unknown setting {key!r}{hint}{secret}")
        if key in LISTS:
            if (
                not isinstance(value, list)
                or not value
                or not all(isinstance(one, str) and one.strip() for one in value)
            ):
                raise UsageError(f'{path}: {key} must be a list of texts, as ["wrong population", "duplicate"].')
        elif not isinstance(value, str) or "\x00" in value:
            raise UsageError(f"{path}: {key} must be text in quotes.")
    return held


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.") from None
