"""What was done to traces: worked out from both sides, or said and held against the release."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from confide.audits.protections import parse_protections
from confide.audits.traces.protections import PROTECTIONS
from confide.core.nouns import AnyMechanism
from confide.data.twins_traces import wanderers
from confide.inputs.traces import Traces, visits_of
from confide.inputs.visits import Visits
from confide.inputs.worked_out.making import Making
from confide.inputs.worked_out.traces import worked_out
from confide.inputs.worked_out.visits_as_said import contrasts
from confide.knowledge.traces import owners
from confide.views import traces as views

EXAMPLES = [
    *(p.example for p in PROTECTIONS.values()),
    "bin:24h+cell:11km",
    "cell:2km+split:24h",
    "cut:month",
    "degrees:0.1,down+bin:24h",
]
BY_RULE = ["bin:24h", "cell:11km", "degrees:0.01", "cut:day,-8h", "cut:month", "split:24h", "rare:5"]


@cache
def frame() -> pl.DataFrame:
    made = wanderers(200, around=(48.1, 11.5), each=30, places=120, days=70, rng=np.random.default_rng(1))
    assert made.where is not None
    near = np.random.default_rng(5).normal(0, 0.002, (2, 300))[:, made.place]  # off the lattice of the twin
    return pl.DataFrame(
        {
            "user": made.person.astype(np.int64),
            "time": made.time,
            "lat": made.where[made.place, 0] + near[0],
            "lon": made.where[made.place, 1] + near[1],
        }
    )


def read(released: pl.DataFrame, key: pl.DataFrame | None = None) -> Visits:
    columns = {"user": "user", "time": "time", "lat": "lat", "lon": "lon"}
    return visits_of(Traces(frame(), released=released, key=key, **columns))  # pyright: ignore


def by(text: str) -> AnyMechanism:
    return parse_protections([text], PROTECTIONS)[text]


@cache
def released(text: str) -> Visits:
    """The visits after this protection, written with six digits and read again."""
    exact = visits_of(Traces(frame(), user="user", time="time", lat="lat", lon="lon")).exact
    mechanism = by(text)
    view: views.Traces = mechanism(exact, rng=np.random.default_rng(1)).view
    assert view.where is not None
    table = pl.DataFrame(
        {
            "user": view.person.astype(np.int64),
            "time": view.time,
            "lat": np.round(view.where[view.place, 0], 6),
            "lon": np.round(view.where[view.place, 1], 6),
        }
    )
    whose = np.array(
        [int(p) for p in visits_of(Traces(frame(), user="user", time="time", lat="lat", lon="lon")).people]
    )
    behind = whose[owners(mechanism, exact)]
    return read(table, pl.DataFrame({"mine": behind, "theirs": np.arange(len(behind))}))


def made_of(visits: Visits) -> Making:
    assert visits.shown is not None and visits.owner is not None
    return worked_out(visits.exact, visits.shown, visits.owner)


def against(text: str, visits: Visits) -> list[tuple[str, bool, bool]]:
    assert visits.shown is not None and visits.owner is not None
    found = contrasts(by(text), visits.exact, visits.shown, visits.owner, named=False)
    return [(c.clause, c.said, bool(c.wrong.any())) for c in found]


@pytest.mark.parametrize("text", BY_RULE)
def test_a_rule_is_worked_out(text: str) -> None:
    found = made_of(released(text))
    assert found.unexplained is None
    assert by(found.text) == by(text), found.text


def test_the_law_of_noise_and_its_size_are_worked_out() -> None:
    # 6,000 visits: a scale is off by about 1 in 100 (one deviation), the share of rows by .006.
    for text, size in (("gauss:200m", 200.0), ("planar:200m,1.4", 1.4), ("sample:0.5", 0.5)):
        found = made_of(released(text))
        assert found.unexplained is None
        name, _, settings = found.text.partition(":")
        assert name == text.partition(":")[0], found.text
        assert float(settings.split(",")[-1].rstrip("m")) == pytest.approx(size, rel=0.06), found.text


def test_an_untouched_release_is_made_of_nothing() -> None:
    assert not made_of(read(frame())).steps


def test_what_no_rule_explains_leaves_a_doubt() -> None:
    rng = np.random.default_rng(4)
    moved = frame().with_columns(
        time=pl.col("time") + pl.Series(rng.integers(-9 * 10**5, 9 * 10**5, frame().height))
    )
    assert "of the released times are no times of the same person" in str(made_of(read(moved)).unexplained)
    first = frame().filter(pl.col("lat") > pl.col("lat").median())
    assert "no rule says which" in str(made_of(read(first)).unexplained)


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_is_truly_said_is_never_contradicted(text: str) -> None:
    assert not against(text, released(text))


@pytest.mark.parametrize(
    ("said", "truly", "what"),
    [
        ("bin:24h", "cut:month", "times"),
        ("bin:1h", "bin:24h", "times"),
        ("cell:11km", "cell:2km", "places"),
        ("cell:1km", "bin:24h+cell:2km", "places"),
        ("gauss:500m", "bin:24h", "places"),
        ("split:24h", "split:7d", "user ids"),
        ("rare:20", "rare:3", "places"),
    ],
)
def test_what_the_release_contradicts_is_found(said: str, truly: str, what: str) -> None:
    found = [c for c in against(said, released(truly)) if c[1]]
    assert found and found[0][0].startswith(f"the {what} of the released file are otherwise in"), found
    assert found[0][2], "there are rows to name"


@pytest.mark.parametrize(
    ("said", "truly", "clause"),
    [
        ("cell:2km", "cell:2km+bin:24h", "the times of the released file are others than"),
        ("bin:24h", "bin:24h+cell:11km", "the places of the released file are others than"),
        ("bin:24h", "bin:24h+split:24h", "the user ids of the released file are others than"),
        ("bin:24h", "bin:24h+sample:0.3", "of the known rows are not in the released file"),
    ],
)
def test_what_nobody_speaks_of_is_a_doubt(said: str, truly: str, clause: str) -> None:
    found = against(said, released(truly))
    assert found and not any(c[1] for c in found) and clause in found[0][0], found
