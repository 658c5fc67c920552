"""`confide synthesize`: what is written, what is charged, and that bad input changes nothing on disk."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from confide import Budget
from confide.account.opening import examine_ledger
from confide.cli import main
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.releases.synthesis.making import workload_of
from confide.releases.synthesis.synthesiser import with_rho
from confide.synthesize import AIM, MST, PlausibleDeniability, PublicDomain, SynthesizeSettings, read_domain
from confide.views.margins import counted

pytest.importorskip("opendp")

DOMAIN = """
rules = ["end >= start", "days = end - start"]

[columns.start]
kind = "integer"
low = 0
high = 49
[columns.end]
kind = "integer"
low = 0
high = 99
[columns.days]
kind = "integer"
low = 0
high = 99
[columns.job]
kind = "category"
values = ["cook", "nurse", "clerk"]
[columns.pay]
kind = "category"
values = ["low", "high"]
nulls = true
"""
N = 4_000


def people(n: int = N) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    start, job = rng.integers(0, 50, n), rng.choice(["cook", "nurse", "clerk"], n)
    end = start + rng.integers(0, 50, n)
    pay = np.where(rng.random(n) < 0.1, None, np.where(job == "nurse", "high", "low"))
    return pl.DataFrame(
        {"start": start, "end": end, "days": end - start, "job": job, "pay": pay},
        schema_overrides={"pay": pl.String},
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    people().write_parquet(tmp_path / "people.parquet")
    people().with_columns(user=np.arange(N) // 4).write_parquet(tmp_path / "visits.parquet")
    (tmp_path / "domain.toml").write_text(DOMAIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


RIGHT = ("--domain", "domain.toml", "--epsilon", "1", "--delta", "1e-9")


def run(*more: str, data: str = "people.parquet") -> Any:
    return CliRunner().invoke(main, ["synthesize", data, *RIGHT, *more])


@pytest.mark.parametrize("mechanism", ["mst", "aim", "independent", "privbayes"])
def test_a_file_is_made_paid_for_and_written_beside_its_card(desk: Path, mechanism: str) -> None:
    done = run(
        *("--mechanism", mechanism, "--ledger", "sqlite:///l.db", "--budget", "3,1e-6", "--out", "s.parquet")
    )
    assert done.exit_code == 0, done.output
    assert "epsilon 1, delta 1e-09, hiding any one record" in done.output
    made = pl.read_parquet("s.parquet")
    assert made.schema == people().schema and abs(len(made) - N) < 200
    assert (made["end"] >= made["start"]).all() and (made["days"] == made["end"] - made["start"]).all()
    card = json.loads(Path("s.parquet.confide.json").read_text())
    paid = sum(one["rho"] for one in card["measured"])
    assert 0 < paid <= rho_of(1.0, 1e-9)
    ledger = examine_ledger("sqlite:///l.db")
    assert ledger.spent.rho == pytest.approx(rho_of(1.0, 1e-9) * 1e12, abs=2)
    ledger.close()


def test_pairs_are_kept_by_a_tree_and_lost_by_columns_alone(desk: Path) -> None:
    """Nurses are paid high, and nobody else: the share of exceptions tells a tree from columns alone."""

    def exceptions(mechanism: str) -> float:
        done = run("--mechanism", mechanism, "--out", f"{mechanism}.parquet")
        assert done.exit_code == 0, done.output
        made = pl.read_parquet(f"{mechanism}.parquet").drop_nulls("pay")
        return float(((made["job"] == "nurse") != (made["pay"] == "high")).mean())

    # 2 * 1/3 * 2/3 = .44 of independent rows are exceptions; noise of 50 rows a cell makes a few hundredths.
    assert exceptions("mst") < 0.1 and exceptions("independent") > 0.35


def test_the_same_seed_gives_the_same_rows_and_more_rows_cost_nothing() -> None:
    domain = read_domain_of(DOMAIN)
    made = [
        MST(domain, budget=Budget(1.0, 1e-9), rows=n, noise="rehearsal", seed=seed)(people(), rng=rng())
        for n, seed in ((None, 1), (None, 1), (None, 2), (9_000, 1))
    ]
    assert made[0].frame.equals(made[1].frame) and not made[0].frame.equals(made[2].frame)
    assert len(made[3].frame) == 9_000
    assert [m.sigma for m in made[3].margins] == [m.sigma for m in made[0].margins]
    assert all((a.counts == b.counts).all() for a, b in zip(made[0].margins, made[3].margins, strict=True))


def test_people_with_many_rows_are_trimmed_and_hidden_whole(desk: Path) -> None:
    (desk / "domain.toml").write_text(f'{DOMAIN}[columns.user]\nkind = "key"\n')
    done = run("--mechanism", "mst", "--unit", "user:3", "--out", "s.parquet", data="visits.parquet")
    assert done.exit_code == 0, done.output
    assert f"{N // 4:,} rows of people above the bound were left out" in done.output
    assert "hiding all rows of any one user" in done.output
    made, card = pl.read_parquet("s.parquet"), json.loads(Path("s.parquet.confide.json").read_text())
    assert made["user"].n_unique() == len(made) and card["promise"]["unit"]["at_most"] == 3
    alone = MST(read_domain_of(DOMAIN), budget=Budget(1.0, 1e-9), noise="rehearsal")(people(), rng=rng())
    assert card["measured"][0]["sigma"] == pytest.approx(3 * alone.margins[0].sigma, rel=0.05)


def test_private_bins_take_a_tenth_and_the_sum_is_the_promise() -> None:
    text = DOMAIN.replace(
        '[columns.start]\nkind = "integer"', '[columns.start]\nkind = "integer"\nbins = "quantiles:5"'
    )
    made = MST(read_domain_of(text), budget=Budget(1.0, 1e-9), noise="rehearsal")(people(), rng=rng())
    assert made.budget == Budget(1.0, 1e-9)
    whole = rho_of(1.0, 1e-9)
    assert made.release.spent <= 0.9 * whole < whole
    assert rho_of(with_rho(Budget(1.0, 1e-9), 0.9 * whole).epsilon, 1e-9) <= 0.9 * whole
    start = made.view.domains[made.view.at("start")]
    assert 2 <= len(start) <= 6


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--out", "people.parquet"), "is read here"),
        (("--out", "."), "choose one of these formats"),
        (("--out", "s.xlsx"), "choose one of these formats"),
        ((), "--out is missing"),
        (("--out", "s.csv", "--delta", "0.01"), "must be well below one over the number of records"),
        (("--out", "s.csv", "--domain", "none.toml"), "cannot be read"),
        (("--out", "s.csv", "--budget", "3,1e-5"), "give --ledger too"),
        (("--out", "s.csv", "--rehearse", "1", "--ledger", "sqlite:///l.db"), "nothing to charge"),
        (("--out", "s.csv", "--unit", "nobody:2"), "no column 'nobody'"),
        (("--out", "s.csv", "--epsilon", "0"), "epsilon is 0"),
        (
            ("--out", "s.csv", "--mechanism", "mst", "--workload", "3"),
            "--workload is of aim, and this is mst",
        ),
        (("--out", "s.csv", "--keep", "2"), "--keep is of plausible"),
        (("--out", "s.csv", "--workload", "start,nothing"), "nothing"),
        (("--out", "s.csv", "--workload", "start,,end"), "is no list of tables"),
        (("--out", "s.csv", "--ledger", "sqlite:///no.db"), "no.db"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(desk: Path, more: tuple[str, ...], says: str) -> None:
    before = sorted(p.name for p in desk.iterdir())
    done = run(*more)
    assert done.exit_code == 2 and says in done.output, done.output
    assert sorted(p.name for p in desk.iterdir()) == before


def test_rows_outside_the_domain_are_counted_for_their_owner_and_nothing_is_charged(desk: Path) -> None:
    people().with_columns(job=pl.lit("secret-value")).write_parquet("people.parquet")
    done = run("--ledger", "sqlite:///l.db", "--budget", "3,1e-6", "--out", "s.csv")
    assert done.exit_code == 2 and "'job' has a value that is not listed in 4,000 cells" in done.output
    assert "secret-value" not in done.output and not Path("l.db").exists()


def test_a_ledger_that_is_too_short_is_told_and_nothing_written(desk: Path) -> None:
    done = run("--ledger", "sqlite:///l.db", "--budget", "0.5,1e-6", "--out", "s.csv")
    assert done.exit_code == 2 and not Path("s.csv").exists(), done.output
    assert "epsilon of" in done.output


def test_an_earlier_file_is_replaced_with_its_card_only_by_force(desk: Path) -> None:
    assert run("--mechanism", "mst", "--out", "s.csv").exit_code == 0
    before = Path("s.csv").read_bytes(), Path("s.csv.confide.json").read_bytes()
    refused = run("--mechanism", "mst", "--out", "s.csv")
    assert refused.exit_code == 2 and "s.csv exists" in refused.output
    assert (Path("s.csv").read_bytes(), Path("s.csv.confide.json").read_bytes()) == before
    assert run("--mechanism", "mst", "--force", "--out", "s.csv").exit_code == 0
    assert Path("s.csv").read_bytes() != before[0]


@pytest.mark.slow
def test_a_killed_synthesis_has_charged_once_and_left_no_file(desk: Path) -> None:
    wide = people().with_columns(
        [pl.Series(f"c{i}", np.random.default_rng(i).integers(0, 30, N)) for i in range(24)]
    )
    wide.write_parquet("wide.parquet")
    columns = "".join(f'[columns.c{i}]\nkind = "integer"\nlow = 0\nhigh = 29\nbins = 30\n' for i in range(24))
    (desk / "domain.toml").write_text(DOMAIN + columns)
    words = ["synthesize", "wide.parquet", *RIGHT, "--ledger", "sqlite:///l.db", "--budget", "3,1e-6"]
    running = subprocess.Popen([sys.executable, "-m", "confide", *words, "--out", "s.parquet"], cwd=desk)
    try:
        end = time.monotonic() + 60
        while not (charged := spent(desk)) and running.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert charged and running.returncode == -signal.SIGKILL
    assert not Path("s.parquet").exists() and not Path("s.parquet.confide.json").exists()
    assert spent(desk) == pytest.approx(rho_of(1.0, 1e-9) * 1e12, abs=2)


def spent(desk: Path) -> int:
    if not (desk / "l.db").exists():
        return 0
    try:
        ledger = examine_ledger("sqlite:///l.db")
    except Exception:  # it is being made just now
        return 0
    found = ledger.spent.rho
    ledger.close()
    return found


def test_workloads_are_read_as_they_are_written() -> None:
    assert workload_of("a, b;c") == (("a", "b"), ("c",))


def test_a_unit_of_people_and_settings_in_python(desk: Path) -> None:
    unit = Unit.person("user", at_most=2)
    made = AIM("domain.toml", budget=Budget(1.0, 1e-9, unit), noise="rehearsal")(
        pl.read_parquet("visits.parquet"), rng=rng()
    )
    assert made.trimmed == N // 2 and "user" not in made.frame.columns
    settings = SynthesizeSettings("people.parquet", domain="domain.toml", epsilon=1, delta=1e-9, plan=True)  # pyright: ignore[reportArgumentType]
    assert settings.promise == Budget(1.0, 1e-9) and settings.out is None


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def read_domain_of(text: str) -> PublicDomain:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "domain.toml"
        path.write_text(text)
        return read_domain(path)


def test_error_bars_hold_and_say_where_there_are_none() -> None:
    """The true distance is inside each interval; of 15 at 99.9 % one is missed once in 70 runs, by chance."""
    domain, real = read_domain_of(DOMAIN), people()
    file = AIM(domain, budget=Budget(1.0, 1e-9), noise="rehearsal")(real, rng=rng(3))
    truth = encode(real, domain).table
    for one in file.errors(confidence=0.999):
        at = tuple(truth.at(name) for name in one.columns)
        shares = [counted(table, at) / len(table) for table in (truth, file.view)]
        assert one.low - 0.01 <= np.abs(shares[0] - shares[1]).sum() / 2 <= one.high
    assert file.error("job").basis == "measured" and file.error("job,pay").high < 1


def test_plausible_records_have_no_error_bars_and_no_ledger(desk: Path) -> None:
    done = run("--mechanism", "plausible", "--keep", "1", "--out", "s.parquet")
    assert done.exit_code == 0, done.output
    assert "for each released record by itself, nothing for the table as a whole" in done.output
    card = json.loads(Path("s.parquet.confide.json").read_text())
    assert card["promise"]["epsilon"] is None and card["errors"] == []
    refused = run(
        "--mechanism", "plausible", "--ledger", "sqlite:///l.db", "--budget", "3,1e-6", "--out", "t.csv"
    )
    assert refused.exit_code == 2 and "no ledger can pay for it" in refused.output
    made = PlausibleDeniability(read_domain_of(DOMAIN), generator=Budget(1.0, 1e-9), keep=1)(
        people(), rng=rng()
    )
    with pytest.raises(DataError, match="nothing bounds the error"):
        made.error("job")


def test_a_plan_opens_no_file_and_charges_nothing(desk: Path) -> None:
    Path("people.parquet").unlink()
    done = run("--mechanism", "mst", "--plan", "--rows", "4000")
    assert done.exit_code == 0, done.output
    # Four columns are modelled (days follows): four margins, and three pairs of a tree.
    assert "7 measurements" in done.output and "Nothing was charged" in done.output
    assert run("--plan").exit_code == 2  # the file is gone, and nobody says how many records there are


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--workload", "start,nothing"), "nothing"),
        (("--model-mb", "0.00001"), "model"),
        (("--epsilon", "0.000001", "--mechanism", "mst"), "give at least"),
        (("--epsilon", "0.000001", "--mechanism", "aim"), "give at least"),
    ],
)
def test_what_can_be_known_without_the_records_is_never_charged(
    desk: Path, more: tuple[str, ...], says: str
) -> None:
    done = run(*more, "--ledger", "sqlite:///l.db", "--budget", "3,1e-6", "--out", "s.csv")
    assert done.exit_code == 2 and says in done.output, done.output
    assert not Path("l.db").exists() and "charged" not in done.output


def test_python_refuses_a_delta_that_publishes_records() -> None:
    with pytest.raises(DataError, match="whole records could be published"):
        MST(read_domain_of(DOMAIN), budget=Budget(1.0, 1e-3), noise="rehearsal")(people(), rng=rng())


def test_words_for_nothing_and_dates_as_text_are_read_as_such(desk: Path) -> None:
    text = people().with_columns(pl.col("pay").fill_null("NA"))
    text.write_csv("people.csv")
    done = run("--mechanism", "mst", "--out", "s.csv", data="people.csv")
    assert done.exit_code == 0, done.output
    made = pl.read_csv("s.csv")
    assert 0.05 < made["pay"].null_count() / len(made) < 0.15


@pytest.mark.parametrize("mechanism", ["mst", "aim", "independent", "privbayes"])
def test_zeros_are_known_to_the_model_and_no_row_is_given_up_for_them(desk: Path, mechanism: str) -> None:
    zeros = '[[zeros]]\njob = "nurse"\npay = "low"\n[[zeros]]\nstart = "0..24"\njob = "cook"\n'
    domain = DOMAIN.replace("high = 49", "high = 49\nbins = 10") + zeros
    (desk / "domain.toml").write_text(domain)
    done = run("--mechanism", mechanism, "--out", "s.parquet")
    assert done.exit_code == 0, done.output
    made, card = pl.read_parquet("s.parquet"), json.loads(Path("s.parquet.confide.json").read_text())
    assert not len(made.filter((pl.col("job") == "nurse") & (pl.col("pay") == "low")))
    assert not len(made.filter((pl.col("job") == "cook") & (pl.col("start") < 25)))
    # A third are cooks, and half of them begin before 25: by rejection a sixth of the rows would be given up.
    assert card["rejected"] == 0 and abs(len(made) - N) < 200


def test_breaches_are_counted_under_noise_and_paid_with_the_rest(desk: Path) -> None:
    """A tenth breaks a rule. Noise for three rules at epsilon 3 has a scale of 1: off by 30 once in 10^13."""
    zero = '[[zeros]]\njob = "cook"\npay = "high"\n'
    (desk / "domain.toml").write_text(DOMAIN + zero)
    wrong = people().with_columns(start=pl.when(pl.arange(0, N) % 10 == 0).then(49).otherwise("start"))
    wrong = wrong.with_columns(end=pl.when(pl.arange(0, N) % 10 == 0).then(20).otherwise("end"))
    wrong.write_parquet("people.parquet")
    done = run(
        *("--mechanism", "mst", "--breaches", "3", "--ledger", "sqlite:///l.db"),
        *("--budget", "30,1e-6", "--out", "s.parquet"),
    )
    assert done.exit_code == 0, done.output
    assert "rules are broken by" in done.output and "of which epsilon 3 is for the counts" in done.output
    card = json.loads(Path("s.parquet.confide.json").read_text())
    counts = {one["rule"]: one for one in card["breaches"]["counts"]}
    assert abs(counts["end >= start"]["count"] - N / 10) < 30
    assert abs(counts["days = end - start"]["count"] - N / 10) < 45  # some of them have the days by chance
    assert counts["never job cook, pay high together"]["high"] < 60
    assert card["promise"]["epsilon"] == 4 and card["breaches"]["epsilon"] == 3
    ledger = examine_ledger("sqlite:///l.db")
    assert ledger.spent.rho == pytest.approx((rho_of(1.0, 1e-9) + 4.5) * 1e12, abs=2000)
    ledger.close()


def test_breaches_of_people_with_many_rows_count_each_person_once_at_their_noise(desk: Path) -> None:
    (desk / "domain.toml").write_text(f'{DOMAIN}[columns.user]\nkind = "key"\n')
    wrong = pl.read_parquet("visits.parquet").with_columns(start=49, end=20)
    wrong.write_parquet("visits.parquet")
    more = ("--mechanism", "mst", "--unit", "user:3", "--breaches", "2", "--out", "s.parquet")
    done = run(*more, data="visits.parquet")
    assert done.exit_code == 0, done.output
    card = json.loads(Path("s.parquet.confide.json").read_text())
    assert card["breaches"]["of"] == "people"
    assert abs(card["breaches"]["counts"][0]["count"] - N / 4) < 40


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--breaches", "0"), "breaches is 0"),
        (("--breaches", "1", "--mechanism", "plausible"), "needs a promise for the whole table"),
        (("--breaches", "1", "--domain", "free.toml"), "the domain has none"),
    ],
)
def test_breaches_that_cannot_be_counted(desk: Path, more: tuple[str, ...], says: str) -> None:
    (desk / "free.toml").write_text(DOMAIN.replace('rules = ["end >= start", "days = end - start"]', ""))
    done = run("--out", "s.csv", *more)
    assert done.exit_code == 2 and says in done.output and not Path("s.csv").exists(), done.output
