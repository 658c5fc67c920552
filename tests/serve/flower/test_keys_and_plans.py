"""Keys, plans and checkpoints: what is written, who can read it, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.serve.flower.federation import plan_text
from tests.serve.flower.in_process import InProcess

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.federate.states import arrays_of, with_arrays
from confide.serve.flower import keys
from confide.serve.flower.checking import check_party
from confide.serve.flower.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from confide.serve.flower.deployment import read_deployment


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
    parties = InProcess(tmp_path)
    deployment = parties.plan(secure="limit = 3", rounds=5)
    assert deployment.names == ("a", "b", "c")
    assert (deployment.rounds, deployment.cohort) == (5, 2)
    assert deployment.secure is not None and deployment.secure.limit == 3
    same = deployment.digest(deployment.made_protocol())
    assert parties.plan(secure="limit = 3", rounds=5).digest(deployment.made_protocol()) == same
    assert parties.plan(secure="limit = 4", rounds=5).digest(deployment.made_protocol()) != same


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "0.0.1"}, "is for confide 0.0.1"),
        ({"cohort": 4}, "cohort is 4 of 3"),
        ({"seed": -1}, "seed is -1"),
        ({"cohort": 0}, "cohort is 0 of 3"),
        ({"rounds": 0}, "has 0 rounds"),
        ({"deadline": 0}, "a deadline of 0"),
        ({"address": "here"}, "write it as HOST:PORT"),
        ({"rounds": "two"}, "another type"),
        ({"rouns": 2}, "'rouns', which no plan has"),
    ],
)
def test_plans_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        InProcess(tmp_path).plan(**change)


def test_a_plan_without_a_key_is_refused(tmp_path: Path) -> None:
    keys.make_keys(tmp_path / "k", ["a", "b", "c"], hosts=["x"])
    text = plan_text(tmp_path / "k", address="x:1")
    path = tmp_path / "plan.toml"
    path.write_text("\n".join(line for line in text.splitlines() if not line.startswith("identity")))
    with pytest.raises(DataError, match="needs a node key and an identity"):
        read_deployment(path)
    with pytest.raises(DataError, match="there is no plan"):
        read_deployment(tmp_path / "nothing.toml")


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
    parties = InProcess(tmp_path)
    parties.plan()
    here = "tests.serve.flower.made_up"
    config = {
        "plan": str(tmp_path / "plan.toml"), "party": "a", "keys": str(tmp_path / "keys/parties/b"),
        "records": f"{here}:none",
    }  # fmt: skip
    found = [wrong for wrong in check_party(config, online=False) if wrong.what != "version"]
    assert [wrong.what for wrong in found] == ["data", "key", "key"]
    assert "no record" in found[0].text and "SHA256:" in found[1].text
    config |= {"keys": str(tmp_path / "keys/parties/a"), "records": f"{here}:a"}
    assert [w for w in check_party(config, online=False) if w.what != "version"] == []
    assert check_party({**config, "party": "z"}, online=False)[0].what == "plan"
    assert "nobody answers" in next(w.text for w in check_party(config) if w.what == "address")


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
