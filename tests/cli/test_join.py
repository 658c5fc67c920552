"""`confide join` by real processes: one result for all or for none, and one sentence where there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from tests.cli.join_desk import COLUMNS, NAMES, Desk, ended, records

from confide.cli import main
from confide.core.kept_transcript import read_beside, read_transcript

pytest.importorskip("mpyc")
pytest.importorskip("cryptography")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def pooled(names: tuple[str, ...] = NAMES) -> pl.DataFrame:
    return pl.concat([records(name) for name in names])


def refused(*words: str) -> str:
    """The sentence with which a command ends."""
    found = CliRunner().invoke(main, list(words))
    assert found.exit_code == 2, found.output
    return found.output


def test_three_parties_learn_the_mean_and_each_keeps_its_own_record(desk: Desk) -> None:
    desk.plan()
    commands = {name: desk.words(name) for name in NAMES}
    commands["south"] += ["--record", str(desk.folder / "record")]
    assert set(desk.run(commands).values()) == {0}, desk.log("south").read_text()
    want = pooled()
    cards = [json.loads(desk.out(name).read_text()) for name in NAMES]
    assert cards[0] == cards[1] == cards[2]
    for line in cards[0]["result"]:
        assert line["count"] == len(want)
        assert line["mean"] == pytest.approx(want[line["column"]].mean(), abs=1e-13)
    said = desk.log("east").read_text().splitlines()
    assert said[0].startswith("What must be believed: all compute as the plan says, and at most 1 of 3")
    assert any("off by at most" in line for line in said)
    # No key and no value of a record is in any log; 180 values of 5 digits and more would be found.
    logs = " ".join(desk.log(name).read_text() for name in NAMES)
    assert "PRIVATE" not in logs
    assert not any(f"{abs(value):.6f}"[:7] in logs for value in want["x"])
    record = read_transcript(desk.folder / "record")
    assert set(record.inputs) == {"south"}
    assert (record.inputs["south"]["x"] == records("south")["x"].to_numpy()).all()
    assert all("south" in (m.sender, m.receiver) for m in record.messages)
    assert {m.sender for m in record.messages} == set(NAMES)
    assert read_beside(desk.folder / "record", "plan.toml") == (desk.folder / "plan.toml").read_text()
    if os.name == "posix":
        assert (desk.folder / "record").stat().st_mode & 0o077 == 0


def test_plans_that_differ_are_named_before_any_data_move(desk: Desk) -> None:
    desk.plan()
    desk.plan("other.toml", columns={**COLUMNS, "x": [-5, 4]})
    commands = {name: desk.words(name) for name in NAMES}
    commands["south"] = desk.words("south", plan="other.toml")
    assert set(desk.run(commands).values()) == {2}
    assert "party 'south' has another plan: plan.columns[x].low is -4.0 here and -5.0 there" in " ".join(
        desk.log("north").read_text().split()
    )
    for name in NAMES:
        assert not desk.out(name).exists()
        assert "'south'" in desk.log(name).read_text() or name == "south"


def test_a_certificate_that_the_plan_does_not_pin_is_refused(desk: Desk) -> None:
    desk.plan(deadlines={"arrival": "3s"})
    other = Desk(desk.folder / "elsewhere")
    said = refused(*desk.words("north")[:-4], "--keys", str(other.folder / "keys"))
    assert "not the one that the plan pins for 'north'" in said
    # One that listens at south's address with another key: it has a plan of its own, which pins that.
    other.addresses = desk.addresses
    other.plan(deadlines={"arrival": "3s"})
    commands = {"north": desk.words("north"), "south": other.words("south"), "east": desk.words("east")}
    assert set(desk.run(commands).values()) == {2}
    # Whichever of both honest ones meets the stranger, or waits for south in vain, first.
    last = [desk.log(name).read_text().splitlines()[-1] for name in ("north", "east")]
    assert any("south" in line for line in last), last
    assert not any(desk.out(name).exists() or other.out(name).exists() for name in NAMES)


def test_noise_is_charged_to_the_ledger_of_each_owner_and_a_spent_one_opens_nothing(desk: Desk) -> None:
    pytest.importorskip("sqlalchemy")
    from confide.account.opening import examine_ledger
    from confide.releases.join.computations import noise_of
    from confide.releases.join.plan import read_plan

    path = desk.plan(
        computation="histogram",
        columns={"x": [-4, 4]},
        budget={"epsilon": 1, "delta": 1e-6, "noise": "binomial"},
        helpers=["east"],
    )
    paying = {
        name: ["--ledger", f"sqlite:///{desk.folder / name}.ledger", "--budget", "1.2,2e-6"]
        for name in ("north", "south")
    }
    commands = {name: desk.words(name, *paying[name]) for name in paying}
    commands["east"] = desk.words("east", data=False)
    assert set(desk.run(commands).values()) == {0}, desk.log("north").read_text()
    noise = noise_of(read_plan(path).joint)
    assert noise is not None
    counts = [line["count"] for line in json.loads(desk.out("east").read_text())["result"]]
    plain = np.histogram(pooled(("north", "south"))["x"].to_numpy(), 10, (-4, 4))[0]
    assert 0 < np.abs(counts - plain).max() < 8 * noise.deviation  # above it once in 10^14
    for name in paying:
        ledger = examine_ledger(f"sqlite:///{desk.folder / name}.ledger")
        assert ledger.spent.rho == int(np.ceil(noise.rho * 10**12))
        assert ledger.spent.delta == int(np.ceil(noise.lost * 10**15)) > 0
        ledger.close()
        desk.out(name).unlink()
    # A second run is above the budget: refused before anybody connects, and nothing more is spent.
    said = refused(*desk.words("north", *paying["north"]))
    assert "left" in said
    assert not desk.out("north").exists()


def test_a_helper_without_data_completes_two_owners(desk: Desk) -> None:
    desk.plan(helpers=["south"], computation="sum")
    commands = {name: desk.words(name, data=name != "south") for name in NAMES}
    assert set(desk.run(commands).values()) == {0}, desk.log("south").read_text()
    found = {line["column"]: line["sum"] for line in json.loads(desk.out("south").read_text())["result"]}
    assert found["y"] == pytest.approx(pooled(("north", "east"))["y"].sum(), abs=1e-10)
    assert "each knows the other's part by subtracting" in " ".join(desk.log("north").read_text().split())


def test_columns_of_the_same_people_and_a_result_in_parquet(desk: Desk) -> None:
    owners = {"north": ["x"], "south": ["z"], "east": ["y"]}
    desk.plan(split="columns", computation="covariance", owners=owners)
    whole = records("north")
    for name in NAMES:
        whole.select(owners[name]).write_parquet(desk.folder / f"{name}.parquet")
    out = desk.folder / "north.out.parquet"
    commands = {name: desk.words(name) for name in NAMES}
    commands["north"][-1] = str(out)
    assert set(desk.run(commands).values()) == {0}, desk.log("north").read_text()
    found = pl.read_parquet(out)
    assert json.loads(pl.read_parquet_metadata(out)["confide"])["opened"] == "the count of rows and the means"
    want = np.cov(whole.select("x", "z", "y").to_numpy().T)
    # Each mean product of columns divided by their bounds, of at most 20, is off by at most 2^-52.
    np.testing.assert_allclose(found.select(pl.selectors.starts_with("cov")), want, atol=1e-12)
    np.testing.assert_allclose(found["mean"], whole.select("x", "z", "y").mean().row(0), atol=1e-12)


def test_what_a_party_cannot_give_is_refused_before_anybody_connects(desk: Desk) -> None:
    desk.plan(columns={**COLUMNS, "x": [-3, 3]})
    count = int((records("north")["x"].abs() > 3).sum())
    assert f"{count} values of 'x' are outside -3 to 3" in refused(*desk.words("north"))
    desk.plan(columns={"weight": [0, 1]})
    assert "has no column 'weight'" in refused(*desk.words("north"))
    desk.plan(rows=59)
    assert "59 at most" in refused(*desk.words("north"))
    desk.plan(helpers=["east"])
    assert "owns records" in refused(*desk.words("north", data=False))
    assert "leave out --data" in refused(*desk.words("east"))
    assert "has no party 'west'" in refused(*desk.words("west"))
    assert "no noise" in refused(*desk.words("north", "--ledger", "sqlite:///l"))
    (desk.folder / "north.json").write_text("mine")
    assert "no result of a joint computation" in refused(*desk.words("north", "--force"))
    assert (desk.folder / "north.json").read_text() == "mine"


@pytest.mark.slow
def test_what_all_parties_find_alike_blames_none_of_them(desk: Desk) -> None:
    desk.plan(computation="ols", target="y", columns={**COLUMNS, "twice": [-40, 40]})
    for name in NAMES:
        records(name).with_columns(twice=2 * pl.col("x")).write_parquet(desk.folder / f"{name}.parquet")
    assert set(desk.run({name: desk.words(name) for name in NAMES}).values()) == {2}
    for name in NAMES:
        said = desk.log(name).read_text()
        assert "determine each other" in said and "was lost" not in said, said


def test_keys_and_places_that_two_share_are_refused(desk: Desk) -> None:
    first = desk.addresses["north"]
    desk.plan(parties={**desk.addresses, "south": first})
    assert f"two parties listen at {first}" in refused(*desk.words("north"))
    desk.plan()
    key = next(desk.folder.rglob("north/party.key"))
    key.chmod(0o644)
    assert "may read" in refused(*desk.words("north"))


def test_keys_are_private_and_never_written_over(desk: Desk) -> None:
    made = CliRunner().invoke(main, ["join", "keys", str(desk.folder / "new"), "--parties", "a,b,c"])
    assert made.exit_code == 0
    assert 'keys = "keys.toml"' in made.output
    assert 'b = "127.0.0.1:7444"' in made.output
    if os.name == "posix":
        assert (desk.folder / "new" / "parties" / "a" / "party.key").stat().st_mode & 0o077 == 0
    assert "never written over" in refused("join", "keys", str(desk.folder / "new"), "--parties", "a")
    few = ("join", "keys", str(desk.folder / "few"), "--parties", "a,b,c", "--hosts", "one,two")
    assert "2 hosts for 3 parties" in refused(*few)
    assert not (desk.folder / "few").exists()


@pytest.mark.slow
def test_a_killed_party_leaves_no_result_and_its_name_at_random_moments(tmp_path: Path) -> None:
    rng = np.random.default_rng()
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        desk = Desk(tmp_path / str(number))
        deadlines = {"arrival": "3s", "silence": "2s", "run": "60s"}
        desk.plan(computation="kmeans", settings={"steps": 400}, deadlines=deadlines)
        victim = str(rng.choice(NAMES))
        processes = {name: desk.start(name, desk.words(name)) for name in NAMES}
        time.sleep(rng.uniform(0, 0.8))
        pid = processes[victim].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        codes = {name: ended(process) for name, process in processes.items() if name != victim}
        assert time.monotonic() - began < 3 + 2 + 4
        # All survivors have a result or none: one killed after its last word had it too.
        assert len(set(codes.values())) == 1
        assert desk.out(victim).exists() is False or set(codes.values()) == {0}
        for name, code in codes.items():
            assert desk.out(name).exists() == (code == 0)
            if code:
                assert code == 2
                assert victim in desk.log(name).read_text().splitlines()[-1]


@pytest.mark.slow
def test_three_commands_of_a_shell(desk: Desk) -> None:
    desk.plan(computation="ols", target="y", inside=True)
    run = [sys.executable, "-m", "confide"]
    words = {name: desk.words(name) for name in NAMES}
    words["east"] += ["--record", str(desk.folder / "record")]
    started = [subprocess.Popen([*run, *words[name]], stdout=subprocess.DEVNULL) for name in NAMES]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    want = pooled()
    design = np.column_stack([np.ones(len(want)), want["x"], want["z"]])
    found = [line["coefficient"] for line in json.loads(desk.out("north").read_text())["result"]]
    # The grid of 2^-30 of scaled moments of 180 rows, and its ridge of 9 steps.
    np.testing.assert_allclose(found, np.linalg.lstsq(design, want["y"].to_numpy())[0], atol=1e-6)
    record = read_transcript(desk.folder / "record")
    assert set(record.published) == {"coefficients"}
