"""Protecting a table in which people have several rows: k people in the file, counted from outside."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits.settings import Settings
from confide.audits.table.games import linkage
from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.nouns import Release
from confide.inputs.table import Table, read_data
from confide.measure.class_secrets import Diversity
from confide.mechanisms.anonymize.class_rules import Rules, verified
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.releases.table import least_change, read
from confide.releases.until_halves import halves
from confide.views.table import Domain
from confide.views.table import Table as Cells

SETTINGS: dict[str, Any] = {"seed": 3, "attacks": "nearest"}
KNOWN = ["age", "town"]
PEOPLE = 150


def visits(seed: int = 0, most: int = 5) -> pl.DataFrame:
    """Frequent visitors, whose rows are mostly equal: classes of 8 rows of 2 people are there at once."""
    rng = np.random.default_rng(seed)
    who = rng.permutation(np.repeat(np.arange(PEOPLE), rng.integers(1, most + 1, PEOPLE)))
    n = len(who)
    age, town = rng.integers(18, 60, PEOPLE)[who], rng.integers(0, 9, PEOPLE)[who]
    return pl.DataFrame(
        {
            "visit": [f"v{i}" for i in rng.permutation(n)],
            "age": np.where(rng.random(n) < 0.8, age, rng.integers(18, 60, n)),
            "town": [f"T{t}" for t in town],
            "ill": [f"I{i}" for i in rng.integers(0, 3, n)],
            "who": [f"p{i:03d}" for i in who],
        }
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    visits().write_csv("visits.csv")
    return tmp_path


def held(**more: Any) -> Table:
    return Table("visits.csv", known=KNOWN, id="who", **more)


def fewest(path: str, by: str) -> tuple[int, int]:
    """The fewest rows and the fewest people of a class of the file, whose rows are known by their visit."""
    written = pl.read_csv(path, infer_schema=False)
    owner = pl.read_csv(by, infer_schema=False).select("visit", "who")
    shown = written.join(owner, on="visit", validate="1:1").filter(~pl.all_horizontal(pl.col(KNOWN) == "*"))
    of = shown.group_by(KNOWN).agg(pl.len().alias("rows"), pl.col("who").n_unique().alias("people"))
    return int(of["rows"].to_numpy().min()), int(of["people"].to_numpy().min())


@pytest.mark.slow
@pytest.mark.parametrize("protection", ["local:6", "lattice:6,0.1", "mondrian:6", "blank:3"])
def test_every_class_of_the_written_file_has_k_people(protection: str, desk: Path) -> None:
    done = confide.protect(held(), protection, out="safer.csv", key_out="key.csv", **SETTINGS)
    assert "who" not in pl.read_csv("safer.csv").columns
    k = int(protection[-1]) if protection.startswith("blank") else 6
    assert fewest("safer.csv", "visits.csv")[1] >= k
    side = json.loads(Path("safer.csv.confide.json").read_text())
    assert any(f"at least {k} people" in text for text in side["verified"])
    assert side["before"]["people"] == side["after"]["people"] == PEOPLE
    (said,) = (note for note in done.notes if "unit is the person" in note)
    assert f"{PEOPLE} people in {visits().height} rows" in said
    assert any("These have one who: rows" in note for note in done.notes)
    # No id is in the sidecar, and whose a row is goes nowhere.
    assert "p001" not in json.dumps(side) and '"people": [' not in json.dumps(side)


def test_counting_rows_would_not_have_been_enough(desk: Path) -> None:
    """The broken twin: without ids the same protection makes classes of fewer people."""
    confide.protect(Table("visits.csv", known=KNOWN), "mondrian:6", out="rows.csv", **SETTINGS)
    rows, people = fewest("rows.csv", "visits.csv")
    assert rows >= 6 > people


def test_what_counted_rows_is_refused_when_it_is_verified_by_people(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Mondrian.__call__

    def by_rows(self: Mondrian, data: Cells, *, rng: Rng | None) -> Release[Cells]:
        made = whole(self, data.published, rng=rng)
        return replace(made, view=replace(made.view, people=data.people))

    monkeypatch.setattr(Mondrian, "__call__", by_rows)
    with pytest.raises(DataError, match="not true that every class has at least 6 people"):
        confide.protect(held(), "mondrian:6", out="safer.csv", **SETTINGS)
    assert not Path("safer.csv").exists()


def test_epsilon_is_for_a_person_with_all_their_rows(desk: Path) -> None:
    visits(most=5).write_csv("visits.csv")
    most = int(visits(most=5)["who"].value_counts()["count"].to_numpy().max())
    bare = "k-ary(town) laplace(age, 18..60)"
    done = confide.protect(held(), bare, epsilon=2.0, out="noisy.csv", **SETTINGS)
    assert f"nobody has more than {most}" in done.sidecar.promise and "epsilon 2," in done.sidecar.promise
    assert any(f"divided by {most}" in note for note in done.notes)
    # A town is kept with odds of e^(2 / 2 columns / 5 rows) to 1 at most, by the sidecar.
    (chance,) = (json.loads(Path("noisy.csv.confide.json").read_text())["bound"]["chances"]["town"],)
    assert np.log(chance["keep"] / chance["other"]) == pytest.approx(2.0 / 2 / most, rel=1e-6)
    whole = confide.protect(held(), "k-ary:8", out="whole.csv", **SETTINGS)
    assert whole.sidecar.promise.startswith("epsilon 8,") and f"more than {most}" in whole.sidecar.promise
    one = confide.protect(Table("visits.csv", known=KNOWN), "k-ary:8", out="one.csv", **SETTINGS)
    assert one.sidecar.promise.endswith("any one record")


def test_a_recipe_does_the_same_next_month(desk: Path) -> None:
    confide.protect(held(), "mondrian:6", out="safer.csv", **SETTINGS)
    visits(seed=1).write_csv("next.csv")
    again = Table("next.csv", known=KNOWN, id="who")
    confide.protect(again, out="next-safer.csv", recipe="safer.csv.confide.json", **SETTINGS)
    assert fewest("next-safer.csv", "next.csv")[1] >= 6


def test_ids_that_are_kept_are_written_and_verified_by_people(desk: Path) -> None:
    confide.protect(held(), "mondrian:6", out="kept.csv", ids="keep", **SETTINGS)
    written = pl.read_csv("kept.csv")
    assert written["who"].to_list() == visits()["who"].to_list()
    assert written.group_by(KNOWN).agg(pl.col("who").n_unique())["who"].to_numpy().min() >= 6


def test_halves_of_the_people_share_nobody(desk: Path) -> None:
    found = least_change(
        read(held(wrong=0.0, targets=60)), ["mondrian"], "linkage=0.5", Settings(seed=1, attacks="nearest")
    )
    assert found.text.startswith("mondrian") and found.other.people == 60


def test_somebody_is_in_one_half_alone_and_held_out_with_all_rows() -> None:
    record = Table(visits(), known=KNOWN, id="who")
    game = linkage(record, read_data(record), made_by=None, rng=np.random.default_rng(0))
    on = halves(game, secret="", asked=60, rng=np.random.default_rng(1), name="visits")
    whose = game.records.people
    assert whose is not None
    asked = [set(whose[half.linkage[0].targets].tolist()) for half in on]
    assert len(asked[0]) == len(asked[1]) == 60 and not asked[0] & asked[1]
    for half in on:
        out = [set(whose[one.absent].tolist()) for one in half.linkage if one.absent is not None]
        assert out[0] | out[1] == set(whose[half.linkage[0].targets].tolist()) and not out[0] & out[1]
        for one in half.linkage:
            assert one.absent is not None
            assert not set(whose[one.absent].tolist()) & set(whose[~one.absent].tolist())


def test_claims_of_l_and_t_say_that_they_count_rows() -> None:
    domains = [Domain("age", ("30",)), Domain("ill", ("flu", "cold"))]
    cells = np.array([[0, 0], [0, 1], [0, 0]])
    rules = Rules(k=2, l=Diversity.of("2"), t=0.5, secret="ill")
    owned = Cells.of(domains, cells, people=np.array([0, 0, 1]))
    texts = [claim.text for claim in verified(owned, ["age"], rules)]
    assert "at least 2 people" in texts[0]
    assert all(text.endswith("counted by rows and not by people") for text in texts[1:]) and len(texts) == 3
    assert not any("by rows" in claim.text for claim in verified(Cells.of(domains, cells), ["age"], rules))
