"""A run that is interrupted goes on to the bit, is charged once, and refuses what changed in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.core.alone import alone
from confide.core.errors import DataError
from confide.core.kept_transcript import read_transcript
from confide.core.transcript import Transcript
from confide.releases.collaboration import written as module
from confide.releases.collaboration.run import carried_out
from confide.releases.collaboration.settings import CollaborateSettings
from confide.releases.collaboration.unfinished import Unfinished, folder_of

PARTIES = ("north", "south", "east", "west")
PLAN = """\
rounds = 4
label = "y"
schema = "schema.toml"

[parties]
{parties}
[learner]
model = "logistic"
epochs = 1

[protocol]
{protocol}
{more}
"""
PROMISE = "[budget]\nepsilon = 20.0\ndelta = 0.01\n"
PROTOCOLS = {
    "fedavg": ('name = "fedavg"\nshare = 0.6', ""),
    "in a secure sum": ('name = "fedavg"', "[secure]\nlimit = 1000.0\n"),
    "fedsgd": ('name = "fedsgd"', ""),
    "dp-fedavg": ('name = "dp-fedavg"\nclip = 0.5\nsample = 0.8', PROMISE),
    "adaptive": ('name = "dp-fedavg"\nadaptive = { start = 0.1, noise = 2.0 }\nsample = 0.8', PROMISE),
    "dp-ftrl": ('name = "dp-ftrl"\nclip = 0.5\nseparation = 2', PROMISE),
    "banded": ('name = "dp-ftrl"\nclip = 0.5\nseparation = 2\nbands = 2', PROMISE),
    "cronus": ('name = "cronus"\nmean = "median"', ""),
    "selective": ('name = "selective-sgd"\nupload = 0.3\ndownload = 0.5', ""),
}


def write_plan(folder: Path, protocol: str, more: str) -> None:
    parties = "".join(f'{name} = "{name}.csv"\n' for name in PARTIES)
    text = PLAN.format(parties=parties, protocol=protocol, more=more)
    public = 'public = "public.csv"\n' if "cronus" in protocol else ""
    (folder / "plan.toml").write_text(public + text)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the records of four parties and a plan."""
    for seed, name in enumerate(PARTIES):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-1, 1, (20, 2))
        pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > 0, "u", "v")}).write_csv(
            tmp_path / f"{name}.csv"
        )
    pl.DataFrame({"a": [-0.5, 0.1, 0.8], "b": [0.2, -0.4, 0.6]}).write_csv(tmp_path / "public.csv")
    columns = "".join(f"[columns.{c}]\nlow = -1\nhigh = 1\nknots = 2\n" for c in "ab")
    (tmp_path / "schema.toml").write_text(columns + '[columns.y]\nvalues = ["u", "v"]\n')
    write_plan(tmp_path, *PROTOCOLS["fedavg"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(out: str = "model.npz", **more) -> CollaborateSettings:
    return CollaborateSettings("plan.toml", simulate=True, out=out, **more)


class Killed(BaseException):
    """What no code of ours catches."""


def interrupted(monkeypatch: pytest.MonkeyPatch, after: int, given: CollaborateSettings) -> None:
    """Run until this many rounds have ended, and stop as a killed process would: before the next is kept."""
    keep = Unfinished.keep

    def until(self: Unfinished, standing) -> None:
        if standing.round > after:
            raise Killed
        keep(self, standing)

    with monkeypatch.context() as patch:
        patch.setattr(Unfinished, "keep", until)
        with pytest.raises(Killed):
            carried_out(given)


def same(one: Transcript, other: Transcript) -> bool:
    def content(held: Transcript) -> list:
        return [
            (m.round, m.sender, m.receiver, m.kind, {k: v.tobytes() for k, v in m.payload.items()})
            for m in held.messages
        ]

    return content(one) == content(other)


def parameters(path: str) -> bytes:
    with np.load(path, allow_pickle=False) as held:
        return held["parameters"].tobytes()


@pytest.mark.parametrize("which", PROTOCOLS)
def test_it_goes_on_to_the_same_model_and_the_same_messages(which, desk, monkeypatch):
    write_plan(desk, *PROTOCOLS[which])
    whole = settings("whole.npz", record="whole", rehearse=3)
    carried_out(whole)
    cut = settings("cut.npz", record="cut", rehearse=3)
    for after in (0, 3):
        interrupted(monkeypatch, after, cut)
        assert not (desk / "cut.npz").exists() and not (desk / "cut").exists()
    done = carried_out(cut)
    assert done.after == 3 and "went on after round 3" in str(done)
    one, other = (np.frombuffer(parameters(f"{name}.npz")) for name in ("cut", "whole"))
    if which == "in a secure sum":  # whose keys, masks and rounding are fresh each time
        np.testing.assert_allclose(one, other, atol=1e-4)
    else:
        assert one.tobytes() == other.tobytes()
        assert same(read_transcript(desk / "cut"), read_transcript(desk / "whole"))
    assert not list(desk.glob("*unfinished*")) and not list(desk.glob(".*unfinished*"))


def test_what_is_kept_is_for_its_owner_alone_and_charged_once(desk, monkeypatch):
    ledger = 'ledger = "clients.ledger"\nwhole = "20,0.02"\n'
    write_plan(desk, PROTOCOLS["dp-fedavg"][0], PROMISE + ledger)
    given = settings(record="t")
    interrupted(monkeypatch, 2, given)
    folder = folder_of(given.out)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    done = carried_out(given)
    assert done.after == 2 and "left epsilon 0" in done.ledger.replace("left epsilon 0.0", "left epsilon 0")
    rounds = [m.round for m in read_transcript(desk / "t").messages]
    assert rounds == sorted(rounds) and set(rounds) <= {1, 2, 3, 4}


def test_noise_of_a_round_that_is_run_again_is_fresh(desk, monkeypatch):
    """The server's random numbers go on, the noise of the operating system does not come back."""
    write_plan(desk, *PROTOCOLS["dp-fedavg"])
    found = []
    for _ in range(2):
        interrupted(monkeypatch, 3, settings("one.npz"))
        kept = {path.name: path.read_bytes() for path in folder_of(Path("one.npz")).iterdir()}
        carried_out(settings("one.npz"))
        found.append(parameters("one.npz"))
        Path("one.npz").unlink()
        if len(found) == 1:  # the same standing once more: only the last round is drawn again
            folder_of(Path("one.npz")).mkdir()
            for name, content in kept.items():
                (folder_of(Path("one.npz")) / name).write_bytes(content)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("plan", "the plan changed since the run in"),
        ("records", "the records changed since"),
        ("swapped", "the records changed since"),
        ("seed", "--rehearse changed since"),
        ("record", "--record changed since"),
    ],
)
def test_what_changed_in_between_is_refused_and_nothing_is_touched(what, says, desk, monkeypatch):
    interrupted(monkeypatch, 2, settings(rehearse=3))
    before = {p.name: p.read_bytes() for p in folder_of(Path("model.npz")).iterdir()}
    more: dict = {"rehearse": 3}
    if what == "plan":
        (desk / "plan.toml").write_text((desk / "plan.toml").read_text().replace("rounds = 4", "rounds = 5"))
    elif what == "records":
        (desk / "north.csv").write_text((desk / "north.csv").read_text().replace(",u", ",v", 1))
    elif what == "swapped":
        north, south = (desk / "north.csv").read_text(), (desk / "south.csv").read_text()
        (desk / "north.csv").write_text(south)
        (desk / "south.csv").write_text(north)
    elif what == "seed":
        more = {"rehearse": 4}
    else:
        more["record"] = "t"
    with pytest.raises(DataError, match=says) as refused:
        carried_out(settings(**more))
    assert "delete the folder" in str(refused.value) and "charged by itself" in str(refused.value)
    assert before == {p.name: p.read_bytes() for p in folder_of(Path("model.npz")).iterdir()}


def test_a_run_killed_between_transcript_and_model_still_ends(desk, monkeypatch):
    carried_out(settings("whole.npz", rehearse=3))

    def fails(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, "save", fails)
        with pytest.raises(Killed):
            carried_out(settings(record="t", rehearse=3))
    assert (desk / "t").is_dir() and not (desk / "model.npz").exists()
    assert carried_out(settings(record="t", rehearse=3)).after == 4
    assert parameters("model.npz") == parameters("whole.npz")
    with pytest.raises(DataError, match="is there already"):
        carried_out(settings("other.npz", record="t", rehearse=3))


def test_one_process_at_a_time_goes_on(desk, monkeypatch):
    interrupted(monkeypatch, 1, settings(rehearse=3))
    with alone(folder_of(Path("model.npz"))), pytest.raises(DataError, match="another process"):
        carried_out(settings(rehearse=3))


def test_a_damaged_file_is_refused(desk, monkeypatch):
    interrupted(monkeypatch, 1, settings(rehearse=3))
    file = folder_of(Path("model.npz")) / "standing.npz"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged"):
        carried_out(settings(rehearse=3))
