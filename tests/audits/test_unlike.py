"""A release of rows that were newly drawn, under a key: audited, and no limit counts as kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.data.ratings_like import ratings_like
from confide.data.twins_traces import wanderers

from .door import call

pytestmark = pytest.mark.usefixtures("quick_traces")
PEOPLE = 160
KEY = pl.DataFrame({"mine": [f"u{p}" for p in range(PEOPLE)], "theirs": [f"r{p}" for p in range(PEOPLE)]})


def interactions(seed: int, prefix: str) -> pl.DataFrame:
    made = ratings_like(people=PEOPLE, items=120, each=20, rng=np.random.default_rng(seed))
    return pl.DataFrame({"user": [f"{prefix}{p}" for p in made.person], "item": [f"i{i}" for i in made.item]})


def visits(seed: int, prefix: str) -> pl.DataFrame:
    made = wanderers(PEOPLE, around=(48.1, 11.5), each=20, places=80, days=8, rng=np.random.default_rng(seed))
    user, place = [f"{prefix}{p}" for p in made.person], [f"p{p}" for p in made.place]
    return pl.DataFrame({"user": user, "time": made.time, "place": place})


def ratings(released: pl.DataFrame, key: pl.DataFrame) -> confide.Audit:
    given: dict[str, Any] = {
        "user": "user",
        "item": "item",
        "targets": 100,
        "facts": 6,
        "attacks": "scoreboard",
    }
    return call(
        confide.Ratings, interactions(1, "u"), released=released, key=key, limits=["auc=0.7"], **given
    )


def likes(released: pl.DataFrame, key: pl.DataFrame) -> confide.Audit:
    traits = pl.DataFrame({"user": KEY["mine"], "trait": np.arange(PEOPLE) % 2})
    given: dict[str, Any] = {"user": "user", "item": "item", "traits": traits, "trait": "trait", "folds": 4}
    given |= {"attacks": "likes-tfidf", "limits": ["auc=0.7"]}
    return call(confide.Likes, interactions(1, "u"), released=released, key=key, **given)


def traces(released: pl.DataFrame, key: pl.DataFrame) -> confide.Audit:
    given: dict[str, Any] = {"user": "user", "time": "time", "place": "place", "targets": 100}
    given |= {"attacks": "nearby-points", "limits": ["auc=0.7"]}
    return call(confide.Traces, visits(1, "u"), released=released, key=key, **given)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("audit", "made"), [(ratings, interactions), (likes, interactions), (traces, visits)]
)
def test_rows_drawn_anew_are_audited_and_never_within(audit: Any, made: Any) -> None:
    found = audit(made(2, "r"), KEY)
    assert found.sections[0].headline.risk.auc.high < 0.7  # it would be within
    assert found.verdict == "not settled"
    page = found.report.page
    assert "whether the key is right" in page["verdict_sentence"]
    assert any("or the key is wrong" in line for line in page["sections"][0]["warnings"])


@pytest.mark.parametrize(("audit", "made"), [(ratings, interactions), (traces, visits)])
def test_a_key_with_its_rows_mixed_up_is_still_refused(audit: Any, made: Any) -> None:
    mixed = KEY.with_columns(theirs=pl.Series([f"r{(p + 7) % PEOPLE}" for p in range(PEOPLE)]))
    with pytest.raises(confide.ConfideError, match="check the rows of the key"):
        audit(made(1, "r"), mixed)
    right = audit(made(1, "r"), KEY)
    assert not right.sections[0].unsettled
