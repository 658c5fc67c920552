"""What tests of several folders share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tests import spark as of_spark
from tests.postgresql import Server, needed, server

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# No test depends on how fast it runs.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _heeds_interrupts() -> None:
    """What a shell starts in the background ignores Ctrl-C; tests of it would then wait in vain."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test meets work that other code of the same version left in the user's cache."""
    os.environ["CONFIDE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def quick_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little effort for the exhibits of traces: habits from few rounds, unicity from few draws.

    It is for tests that do not look at these numbers; `audits/test_localisation.py` does, at full effort.
    """
    from confide.attacks.reconstruction.traces._mobility_profile import learned

    monkeypatch.setattr("confide.audits.traces.localisation.learned", partial(learned, burn_in=2, keep=8))
    monkeypatch.setattr("confide.audits.traces.exhibits.DRAWS", 500)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of PostgreSQL for all tests that need one."""
    needed()
    with server() as started:
        yield started


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A session of Spark for all tests that need one."""
    of_spark.needed()
    with of_spark.local_spark() as started:
        yield started
