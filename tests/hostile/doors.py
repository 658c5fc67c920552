"""Wrong values at every door of Python: each argument of each audit, of each release, and of the settings.

Arguments are taken from the records themselves, so a new field is tried without a word here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

import confide
from confide.audits import KINDS as DOORS
from confide.audits import Settings, spec_of
from confide.learners.tap import TrainingPlan
from confide.releases import KINDS as RELEASES
from confide.releases import ReleaseSettings

from .desk import Call, Tried, inputs_of
from .kinds import Kind
from .tables import TRAITS, people_table
from .values import odd_values


def records_of(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 3))
    return x, (x[:, 0] + rng.normal(size=n) > 0).astype(np.int64)


def folk(n: int = 60, seed: int = 4) -> pl.DataFrame:
    """A row a person."""
    rng = np.random.default_rng(seed)
    columns = {
        "age": rng.integers(20, 40, n),
        "town": rng.choice(["a", "b"], n),
        "ill": rng.choice([0, 1], n),
    }
    return pl.DataFrame(columns)


QUERIES = [f"age > {age} and town = '{town}'" for age in range(20, 40) for town in "ab"]


def genotypes(seed: int, n: int = 30) -> pl.DataFrame:
    """A row a person, a column a SNP."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame({f"rs{i}": rng.integers(0, 3, n) for i in range(60)})


@cache
def right() -> dict[str, dict[str, Any]]:
    """What each door takes: the arguments of a record that can be audited within moments."""
    plain = people_table()
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (24, 8, 8)).astype(np.uint8)
    named = confide.Evidence.of(exposed=np.arange(200) < 100, score=rng.normal(size=200))
    visits = {"records": plain, "user": "user", "time": "time"}
    return {
        "model": {
            "model": LogisticRegression().fit(*records_of()),
            "members": records_of(),
            "nonmembers": records_of(41),
            "references": 0,
        },
        "rebuild": {
            "model": LogisticRegression().fit(*records_of()),
            "members": records_of(),
            "nonmembers": records_of(41),
        },
        "ratings": visits | {"item": "item", "rating": "rating", "facts": 2, "wrong": 0, "targets": 10},
        "traces": visits | {"place": "item", "bin": "1d", "points": 2, "targets": 10},
        "likes": {
            "records": plain,
            "user": "user",
            "item": "item",
            "traits": TRAITS,
            "trait": "trait",
            "folds": 2,
        },
        "images": {"pictures": _pictures(pictures), "gallery": 0.5, "worlds": 1},
        "table": {"records": folk(), "known": "age,town", "secret": "ill", "targets": 40},
        "synthetic": {"real": folk(), "synthetic": folk(seed=5), "control": folk(seed=6), "people": 80},
        "counts": visits | {"place": "item", "bin": "1d", "group": 10, "targets": 40},
        "answers": {"records": folk(), "secret": "ill", "workload": QUERIES, "targets": 40},
        "frequencies": {
            "records": genotypes(1),
            "reference": genotypes(2),
            "targets": genotypes(3),
            "questions": 40,
        },
        "training": {
            "train": of_noise,
            "data": records_of(120),
            "epsilon": 1.0,
            "delta": 1e-3,
            "canaries": 100,
        },
        "learner": {
            "data": folk(240),
            "label": "ill",
            "schema": learner_schema(),
            "references": 2,
        },
        "generator": {"data": folk(240), "domain": domain_file(), "people": 40},
        "text": {
            "model": likelihoods,
            "canaries": MARKED[:10],
            "prefixes": MARKED[:10],
            "heldout": MARKED[10:],
            "controls": 20,
            "candidates": 100,
        },
        "collaboration": collaborated(),
        "crosstabs": {"tables": plain.group_by("item").len("count"), "seconds": 1.0},
        "logits": {"phi": LOGITS[0], "keep": LOGITS[1]},
        "scores": {"evidence": named},
    }


@cache
def collaborated() -> dict[str, Any]:
    """A run of two parties, seen by the server."""
    from confide.collaboration import FedAvg, LocalTraining

    learner = LocalTraining().learner(features=3, classes=2)
    clients = {"a": records_of(), "b": records_of(41)}
    run = confide.collaborate(learner, clients, FedAvg(), rounds=2, rng=np.random.default_rng(1))
    return {"transcript": run, "seen_by": "server", "controls": records_of(42), "model": learner}


def _logits() -> tuple[np.ndarray, np.ndarray]:
    """Of three models on 60 records, and who trained each."""
    rng = np.random.default_rng(4)
    keep = np.arange(60) % 2 == np.array([[0], [1], [0]])
    return rng.normal(size=(3, 60)) + keep, keep


LOGITS = _logits()


@cache
def learner_schema() -> str:
    """A file with the public columns of `folk`."""
    path = Path(mkdtemp()) / "schema.toml"
    town = '[columns.town]\nvalues = ["a", "b"]\n'
    path.write_text(f"[columns.age]\nlow = 20\nhigh = 40\n{town}[columns.ill]\nvalues = [0, 1]\n")
    return str(path)


@cache
def domain_file() -> str:
    """A file with the public domain of `folk`."""
    path = Path(mkdtemp()) / "domain.toml"
    age = '[columns.age]\nkind = "integer"\nlow = 20\nhigh = 40\noutside = "clip"\n'
    town = '[columns.town]\nkind = "category"\nvalues = ["a", "b"]\n'
    path.write_text(f'{age}{town}[columns.ill]\nkind = "category"\nvalues = [0, 1]\n')
    return str(path)


