"""`confide match`, from keys to results: two real processes over TLS on the loopback."""

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
from click.testing import CliRunner, Result
from tests.serve.parties.three import ports

from confide.cli import main
from confide.core.kept_transcript import read_transcript

pytest.importorskip("private_set_intersection")

NAMES = ("bank", "shop")
MINE = [f"person{k}@example.org" for k in range(40)]
THEIRS = [f" PERSON{k}@example.org" for k in range(30, 60)]
SHARED = [f"person{k}@example.org" for k in range(30, 40)]
PLAN = """
name = "test"
learns = {learns}
reveal = "{reveal}"
steps = ["strip", "casefold"]
most = {most}
times = {times}
keys = "keys/keys.toml"

[parties]
bank = "127.0.0.1:{first}"
shop = "127.0.0.1:{second}"

[deadlines]
arrival = "20s"
silence = "{silence}"
run = "1min"
"""


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["match", *words])


def prepared(
    folder: Path,
    *,
    learns: str = '["bank"]',
    reveal: str = "ids",
    most: int = 100,
    times: int = 1,
    silence: str = "5s",
) -> None:
    made = ran("keys", str(folder / "keys"), "--parties", ",".join(NAMES))
    assert made.exit_code == 0, made.output
    first, second = ports(2)
    terms = {"learns": learns, "reveal": reveal, "most": most, "times": times, "silence": silence}
    (folder / "plan.toml").write_text(PLAN.format(first=first, second=second, **terms))
    pl.DataFrame({"email": MINE, "since": range(len(MINE))}).write_parquet(folder / "bank.parquet")
    pl.DataFrame({"mail": THEIRS}).write_csv(folder / "shop.csv")


def words_of(folder: Path, party: str, *more: str, plan: str = "plan.toml") -> list[str]:
    file, column = {"bank": ("bank.parquet", "email"), "shop": ("shop.csv", "mail")}[party]
    keys = str(folder / "keys" / "parties" / party)
    return [
        str(folder / plan),
        "--party",
        party,
        "--data",
        str(folder / file),
        "--id",
        column,
        "--keys",
        keys,
        *more,
    ]


