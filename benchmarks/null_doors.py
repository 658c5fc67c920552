"""Made-up null audits, door by door: data in which being in the release leaves no trace in what is seen.

Sizes are the least at which every limit can be settled, so that the audit judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

import confide
from confide.attacks.membership.counts import InnerProduct, KnockKnock
from confide.attacks.reconstruction.crosstabs import GenerateThenVerify, RankedRows
from confide.core.arrays import Ints, Rng
from confide.core.evidence import Evidence
from confide.data.ratings_like import ratings_like
from confide.data.twins import pictures
from confide.data.twins_traces import wanderers
from confide.views.images import Pictures

if TYPE_CHECKING:
    from confide.audits import Held

LIMITS = ("tpr@0.01=0.01", "tpr@0.1=0.1", "auc=0.5", "advantage=0")
"""What guessing reaches, and so the truth of a null audit where every claim can be right."""
A_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Door:
    """One kind of null audit.

    Args:
        why: why being in the release tells nothing.
        held: draws what the user holds.
        options: of `confide.audit`, besides seed, limits and cache.
        limits: that are judged; fewer where the people are too few for one.
    """

    why: str
    held: Callable[[Rng], Held]
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = LIMITS


def scores(rng: Rng, *, attacks: int = 1, values: int | None = None, n: int = 500) -> Held:
    """Scores of n people on either side by one law, whole numbers below `values` where it is given."""
    exposed = np.arange(2 * n) % 2 == 0

    def drawn() -> np.ndarray:
        return (
            rng.standard_normal(2 * n) if values is None else rng.integers(values, size=2 * n).astype(float)
        )

    return confide.Scores([Evidence.of(exposed, drawn(), attack=f"attack {i}") for i in range(attacks)])


def rounds(rng: Rng, *, people: int = 260, worlds: int = 5) -> Held:
    """Everybody asked about in each world, in it or not by a coin; a person has a level of their own."""
    target, world = np.tile(np.arange(people), worlds), np.repeat(np.arange(worlds), people)
    score = 2 * rng.standard_normal(people)[target] + rng.standard_normal(len(target))
    return confide.Scores(Evidence.of(rng.random(len(target)) < 0.5, score, world=world, target=target))


def model(rng: Rng, *, n: int = 640, coarse: bool = False, strangers: int = 0, **held: Any) -> Held:
    """A logistic regression of a third set, and two sides that a coin made from people like these."""

    def people(size: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.integers(0, 2, (size, 12)).astype(float) if coarse else rng.standard_normal((size, 6))
        level = x[:, :3].sum(axis=1)
        return x, (level + rng.standard_normal(size) > (1.5 if coarse else 0)).astype(np.int64)

    trained = LogisticRegression().fit(*people(300))
    (x, y), coin = people(2 * n), rng.permutation(2 * n) < n
    return confide.Model(
        trained,
        members=(x[coin], y[coin]),
        nonmembers=(x[~coin], y[~coin]),
        population=people(strangers) if strangers else None,
        references=4,
        **held,
    )


def rated(rng: Rng, n: int, who: str) -> pl.DataFrame:
    made = ratings_like(people=n, items=60, each=20, rng=rng)
    assert made.rating is not None and made.day is not None
    return pl.DataFrame(
        {
            "user": [f"{who}{p}" for p in made.person],
            "film": made.item,
            "stars": made.rating,
            "at": (made.day.astype(np.float64) * A_DAY).astype(np.int64),
        }
    )


def ratings(rng: Rng, *, n: int = 950) -> Held:
    """Ratings, and a release with new rows of the same law."""
    return confide.Ratings(
        rated(rng, n, "a"),
        user="user",
        item="film",
        rating="stars",
        time="at",
        released=rated(rng, n, "b"),
        key=_key(n),
        facts=4,
        wrong=1,
    )


def likes(rng: Rng, *, n: int = 900) -> Held:
    """Likes, and a trait that a coin gave to everybody."""
    traits = pl.DataFrame({"user": [f"a{i}" for i in range(n)], "trait": rng.integers(0, 2, n)})
    records = rated(rng, n, "a").select("user", "film")
    return confide.Likes(records, user="user", item="film", traits=traits, trait="trait", folds=3)


def visits(rng: Rng, n: int, who: str, *, each: int, places: int, days: int) -> pl.DataFrame:
    made = wanderers(n, around=(48.1, 11.5), each=each, places=places, days=days, rng=rng)
    return pl.DataFrame(
        {
            "user": [f"{who}{p}" for p in made.person],
            "at": made.time,
            "place": [f"place {p}" for p in made.place],
        }
    )


def traces(rng: Rng, *, n: int = 1_000) -> Held:
    """Traces, and a release with new rows of the same law."""
    shown = [visits(rng, n, who, each=20, places=40, days=6) for who in "ab"]
    return confide.Traces(
        shown[0], user="user", time="at", place="place", released=shown[1], key=_key(n), points=3
    )


def images(rng: Rng, *, n: int = 480, people: int = 120) -> Held:
    """Pictures whose names were shuffled: nobody is in two pictures of a name."""
    made = pictures(n, name="null audits", people=people, shape=(8, 8), rng=rng)
    assert made.person is not None
    shuffled: Ints = rng.permutation(made.person)
    return confide.Images(Pictures(made.pixels, shuffled), gallery=0.5, worlds=4)


def counts(rng: Rng, *, targets: int = 800) -> Held:
    """Visits that are counted under noise by which they promise epsilon .001."""
    return confide.Counts(
        visits(rng, 300, "a", each=6, places=8, days=2),
        user="user",
        time="at",
        place="place",
        bin="12h",
        span="2d",
        group=50,
        targets=targets,
    )


def answers(rng: Rng, *, n: int = 200, queries: int = 40) -> Held:
    """A secret that half of the people have, and queries that each count half of the people."""
    asked = {f"query {i}": rng.integers(0, 2, n) for i in range(queries)}
    secret = pl.DataFrame({"secret": rng.permutation(np.arange(n) % 2)})
    return confide.Answers(secret, secret="secret", workload=pl.DataFrame(asked), targets=n)


def crosstabs(rng: Rng, *, blocks: int = 3, n: int = 100) -> Held:
    """Two two-way tables of each of three areas, and the people behind them."""
    drawn = {name: rng.integers(0, k, blocks * n) for name, k in (("sex", 2), ("age", 3), ("job", 3))}
    people = pl.DataFrame({"area": np.repeat(np.arange(blocks), n), **drawn}).cast(pl.String)
    tables = [
        people.group_by("area", a, b).len("count").sort("area", a, b)
        for a, b in (("sex", "age"), ("age", "job"))
    ]
    return confide.Crosstabs(tables, data=people, block="area", targets=120, seconds=5)


def frequencies(rng: Rng, *, pool: int = 60, others: int = 80, snps: int = 40) -> Held:
    """Genotypes of one population: a pool, people who are absent from it, and a reference."""
    common = rng.uniform(0.1, 0.9, snps)

    def people(n: int) -> pl.DataFrame:
        names = [f"snp {i}" for i in range(snps)]
        return pl.DataFrame(rng.binomial(2, common, (n, snps)), schema=names, orient="row")

    return confide.Frequencies(people(pool), reference=people(others), targets=people(others), questions=160)


def _key(n: int) -> pl.DataFrame:
    return pl.DataFrame({"original": [f"a{i}" for i in range(n)], "released": [f"b{i}" for i in range(n)]})


NOISE = "laplace:0.001,30"
HEAVY = "laplace:0.001"
NEW_ROWS = "the released rows are new ones of the same law, under a key"
THIRD = "the model learned from a third set"
DOORS: Mapping[str, Door] = {
    "scores": Door(why="one normal law for both sides", held=scores),
    "scores, three values": Door(why="as before, with ties", held=lambda rng: scores(rng, values=3)),
    "scores, seven attacks": Door(
        why="as before, and the worst leads", held=lambda rng: scores(rng, attacks=7)
    ),
    "scores, five rounds": Door(
        why="a coin for each person and round; a person has a level of their own", held=rounds
    ),
    "model": Door(why=THIRD, held=lambda rng: model(rng, strangers=200)),
    "model, records with copies": Door(
        why=f"{THIRD}; 13 yes/no answers, shared records left out",
        held=lambda rng: model(rng, n=1_400, coarse=True, allow_overlap=True),
    ),
    "model, white-box": Door(
        why=THIRD,
        held=lambda rng: model(rng, access="white-box"),
        options={"attacks": "decoder,gradient-norm,supervised,joint,embedding"},
    ),
    "ratings": Door(why=NEW_ROWS, held=ratings),
    "traces": Door(why=NEW_ROWS, held=traces),
    "likes": Door(why="a coin gave the trait", held=likes),
    "images": Door(
        why="names were shuffled",
        held=images,
        options={"attacks": "recogniser,clear-trained"},
        limits=LIMITS[1:],  # of 120 people none settles a rate at 1 %
    ),
    "counts": Door(
        why=f"noise: {NOISE}", held=counts, options={"attacks": "inner-product", "protect": NOISE}
    ),
    "counts, both attacks": Door(
        why=f"noise: {NOISE}",
        held=lambda rng: counts(rng, targets=200),
        options={"attacks": [InnerProduct(), KnockKnock(groups=20)], "protect": NOISE},
        limits=LIMITS[1:],  # of 200 questions none settles a rate at 1 %
    ),
    "answers": Door(
        why=f"noise: {HEAVY}",
        held=answers,
        options={"protect": HEAVY},
        limits=LIMITS[1:],  # of 200 people none settles a rate at 1 %
    ),
    "crosstabs": Door(
        why=f"noise: {HEAVY}",
        held=crosstabs,
        options={"attacks": [GenerateThenVerify(), RankedRows(draws=10)], "protect": HEAVY},
        limits=LIMITS[1:],
    ),
    "frequencies": Door(
        why=f"noise: {HEAVY}",
        held=frequencies,
        options={"attacks": "frequency-lr,robust-inner-product", "protect": HEAVY},
        limits=LIMITS[1:],
    ),
}
