"""Addresses of databases: what they say, and that no password is read from one or shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from confide.core.errors import DataError
from confide.core.postgresql import Address, address_of, is_address


def test_the_address_goes_before_the_service_and_that_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_text("[census]\nhost=db.example\nport=6000\nuser=ada\npassword=never%shown\n")
    environment = {"PGSERVICEFILE": str(file), "PGHOST": "elsewhere", "PGDATABASE": "people", "PGPORT": "1"}
    found = address_of("postgresql://:7000?service=census", environment=environment)
    assert (found.host, found.port, found.user, found.database) == ("db.example", 7000, "ada", "people")
    assert "never" not in repr(found)
    assert address_of("postgres://h/d%20b", environment={}).database == "d b"
    assert is_address("postgresql:///x") and not is_address("people.parquet") and not is_address(Path("x"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://ada:hunter2@db/people", "holds a password"),
        ("postgresql://db/people?password=hunter2", "holds a password"),
        ("postgresql://db/people?hunter2", "cannot be read"),
        ("postgresql://ada:hunter2@db:x/people", "cannot be read"),
        ("postgresql://db/people?port=x", "the port is 'x'"),
        ("postgresql://db/people?sslmode=maybe", "disable, prefer, require, verify-full"),
        ("postgresql://db/people?service=none", "no service 'none'"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_a_password(address: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        address_of(address, environment={"PGSERVICEFILE": "/nowhere"})
    assert "hunter2" not in str(error.value)


def test_a_file_of_passwords_is_read_as_libpq_reads_it(tmp_path: Path) -> None:
    from confide.core import postgresql

    file = tmp_path / "pgpass"
    file.write_text("# *:*:*:*:no\nother:*:*:*:no\ndb:5432:people:ada:a\\:b\\\\c\n*:*:*:*:last\n")
    ada = Address(host="db", port=5432, user="ada", database="people")
    file.chmod(0o644)
    with pytest.raises(DataError, match="can be read by others"):
        postgresql._password(ada, {"PGPASSFILE": str(file)})
    file.chmod(0o600)
    assert postgresql._password(ada, {"PGPASSFILE": str(file)}) == "a:b\\c"
    assert postgresql._password(ada, {"PGPASSFILE": str(file), "PGPASSWORD": "first"}) == "first"
    eve = Address(host="/run", port=1, user="eve", database="x")
    assert postgresql._password(eve, {"PGPASSFILE": str(file)}) == "last"
    assert postgresql._password(ada, {"PGPASSFILE": str(tmp_path / "none")}) is None