def start(folder: Path, party: str, *more: str, plan: str = "plan.toml") -> subprocess.Popen[str]:
    words = words_of(folder, party, *more, plan=plan)
    return subprocess.Popen(
        [sys.executable, "-m", "confide", "match", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.slow
def test_two_lists_find_whom_they_share_and_a_second_run_is_refused(tmp_path: Path) -> None:
    prepared(tmp_path, learns='["bank", "shop"]')
    outs = {"bank": tmp_path / "shared.parquet", "shop": tmp_path / "shared.csv"}
    running = [
        start(tmp_path, name, "--out", str(outs[name]), "--record", str(tmp_path / f"record-{name}"))
        for name in NAMES
    ]
    for process in running:
        code, said = end_of(process)
        assert code == 0 and "Trust that remains" in said, said
        assert "person3" not in said.casefold() and "10 " not in said.replace("100 ", ""), said
    found = pl.read_parquet(outs["bank"])
    assert found["email"].to_list() == SHARED and found["since"].to_list() == list(range(30, 40))
    assert [text.strip().casefold() for text in pl.read_csv(outs["shop"])["mail"]] == SHARED
    kept = read_transcript(tmp_path / "record-bank")
    assert [message.kind for message in kept.messages].count("answer") == 2
    again = [start(tmp_path, name, "--out", str(outs[name]), "--force") for name in NAMES]
    ends = [end_of(process) for process in again]
    assert any("as often as its plan allows" in said for _, said in ends), ends
    assert all(code == 2 for code, _ in ends)


@pytest.mark.slow
@pytest.mark.parametrize("killed", NAMES)
def test_a_killed_party_leaves_no_result_and_is_named(killed: str, tmp_path: Path) -> None:
    prepared(tmp_path, learns='["bank", "shop"]', most=20_000)
    people = [f"person{k}@example.org" for k in range(5_000)]  # a second or two on each side
    pl.DataFrame({"email": people}).write_parquet(tmp_path / "bank.parquet")
    pl.DataFrame({"mail": people}).write_csv(tmp_path / "shop.csv")
    outs = {name: tmp_path / f"shared-{name}.csv" for name in NAMES}
    running = {name: start(tmp_path, name, "--out", str(outs[name])) for name in NAMES}
    while not list((tmp_path / "keys" / "parties" / killed).glob("runs/*")):
        assert running[killed].poll() is None
        time.sleep(0.02)
    running[killed].send_signal(signal.SIGKILL)
    other = next(name for name in NAMES if name != killed)
    code, said = end_of(running[other])
    assert code == 2 and f"party '{killed}' was lost" in said, said
    assert not any(out.exists() for out in outs.values())
    end_of(running[killed])


@pytest.mark.slow
def test_a_party_that_never_comes_is_named(tmp_path: Path) -> None:
    prepared(tmp_path)
    plan = tmp_path / "plan.toml"
    plan.write_text(plan.read_text().replace('arrival = "20s"', 'arrival = "1s"'))
    for name in NAMES:  # one connects, the other listens
        learned = ["--out", str(tmp_path / "shared.csv")] if name == "bank" else []
        code, said = end_of(start(tmp_path, name, *learned))
        other = "shop" if name == "bank" else "bank"
        assert code == 2 and f"party {other} did not come" in said, said
    assert not list(tmp_path.rglob("runs/*"))


@pytest.mark.slow
def test_another_plan_is_named_and_counts_no_run(tmp_path: Path) -> None:
    prepared(tmp_path)
    other = (tmp_path / "plan.toml").read_text().replace("most = 100", "most = 99")
    (tmp_path / "other.toml").write_text(other)
    out = tmp_path / "shared.csv"
    ends = [
        end_of(p)
        for p in [start(tmp_path, "bank", "--out", str(out)), start(tmp_path, "shop", plan="other.toml")]
    ]
    assert all(code == 2 for code, _ in ends), ends
    assert any("most" in said and "99" in said and "100" in said for _, said in ends), ends
    assert not out.exists() and not list(tmp_path.rglob("runs/*"))


def test_what_cannot_be_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    prepared(tmp_path, reveal="size")
    plan = tmp_path / "plan.toml"
    text = plan.read_text()
    for change, said in (
        (("size", "names"), "choose size or ids"),
        (('["bank"]', '["clinic"]'), "name one of the parties"),
        (("most = 100", "most = 5"), "fewest is 10 and most 5"),
        (("most = 100", "most = 4_000_000"), "from 1 to 3,000,000"),
        (("times = 1", "time = 1"), "times"),
        (('"casefold"', '"lower"'), "there is no step 'lower'"),
        (("shop =", "shops ="), "no certificate of 'shops'"),
        (("most = 100", "most = 20"), "40 identifiers"),
    ):
        plan.write_text(text.replace(*change))
        refused = ran(*words_of(tmp_path, "bank", "--out", str(tmp_path / "size.json")))
        assert refused.exit_code == 2 and said in refused.output, (change, refused.output)
    plan.write_text(text)
    for words, said in (
        (words_of(tmp_path, "bank"), "--out is missing"),
        (words_of(tmp_path, "bank", "--out", str(tmp_path / "x.csv")), "in .json"),
        (words_of(tmp_path, "shop", "--out", str(tmp_path / "x.json")), "learns nothing"),
        (words_of(tmp_path, "bank", "--reveal", "ids"), "the plan reveals the size"),
    ):
        refused = ran(*words)
        assert refused.exit_code == 2 and said in refused.output, refused.output
    double = pl.DataFrame({"email": [*MINE, MINE[0].upper()]})
    double.write_parquet(tmp_path / "bank.parquet")
    refused = ran(*words_of(tmp_path, "bank", "--out", str(tmp_path / "size.json")))
    assert refused.exit_code == 2 and "row 41 is that of row 1" in refused.output
    assert "person0" not in refused.output.casefold()
    assert not (tmp_path / "size.json").exists() and not list(tmp_path.rglob("runs/*"))


@pytest.mark.slow
def test_a_size_is_a_file_of_one_number(tmp_path: Path) -> None:
    prepared(tmp_path, reveal="size")
    out = tmp_path / "size.json"
    for process in [start(tmp_path, "bank", "--out", str(out)), start(tmp_path, "shop")]:
        code, said = end_of(process)
        assert code == 0, said
    assert json.loads(out.read_text())["size"] == len(SHARED)


STATISTICS = """
run = "spending"
reveal = "statistics"
computation = "covariance"
rows = 100
keys = "keys/keys.toml"
helpers = ["office"]

[parties]
bank = "127.0.0.1:{0}"
office = "127.0.0.1:{1}"
shop = "127.0.0.1:{2}"

[columns]
since = [0, 100]
spent = [0, 10]

[owners]
bank = ["since"]
shop = ["spent"]

[match]
steps = ["strip", "casefold"]
fewest = 10

[deadlines]
arrival = "20s"
silence = "5s"
run = "1min"
"""


@pytest.mark.slow
def test_statistics_of_the_people_on_both_lists_name_nobody_and_a_second_run_is_refused(
    tmp_path: Path,
) -> None:
    pytest.importorskip("mpyc")
    prepared(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "of-two")
    assert ran("keys", str(tmp_path / "keys"), "--parties", "bank,office,shop").exit_code == 0
    (tmp_path / "plan.toml").write_text(STATISTICS.format(*ports(3)))
    spent = [k % 7 + 0.5 for k in range(30, 60)]
    pl.DataFrame({"mail": THEIRS, "spent": spent}).write_csv(tmp_path / "shop.csv")
    helper = [str(tmp_path / "plan.toml"), "--party", "office", "--keys", str(tmp_path / "keys")]
    outs = {name: ["--out", str(tmp_path / f"{name}.json")] for name in ("bank", "office", "shop")}
    records = {name: ["--record", str(tmp_path / f"of-{name}")] for name in outs}
    running = [start(tmp_path, name, *outs[name], *records[name]) for name in NAMES]
    command = [sys.executable, "-m", "confide", "match", *helper, *outs["office"], *records["office"]]
    running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    for process in running:
        code, said = end_of(process)
        assert code == 0, said
        assert "nobody is shown who" in " ".join(said.split()) and "person3" not in said
    both = np.array([[k, k % 7 + 0.5] for k in range(30, 40)])
    for name in outs:
        rows = json.loads((tmp_path / f"{name}.json").read_text())["result"]
        assert [row["count"] for row in rows] == [10, 10]
        made = np.array([[row["covariance with since"], row["covariance with spent"]] for row in rows])
        np.testing.assert_allclose(made, np.cov(both.T), atol=1e-11)
    for who in ("bank", "office", "shop"):
        folders = [str(tmp_path / f"of-{name}") for name in outs]
        words = ["audit", "computation", *folders, "--as", f"party:{who}", "--accept-result"]
        done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / f"audit-{who}")])
        assert done.exit_code == 0, done.output
    again = ran(*words_of(tmp_path, "bank", "--out", str(tmp_path / "new.json")))
    assert again.exit_code == 2 and not (tmp_path / "new.json").exists()
    wrong = ran(*helper, "--id", "mail", *outs["office"])
    assert wrong.exit_code == 2 and "leave --data and --id out" in wrong.output
    joined = CliRunner().invoke(main, ["join", *words_of(tmp_path, "bank")[:5], "--keys", helper[-1]])
    assert joined.exit_code == 2 and "use confide match" in " ".join(joined.output.split())