MARKED = [f"code {i} is {{{i:02d}}}" for i in range(20)]


def likelihoods(texts: list[str]) -> list[float]:
    """A language model to which all texts of one length are equal."""
    return [-3.7 * len(text) for text in texts]


def of_noise(data: Any, tap: Any) -> None:
    """A training of three steps that learns nothing."""
    tap.plan(TrainingPlan(rate=0.1, multiplier=40.0, clip=1.0, steps=3, batch=10.0))
    for step in range(3):
        draw = np.random.default_rng([step, len(data)])
        rows = np.flatnonzero(draw.random(len(data)) < 0.1)
        g = tap.gradients(rows, np.full((len(rows), 200), 0.01))
        total = (g / np.maximum(1, np.linalg.norm(g, axis=1, keepdims=True))).sum(0)
        tap.noised(total, total + draw.normal(0, 40, 200))


def _pictures(pixels: np.ndarray) -> object:
    from confide.views.images import Pictures

    return Pictures(pixels, np.arange(len(pixels)) % 6)


FAST = {
    "collaboration": "update-loss",
    "logits": "loss",
    "model": "loss",
    "rebuild": "informed-rebuild",
    "ratings": "counting",
    "traces": "unicity",
    "likes": "likes-tfidf",
    "images": "recogniser",
    "table": "nearest",
    "synthetic": "synthetic-copies",
    "counts": "inner-product",
    "answers": "box-reconstruction",
    "frequencies": "frequency-lr",
    "crosstabs": "generate-verify",
    "training": "step-likelihood",
    "text": "exposure",
    "learner": "loss",
    "generator": "synthetic-copies",
}
"""One quick attack a door."""
OWN_CODE = ("progress", "tell")
"""Functions of the user's own: what they raise is the user's way to stop an audit."""
RIGHT_RELEASE: dict[str, str] = {
    "ratings": "rare:2",
    "traces": "bin:2d",
    "likes": "rare:2",
    "images": "mosaic:2",
    "table": "blank:2",
}
"""One quick protection a door."""


def audited(door: str, given: dict[str, Any], settings: dict[str, Any]) -> object:
    """An audit of one quick attack."""
    quick = {} if door == "scores" else {"attacks": FAST[door]}
    done = confide.audit(spec_of(door).record(**given), **{**quick, **settings})
    return done.report


def protected(door: str, given: dict[str, Any], release: dict[str, Any]) -> object:
    """A protected file, written, verified, and audited with one quick attack."""
    held = spec_of(door).record(**given)
    to = {"protections": (RIGHT_RELEASE[door],), "out": "out.npz" if door == "images" else "out.csv"}
    named = {**to, "attacks": FAST[door], **release}
    return confide.protect(held, *named.pop("protections"), **named)


def on_disk(door: str, here: Path) -> dict[str, Any]:
    """What the door takes, with its table in a tiny file; a release has the form of a file."""
    given = dict(right()[door])
    if door == "images":
        path, pixels = here / "in.npz", given["pictures"]
        np.savez(path, X=pixels.pixels, y=pixels.person)
        return {**given, "pictures": path}
    given["records"].write_csv(path := here / "in.csv")
    return {**given, "records": path}


def arguments(here: Path) -> Iterator[Tried]:
    """Each argument of each audit, and of its settings, with each wrong value."""
    odd = list(odd_values(here.parent))
    for door in DOORS:
        base = right()[door]
        for field in fields(spec_of(door).record):
            for name, value in odd:
                given = {**base, field.name: value}
                yield Tried(f"{door}, {field.name}", name, partial(audited, door, given, {}))
    for field in fields(Settings):
        for name, value in odd:
            if field.name not in OWN_CODE or not callable(value):
                call = partial(audited, "likes", right()["likes"], {field.name: value})
                yield Tried(f"settings, {field.name}", name, call)
    for name, value in odd:
        yield Tried("audit, held", name, partial(confide.audit, value))


def releases(here: Path) -> Iterator[Tried]:
    """Each argument of each release of a tiny file, with each wrong value."""
    odd = list(odd_values(here.parent))
    for door in RELEASES:
        base = on_disk(door, here)
        for field in fields(spec_of(door).record):
            for name, value in odd:
                call = partial(protected, door, {**base, field.name: value}, {})
                yield Tried(f"protect {door}, {field.name}", name, call)
        for field in fields(ReleaseSettings):
            for name, value in odd:
                yield Tried(f"protect {door}, {field.name}", name, _released(door, base, field.name, value))
    for field in fields(Settings):
        for name, value in odd:
            if field.name not in OWN_CODE or not callable(value):
                call = partial(protected, "likes", on_disk("likes", here), {field.name: value})
                yield Tried(f"protect, settings, {field.name}", name, call)
    for name, value in odd:
        yield Tried("protect, held", name, partial(confide.protect, value, "rare:2", out="x.csv"))


def _released(door: str, base: dict[str, Any], field: str, value: Any) -> Call:
    # Protections are given by their places.
    given = {field: (value,) if field == "protections" else value}
    return partial(protected, door, base, given)


KINDS = (
    Kind("Python: each argument of each audit, with wrong values", inputs_of(arguments), parted=True),
    Kind("Python: each argument of each protected file, with wrong values", inputs_of(releases), parted=True),
)
