"""Addresses of PostgreSQL, and how to come in: as libpq does, and never with a password on a command line."""

from __future__ import annotations

import getpass
import os
import ssl
import stat
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as NoConfig
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from confide.core.errors import DataError
from confide.core.foreign import in_one_line

SCHEMES = ("postgresql://", "postgres://")
OPTIONS = ("service", "sslmode", "host", "port", "user", "dbname")
MODES = ("disable", "prefer", "require", "verify-full")
HOW = "leave it out, and put it into PGPASSWORD, ~/.pgpass or a service file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a database is, and as whom to come in; no password is part of it.

    Args:
        host: a name, or the folder of a socket.
        port: a number.
        user: of the database.
        database: its name.
        sslmode: one of `MODES`.
        service: the name under which a file holds all this, and perhaps a password.
    """

    host: str
    port: int
    user: str
    database: str
    sslmode: str = "prefer"
    service: str = ""

    @property
    def words(self) -> str:
        """The address without the user."""
        return f"postgresql://{self.host}:{self.port}/{self.database}"


def is_address(given: object) -> bool:
    """Whether this is the address of a database."""
    return isinstance(given, str) and given.lower().startswith(SCHEMES)


def address_of(given: str, *, environment: Mapping[str, str] = os.environ) -> Address:
    """The address that a user writes, and what PGHOST, PGPORT, PGUSER, PGDATABASE and PGSERVICE say besides.

    Args:
        given: postgresql://[USER@][HOST][:PORT][/DATABASE][?service=...&sslmode=...].
        environment: of the process.

    Raises:
        DataError: for an address that cannot be, or one with a password in it.

    >>> address_of("postgresql://ada@db.example:6432/census", environment={}).words
    'postgresql://db.example:6432/census'
    """
    try:
        parts = urlsplit(given)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        port = parts.port
    except ValueError:
        # What cannot be taken apart may hold a password: it is not repeated.
        raise DataError(
            "the address of the database cannot be read: write postgresql://HOST/DATABASE."
        ) from None
    if parts.password is not None or "password" in options:
        raise DataError(f"the address holds a password, which others can see on a command line: {HOW}.")
    for name in options:
        if name not in OPTIONS:
            raise DataError(f"the address says {name!r:.40}: it takes {', '.join(OPTIONS)}.")
    said = {
        "host": unquote(parts.hostname or ""),
        "port": "" if port is None else str(port),
        "user": unquote(parts.username or ""),
        "dbname": unquote(parts.path.removeprefix("/")),
    }
    said = {**options, **{name: value for name, value in said.items() if value}}
    held = {name: environment.get(variable, "") for name, variable in _VARIABLES.items()}
    service = said.get("service") or held["service"]
    there = {**(_service(service, environment) if service else {}), **said}
    found = {**{name: value for name, value in held.items() if value}, **there}
    user = found.get("user") or getpass.getuser()
    mode = found.get("sslmode", "prefer")
    if mode not in MODES:
        raise DataError(f"sslmode is {mode!r:.40}: give one of {', '.join(MODES)}.")
    text = found.get("port", "5432")
    if not text.isascii() or not text.isdigit():
        raise DataError(f"the port is {text!r:.40}: give a number, such as 5432.")
    return Address(
        host=found.get("host") or _socket(),
        port=int(text),
        user=user,
        database=found.get("dbname") or user,
        sslmode=mode,
        service=service,
    )


def connect(address: Address, *, environment: Mapping[str, str] = os.environ) -> Any:
    """Open a connection.

    Raises:
        DataError: if the driver is not installed, or the server cannot be reached or does not let the user
            in.
    """
    if find_spec("pg8000") is None:
        raise DataError("PostgreSQL needs a driver: install it (`pip install 'confide[postgresql]'`).")
    driver: Any = import_module("pg8000.dbapi")  # it declares no types

    socket = f"{address.host}/.s.PGSQL.{address.port}" if address.host.startswith("/") else None
    modes: dict[str, object] = {"disable": False, "prefer": None, "require": True}
    secure = ssl.create_default_context() if address.sslmode == "verify-full" else modes[address.sslmode]
    try:
        return driver.connect(
            user=address.user,
            database=address.database,
            host=address.host,
            unix_sock=socket,
            port=address.port,
            password=_password(address, environment),
            ssl_context=False if socket else secure,
            application_name="confide",
        )
    except (driver.Error, OSError) as error:
        said: Any = error.args[0] if error.args else ""
        words = cast("dict[str, str]", said).get("M", "") if isinstance(said, dict) else in_one_line(error)
        # What the server itself says has fields; without a password the driver does not even ask it.
        if not isinstance(said, dict) and "authentication" not in words:
            why = in_one_line(error.__cause__ or error)
            raise DataError(
                f"{address.words} cannot be reached ({why:.200}): check the host, the port and sslmode, and "
                "whether the server runs."
            ) from error
        raise DataError(
            f"{address.words} does not let {address.user!r} in ({in_one_line(words)}): check the address; a "
            "password is taken from PGPASSWORD, ~/.pgpass or a service file."
        ) from error


_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
}


def _socket() -> str:
    """The folder of the server's socket, where there is one; else this machine."""
    folders = ("/var/run/postgresql", "/tmp")
    return next((f for f in folders if Path(f, ".s.PGSQL.5432").exists()), "localhost")


def _service(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    files = [
        environment.get("PGSERVICEFILE") or str(Path.home() / ".pg_service.conf"),
        str(Path(environment.get("PGSYSCONFDIR", "/etc/postgresql-common"), "pg_service.conf")),
    ]
    for file in files:
        read = ConfigParser(interpolation=None)
        try:
            read.read(file, encoding="utf-8")
        except (NoConfig, UnicodeDecodeError):
            raise DataError(f"{file} cannot be read as a file of services: correct it.") from None
        if read.has_section(name):
            return dict(read.items(name))
    raise DataError(f"there is no service {name!r:.60} in {files[0]}: name one, or give the address.")


def _password(address: Address, environment: Mapping[str, str]) -> str | None:
    """The password, by the variable, the service or the file of passwords; None where there is none."""
    if environment.get("PGPASSWORD"):
        return environment["PGPASSWORD"]
    if address.service and (held := _service(address.service, environment).get("password")):
        return held
    path = Path(environment.get("PGPASSFILE") or Path.home() / ".pgpass")
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DataError(f"{path} can be read by others: `chmod 600 {path}`.")
    host = "localhost" if address.host.startswith("/") else address.host
    asked = (host, str(address.port), address.database, address.user)
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = _fields(line)
        if len(fields) == 5 and all(f in ("*", a) for f, a in zip(fields, asked, strict=False)):
            return fields[4]
    return None


def _fields(line: str) -> list[str]:
    """The parts of a line of a file of passwords: between colons, a backslash before what is no end.

    >>> _fields(r"db:5432:*:ada:a\\:b")
    ['db', '5432', '*', 'ada', 'a:b']
    """
    fields, escaped = [""], False
    for sign in line:
        if escaped or sign not in "\\:":
            fields[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            fields.append("")
    return fields if not line.startswith("#") else []
