"""What tests of releases share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from tests.postgresql import Server, programs, server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    if find_spec("pg8000") is None:
        pytest.skip("no driver of PostgreSQL: pip install 'confide[postgresql]'")
    if programs() is None:
        pytest.skip("no server of PostgreSQL: initdb and postgres are not on this machine")
    with server() as started:
        yield started
