"""Real processes on loopback: one SuperLink and three SuperNodes, with TLS and node keys, offline.

They run in the second environment (`make flower`), one after the other in one federation: starting a process
takes longer than what it does. That a secure sum is the plain one is held by `test_commands`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

pytest.importorskip("flwr", reason="runs in the environment of `make flower`")

from tests.serve.flower.federation import SEED, Federation

from confide.core.arrays import Array
from confide.releases.collaboration.run import carried_out
from confide.releases.collaboration.settings import CollaborateSettings
from confide.serve.flower import keys
from confide.serve.flower.checking import check_party

SECURE = "limit = 200.0"


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """The processes of all tests of this file."""
    found = Federation(tmp_path_factory.mktemp("federation"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


def test_a_check_names_key_and_certificate_before_anything_runs(federation: Federation) -> None:
    config = federation.config("a")
    assert check_party(config) == []
    strangers = federation.folder / "strangers"
    keys.make_keys(strangers, ["a"], hosts=["localhost"])
    # Another authority: what the server shows is not signed by it.
    mixed = federation.folder / "mixed"
    mixed.mkdir()
    for path in (federation.keys / "parties" / "a").iterdir():
        (mixed / path.name).write_bytes(path.read_bytes())
    (mixed / keys.AUTHORITY).write_bytes((strangers / "parties" / "a" / keys.AUTHORITY).read_bytes())
    (wrong,) = check_party({**config, "keys": str(mixed)})
    assert wrong.what == "certificate" and "not signed by the authority" in wrong.text
    # A key that the plan pins and nobody has registered with the server.
    plan = federation.folder / "unregistered.toml"
    theirs, mine = strangers / "parties" / "a", federation.keys / "parties" / "a"
    text = (federation.keys / keys.PINS).read_text()
    for file in (keys.NODE, keys.IDENTITY):
        text = text.replace(keys.public_line(mine / file), keys.public_line(theirs / file))
    (federation.folder / "unregistered-keys.toml").write_text(text)
    plan.write_text(federation.plan.read_text().replace("keys/keys.toml", "unregistered-keys.toml"))
    (theirs / keys.AUTHORITY).write_bytes((mine / keys.AUTHORITY).read_bytes())
    (wrong,) = check_party({**config, "plan": str(plan), "keys": str(theirs)})
    assert wrong.what == "key" and "does not know the node key" in wrong.text and wrong.passes
    # The key was asked about while its node was online, which has not changed it.
    assert check_party(config) == []


def test_a_node_that_is_killed_is_named_and_the_others_finish(federation: Federation) -> None:
    federation.write_plan(rounds=1, cohort=2, seconds=25)
    (federation.slow / "c.wait").write_text("0")
    (federation.slow / "c.began").unlink(missing_ok=True)
    folder = federation.submit("two")
    federation.wait_for((federation.slow / "c.began").exists, 60, "the round has not begun")
    federation.kill("c")
    model = federation.model(folder)
    assert federation.ended(folder).left_out == {"no answer within the deadline": {"c": 1}}
    held = federation.folder / "c.parquet"
    pl.read_parquet(held).head(0).write_parquet(held)
    np.testing.assert_array_equal(model, _simulated(federation))


def test_below_the_cohort_the_run_fails_with_the_name_and_leaves_no_model(federation: Federation) -> None:
    federation.write_plan(rounds=1, cohort=3, seconds=100, secure=SECURE)
    folder = federation.submit("three")
    found = federation.ended(folder, 90)
    # On a slow machine the server knows already that c is gone, and asks nobody.
    assert ("missing are c" in found.stopped or "not online: c" in found.stopped) and not found.model
    federation.wait_for(lambda: federation.status("three") == "finished:failed", 30, "it has not failed")


def _simulated(federation: Federation) -> Array:
    """The model of a simulation of the same plan."""
    out = federation.folder / "simulated.npz"
    settings = CollaborateSettings(federation.plan, simulate=True, out=out, force=True, rehearse=SEED)
    with np.load(carried_out(settings).file) as held:
        return held["parameters"]
