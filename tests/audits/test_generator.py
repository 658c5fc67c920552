"""Synthetic records compared before they are made: copies are found, and broken promises called so."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import confide
from confide.audits import synthesisers as protections
from confide.audits.protections import Protection
from confide.cli import main
from confide.core.budget import Budget
from confide.core.errors import ConfideError
from confide.core.nouns import Release
from confide.views.table import Table

pytest.importorskip("opendp")

DOMAIN = "".join(f'[columns.c{i}]\nkind = "integer"\nlow = 0\nhigh = 19\nbins = 20\n' for i in range(6))


def people(folder: Path, *, n: int = 1_200) -> Path:
    """Six columns of twenty values that go with each other a little: hardly two rows are equal."""
    rng = np.random.default_rng(3)
    base = rng.integers(0, 20, n)
    made = {f"c{i}": np.where(rng.random(n) < 0.2, base, rng.integers(0, 20, n)) for i in range(6)}
    pl.DataFrame(made).write_parquet(folder / "people.parquet")
    (folder / "domain.toml").write_text(DOMAIN)
    return folder / "people.parquet"


def audited(folder: Path, *protect: str, **settings: Any) -> confide.Audit:
    held = confide.Generator(people(folder), domain=folder / "domain.toml", people=400)
    return confide.audit(held, cache=folder / "cache", protect=protect, **settings)


@pytest.mark.slow
def test_copies_are_found_and_private_records_are_not(tmp_path: Path) -> None:
    done = audited(tmp_path, "bootstrap", "mst:1,1e-9")
    (before,), (copies, private) = done.before, done.sections
    assert before.headline.risk.auc.low > 0.95
    # Of a bootstrap 1 / e of the people are not drawn: .816 is the most.
    assert 0.70 < copies.headline.risk.auc.value < 0.88 and copies.headline.risk.auc.low > 0.6
    assert private.headline.risk.auc.low < 0.55
    assert private.promise == Budget(1.0, 1e-9) and copies.promise is None
    done.save(tmp_path / "report")
    assert "epsilon: at most, by the promise" in (tmp_path / "report/report.html").read_text()


@dataclass(frozen=True)
class Boasting:
    """Publishes the rows, and says that it hides them."""

    budget: Budget = field(default_factory=lambda: Budget(0.1, 1e-9))

    def __call__(self, data: Table, *, rng: np.random.Generator) -> Release[Table]:
        return Release(data.published, self.budget, "Boasting")


@pytest.mark.slow
def test_secrets_that_coins_wrote_are_told_from_copies_and_not_from_private_records(tmp_path: Path) -> None:
    held = confide.Generator(people(tmp_path), domain=tmp_path / "domain.toml", people=400, secret="c5")
    chosen = ["synthetic-copies", "correct-attribution", "nearest-record"]
    done = confide.audit(held, cache=tmp_path / "cache", protect=["bootstrap", "mst:1,1e-9"], attacks=chosen)
    assert len(done.sections) == 4
    copies, private = (s for s in done.sections if {f.risk.attack for f in s.findings} == set(chosen[1:]))
    # Only two people of whom neither was drawn cannot be told apart: the most is 1 - exp(-2) / 2 = .932.
    assert 0.88 < copies.headline.risk.auc.value < 0.97
    assert private.headline.risk.auc.low < 0.55


@pytest.mark.slow
def test_a_broken_promise_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boast = Protection(make=lambda *, noise: Boasting(), example="boast", random=True, alone=False, last=True)
    monkeypatch.setitem(protections.PROTECTIONS, "boast", boast)  # pyright: ignore[reportArgumentType]
    done = audited(tmp_path, "boast")
    assert done.exit_code == 1
    assert "breaks its promise" in done.report.text()


@pytest.mark.slow
def test_the_frontier_makes_all_budgets_and_names_the_largest_within_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["frontier", "synthetic", "people.parquet", "--domain", "domain.toml", "--people", "400"]
    how = [
        "--mechanism",
        "independent,bootstrap",
        "--epsilon",
        "4,1",
        "--limit",
        "auc=0.65",
        "--out",
        "report",
    ]
    done = CliRunner().invoke(main, [*words, *how])
    assert done.exit_code == 0, done.output
    assert "The largest budget within all limits: independent:4,1e-9." in " ".join(done.output.split())
    assert Path("report/report.html").exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--mechanism", "mst,mst", "--epsilon", "1"), "names one twice"),
        (("--mechanism", "mst", "--epsilon", "1,1"), "names a budget twice"),
        (("--mechanism", "nothing", "--epsilon", "1"), "nothing"),
        (("--mechanism", "mst", "--epsilon", "-1"), "-1"),
        (("--mechanism", "mst", "--epsilon", "1", "--delta", "2"), "delta is 2"),
        (("--mechanism", "mst", "--epsilon", "1", "--target", "c9"), "no column 'c9' to predict"),
        (("--mechanism", "mst", "--epsilon", "1", "--domain", "none.toml"), "cannot be read"),
        (("--mechanism", "mst", "--epsilon", "1", "--secret", "c9"), "no column 'c9' to keep secret"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], says: str
) -> None:
    people(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["frontier", "synthetic", "people.parquet", "--domain", "domain.toml", "--out", "report", *more]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2 and says in done.output, done.output
    assert not Path("report").exists()


def test_too_few_records_and_private_bins_are_refused(tmp_path: Path) -> None:
    people(tmp_path, n=100)
    with pytest.raises(ConfideError, match="100 records: give 200 or more"):
        confide.audit(confide.Generator(tmp_path / "people.parquet", domain=tmp_path / "domain.toml"))
    people(tmp_path)
    (tmp_path / "domain.toml").write_text(DOMAIN.replace("bins = 20", 'bins = "quantiles:5"', 1))
    with pytest.raises(ConfideError, match="give public bins to compare budgets"):
        confide.audit(confide.Generator(tmp_path / "people.parquet", domain=tmp_path / "domain.toml"))
