"""Keys, plans and checkpoints: what is written, who can read it, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.serve.flower.in_process import InProcess
from tests.serve.flower.plans import WIDTH, write_plan

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.federate.states import arrays_of, with_arrays
from confide.releases.collaboration.parties import read_party
from confide.releases.collaboration.plan import read_plan
from confide.serve.flower import keys
from confide.serve.flower.checking import check_party
from confide.serve.flower.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from confide.serve.flower.deployment import read_deployment
from confide.serve.flower.ended import Ended, is_running, read_end, running, write_end
from confide.serve.flower.tethered import PAUSE


def test_keys_are_readable_by_their_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    keys.make_keys(tmp_path / "k", ["a", "b"], hosts=["fl.example.org"])
    private = list((tmp_path / "k").rglob("*.key"))
    assert len(private) == 6  # server: TLS and identity; each party: node and identity
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    with pytest.raises(DataError, match="never written over"):
        keys.make_keys(tmp_path / "k", ["a"], hosts=["x"])
    with pytest.raises(DataError, match="cannot name a folder"):
        keys.make_keys(tmp_path / "other", ["../a"], hosts=["x"])
    assert not (tmp_path / "other").exists()


def test_openssl_and_openssh_agree_on_certificate_and_fingerprints(tmp_path: Path) -> None:
    keys.make_keys(tmp_path / "k", ["a"], hosts=["fl.example.org", "10.1.2.3"])
    server, shown = tmp_path / "k" / "server", keys.fingerprints(tmp_path / "k")
    how = ("-CAfile", str(server / "ca.crt"), "-verify_hostname", "fl.example.org", "-x509_strict")
    verified = _run("openssl", "verify", *how, str(server / "server.crt"))
    assert verified.strip().endswith("OK")
    printed = _run("openssl", "x509", "-in", str(server / "ca.crt"), "-noout", "-fingerprint", "-sha256")
    assert printed.strip().endswith(shown["certificate authority"])
    party = tmp_path / "k" / "parties" / "a"
    for file, what in (("node.key", "a, node"), ("identity.key", "a, identity")):
        assert shown[what] in _run("ssh-keygen", "-l", "-f", str(party / file))


def test_a_plan_is_read_as_written(tmp_path: Path) -> None:
    keys.make_keys(tmp_path / "keys", ["c", "a", "b"], hosts=["localhost"])
    deployment = read_deployment(write_plan(tmp_path, secure="limit = 3.0", rounds=5, cohort=2))
    assert deployment.names == ("a", "b", "c")  # as the plan has them
    assert (deployment.rounds, deployment.cohort, deployment.deadline) == (5, 2, 12)  # a fifth of a minute
    assert deployment.secure is not None and deployment.secure.limit == 3
    assert deployment.made_learner().shapes == ((3, 2 * WIDTH),)  # two knots a column
    assert read_deployment(write_plan(tmp_path)).cohort == 3  # all, where the plan says nothing


def test_the_hash_that_all_compare_is_that_of_terms_and_not_of_places(tmp_path: Path) -> None:
    def digest(**terms: Any) -> str:
        path = write_plan(tmp_path, **terms)
        return _digest(path)

    keys.make_keys(tmp_path / "keys", ["a", "b", "c"], hosts=["localhost"])
    same = digest()
    assert digest(rounds=3) != same and digest(secure="limit = 3.0") != same
    assert digest(protocol='name = "fedavg"\nshare = 0.5') != same
    plan = write_plan(tmp_path)
    plan.write_text("# how we agreed\r\n" + plan.read_text().replace("\n", "\r\n"))
    assert _digest(plan) == same  # comments and ends of lines are no terms
    assert read_deployment(plan, seed=1).digest(read_deployment(plan).made_protocol()) != same
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("schema.toml", "plan.toml"):
        (elsewhere / name).write_bytes((tmp_path / name).read_bytes())
    (elsewhere / "keys").mkdir()
    (elsewhere / "keys" / keys.PINS).write_bytes((tmp_path / "keys" / keys.PINS).read_bytes())
    assert _digest(elsewhere / "plan.toml") == same
    schema = elsewhere / "schema.toml"
    schema.write_text(schema.read_text().replace("high = 2", "high = 3"))
    assert _digest(elsewhere / "plan.toml") != same
    keys.make_keys(tmp_path / "others", ["a", "b", "c"], hosts=["localhost"])
    (tmp_path / "keys" / keys.PINS).write_bytes((tmp_path / "others" / keys.PINS).read_bytes())
    assert digest() != same


def _digest(path: Path) -> str:
    deployment = read_deployment(path)
    return deployment.digest(deployment.made_protocol())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('version = "', 'version = "9.'), r"is for confide 9\..*install the plan's version"),
        (("rounds = 2", "rounds = 2\ncohort = 4"), "cohort is 4 of 3"),
        (("localhost:1", "here"), "write it as HOST:PORT"),
        (("localhost:1", "here:70000"), "write it as HOST:PORT"),
        (("keys/keys.toml", "nothing.toml"), "no file of public keys .*keys.toml"),
        (('c = "c.parquet"\n', ""), "'c' has keys there, and is no party"),
        (('c = "c.parquet"', 'c = "c.parquet"\nd = "d.parquet"'), "'d' has no keys there"),
        (("[deployed]", "[secure]\n[deployed]"), "nothing bounds an upload"),
        (('version = "', 'verison = "'), "verison"),
        (("[deployed]\n", "[deployed]\nkeys2 = 1\n"), "keys2"),
    ],
)
def test_plans_that_cannot_be_are_refused(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    keys.make_keys(tmp_path / "keys", ["a", "b", "c"], hosts=["localhost"])
    plan = write_plan(tmp_path)
    assert change[0] in plan.read_text()
    plan.write_text(plan.read_text().replace(*change))
    with pytest.raises(DataError, match=says):
        read_deployment(plan)


def test_terms_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for change, says in (
        ({"cohort": 0}, "cohort is 0 of 3"), ({"rounds": 0}, "0 rounds"), ({"deadline": 0}, "deadline of 0"),
        ({"seed": -1}, "seed is -1"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=says):
            InProcess(tmp_path).plan(**change)


def test_a_plan_without_machines_or_with_one_file_of_all_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"add a table \[deployed\] with address"):
        read_deployment(write_plan(tmp_path, deployed=False))
    plan = write_plan(tmp_path)
    parties = plan.read_text().partition("[parties]")[2].partition("[learner]")[0]
    text = plan.read_text().replace(f"[parties]{parties}", "")
    plan.write_text(f'records = "all.parquet"\nclient = "who"\n{text}')
    with pytest.raises(DataError, match="no machine has it"):
        read_deployment(plan)


BUDGET = "[budget]\nepsilon = 50.0\ndelta = 0.01\n"


@pytest.mark.parametrize(
    ("protocol", "budget", "refused"),
    [
        ('name = "fedsgd"', "", ""),
        ('name = "dp-fedavg"\nclip = 1.0\nsample = 1.0\nmultiplier = 20.0', BUDGET, ""),
        ('name = "dp-ftrl"\nclip = 1.0\nseparation = 1', BUDGET, ""),
        ('name = "selective-sgd"\nupload = 0.1', "", "keep a memory between rounds"),
        ('name = "fedavg"\nmean = "median"', "", ""),
    ],
)
def test_which_protocols_run_on_machines_is_known_before_anything_starts(
    tmp_path: Path, protocol: str, budget: str, refused: str
) -> None:
    pytest.importorskip("dp_accounting")
    parties = InProcess(tmp_path)
    plan = write_plan(tmp_path, protocol=protocol, more=budget)
    if not refused:
        parties.coordinator(read_deployment(plan)).check()
        return
    with pytest.raises(PromiseError, match=refused):
        read_deployment(plan)
    assert not parties.asked and not (tmp_path / "checkpoint.npz").exists()


def test_a_robust_mean_takes_every_party(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, protocol='name = "fedavg"\nmean = "median"')
    InProcess(tmp_path)
    plan.write_text(f"cohort = 2\n{plan.read_text()}")
    with pytest.raises(PromiseError, match="more may lie than a robust mean withstands"):
        read_deployment(plan)


def with_public(folder: Path, protocol: str, *, rounds: int = 1, more: str = "") -> Path:
    """The plan of an exchange, with public records."""
    plan = write_plan(folder, protocol=protocol, rounds=rounds, more=more)
    (folder / "public.parquet").write_bytes((folder / "holdout.parquet").read_bytes())
    plan.write_text(f'public = "public.parquet"\n{plan.read_text()}'.replace('test = "holdout.parquet"', ""))
    return plan


@pytest.mark.parametrize(
    ("protocol", "rounds", "more"),
    [
        ('name = "votes"', 1, "[budget]\nepsilon = 20.0\ndelta = 0.01\n"),
        ('name = "cronus"\nmean = "median"', 2, ""),
    ],
)
def test_an_exchange_of_predictions_on_machines_is_that_of_the_simulation(
    tmp_path: Path, protocol: str, rounds: int, more: str
) -> None:
    from confide.releases.collaboration.run import carried_out
    from confide.releases.collaboration.settings import CollaborateSettings

    parties = InProcess(tmp_path)
    plan = with_public(tmp_path, protocol, rounds=rounds, more=more)
    deployed = read_deployment(plan, seed=3)
    records = {name: (lambda n: lambda: read_party(read_plan(plan), n))(name) for name in deployed.names}
    parties.records = records  # as a machine reads them, by the schema
    model = parties.coordinator(deployed).conduct().released.view
    out = tmp_path / "model.npz"
    carried_out(CollaborateSettings(plan, simulate=True, rehearse=3, out=out))
    with np.load(out, allow_pickle=False) as held:
        np.testing.assert_array_equal(model["parameters"], held["parameters"])
    assert len(model) == 2  # and what it was trained on


def test_machines_with_other_public_records_follow_another_plan(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    plan = with_public(tmp_path, 'name = "cronus"\nmean = "median"')
    deployed = read_deployment(plan)
    before = deployed.digest(deployed.made_protocol())
    (tmp_path / "public.parquet").write_bytes((tmp_path / "a.parquet").read_bytes())
    other = read_deployment(plan)
    assert other.digest(other.made_protocol()) != before and not parties.asked


@pytest.mark.parametrize(
    ("protocol", "more", "refused"),
    [
        ('name = "pate"\nthreshold = 2', "[budget]\nepsilon = 5.0\ndelta = 0.001\n", "how many records all"),
        (
            'name = "votes"',
            "[budget]\nepsilon = 5.0\ndelta = 0.01\n[secure]\n",
            "in simulations alone so far",
        ),
    ],
)
def test_an_exchange_that_no_machine_can_run_is_refused_before_anything_starts(
    tmp_path: Path, protocol: str, more: str, refused: str
) -> None:
    InProcess(tmp_path)
    with pytest.raises(PromiseError, match=refused):
        read_deployment(with_public(tmp_path, protocol, more=more))


def test_keys_that_lack_a_line_are_refused(tmp_path: Path) -> None:
    keys.make_keys(tmp_path / "keys", ["a", "b", "c"], hosts=["x"])
    pins = tmp_path / "keys" / keys.PINS
    lines = pins.read_text().splitlines()
    pins.write_text("\n".join(line for line in lines if not line.startswith("identity")))
    with pytest.raises(DataError, match="needs a node key and an identity"):
        read_deployment(write_plan(tmp_path))


def test_a_checkpoint_comes_back_and_its_random_numbers_go_on(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(3), tmp_path / "c.npz"
    rng.normal(size=5)
    held = Checkpoint(
        digest="d", token="t", round=4, sums=9, rng=rng.bit_generator.state, left_out={"silent": {"a": 2}},
        arrays={".p": np.arange(3.0)},
    )  # fmt: skip
    write_checkpoint(path, held)
    found = read_checkpoint(path, digest="d")
    assert (found.round, found.sums, found.token, found.left_out) == (4, 9, "t", {"silent": {"a": 2}})
    np.testing.assert_array_equal(found.arrays[".p"], np.arange(3.0))
    np.testing.assert_array_equal(found.generator().normal(size=9), rng.normal(size=9))
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(DataError, match="plan has changed"):
        read_checkpoint(path, digest="e")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged"):
        read_checkpoint(path, digest="d")


def test_a_state_that_no_checkpoint_keeps_is_refused_before_the_first_round() -> None:
    class Hidden:
        pass

    with pytest.raises(PromiseError, match="Hidden"):
        arrays_of(Hidden())


def test_the_state_of_dp_fedavg_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from confide.core.budget import Budget, Unit
    from confide.mechanisms.federate.dp_fedavg import DPFedAvg
    from confide.mechanisms.federate.protocol import Plan

    protocol = DPFedAvg(budget=Budget(8.0, 1e-3, Unit.client()), clip=1.0, sample=0.5, multiplier=2.0)
    plan = Plan(100, 5, np.zeros(3, np.float32))
    first = protocol.begin(plan, rng=np.random.default_rng(0))
    later = protocol.ended(first, rng=np.random.default_rng(0))
    found = with_arrays(first, arrays_of(later))
    assert found.round == 1
    np.testing.assert_array_equal(found.parameters, later.parameters)
    rehearsed = DPFedAvg(budget=protocol.budget, clip=1.0, sample=0.5, multiplier=2.0, noise="rehearsal")
    begun = rehearsed.begin(plan, rng=np.random.default_rng(1))
    other = rehearsed.begin(plan, rng=np.random.default_rng(2))
    assert with_arrays(other, arrays_of(begun)).source == begun.source  # and so draws the same again


def test_a_check_says_which_of_key_data_and_plan_is_wrong(tmp_path: Path) -> None:
    keys.make_keys(tmp_path / "keys", ["a", "b", "c"], hosts=["localhost"])
    config = {
        "plan": str(write_plan(tmp_path)), "party": "a", "keys": str(tmp_path / "keys/parties/b"),
    }  # fmt: skip
    held = pl.read_parquet(tmp_path / "a.parquet")
    held.head(0).write_parquet(tmp_path / "a.parquet")
    found = [wrong for wrong in check_party(config, online=False) if wrong.what != "version"]
    assert [wrong.what for wrong in found] == ["data", "key", "key"]
    assert "no record" in found[0].text and "SHA256:" in found[1].text
    held.drop("x1").write_parquet(tmp_path / "a.parquet")
    assert "no column 'x1'" in next(w.text for w in check_party(config, online=False) if w.what == "data")
    held.write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").unlink()  # what others hold is not looked at
    config |= {"keys": str(tmp_path / "keys/parties/a")}
    assert [w for w in check_party(config, online=False) if w.what != "version"] == []
    assert check_party({**config, "party": "z"}, online=False)[0].what == "plan"
    assert "nobody answers" in next(w.text for w in check_party(config) if w.what == "address")
    plan = Path(config["plan"])
    plan.write_text(plan.read_text().replace('version = "', 'version = "9.'))
    assert check_party(config, online=False)[0].what == "version"


def test_what_stands_in_a_folder_of_a_run_is_one_process_s(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with running(tmp_path, seconds=0):
        assert is_running(tmp_path)
        with pytest.raises(DataError, match="another run is at work"), running(tmp_path, seconds=0):
            raise AssertionError
    assert not is_running(tmp_path)
    assert read_end(tmp_path) is None
    write_end(tmp_path, Ended(stopped="too few", left_out={"silent": {"a": 2}}))
    found = read_end(tmp_path)
    assert found is not None and (found.stopped, found.left_out) == ("too few", {"silent": {"a": 2}})


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_a_tethered_command_ends_with_the_one_that_started_it(tmp_path: Path, how: str) -> None:
    """The command, and what it started itself, end when their starter closes the pipe or is killed."""
    number = tmp_path / "pid"
    inner = f"sleep 60 & echo $! > {number}; wait"
    tethered = [sys.executable, "-m", "confide.serve.flower.tethered", "sh", "-c", inner]
    starter = (
        "import subprocess, sys, time\n"
        f"held = subprocess.Popen({tethered!r}, stdin=subprocess.PIPE)\n"
        + ("time.sleep(60)" if how == "killed" else "sys.stdin.read(); held.stdin.close(); held.wait()")
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdin=subprocess.PIPE) as process:
        _until(lambda: number.exists() and number.read_text().strip())
        asleep = int(number.read_text())
        process.kill() if how == "killed" else process.communicate()
        _until(lambda: not _there(asleep))


def test_an_app_ends_with_the_process_that_started_it_though_its_main_thread_waits(tmp_path: Path) -> None:
    """It is in a session of its own, as Flower's are, and takes up no signal."""
    number = tmp_path / "pid"
    app = (
        "import os, pathlib, threading\n"
        "from confide.serve.flower import tethered\n"
        "tethered.GRACE = 0\n"
        "tethered.end_with_parent()\n"
        f"pathlib.Path({str(number)!r}).write_text(str(os.getpid()))\n"
        "threading.Event().wait()"
    )
    starter = (
        "import subprocess, time\n"
        f"subprocess.Popen([{sys.executable!r}, '-c', {app!r}], start_new_session=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", starter]) as process:
        _until(lambda: number.exists() and number.read_text())
        waits = int(number.read_text())
        time.sleep(2 * PAUSE)
        assert _there(waits)
        process.kill()
        _until(lambda: not _there(waits))


def _until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def _there(number: int) -> bool:
    state = Path(f"/proc/{number}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
