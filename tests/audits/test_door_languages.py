"""What each door says of a release, in every language: nothing unmarked, nothing left in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import confide
from confide.attacks.catalogue import attacks_of
from confide.audits import Audit
from confide.core.language import LANGUAGES, PSEUDO, t
from confide.core.sentence import said
from confide.report.exhibit_records import exhibit_record
from confide.report.redaction import Redaction

from ..report.untranslated import english_left, texts_of, unmarked
from .spoken import spoken_in
from .synthetic import test_door as synthetic
from .test_collaboration import audit as collaborated
from .test_collaboration import run as collaboration
from .test_rebuild import run as rebuild
from .test_table import people, released_with
from .test_table import run as table
from .test_text import CANARIES, CODES, remembering
from .test_text import audited as text
from .test_traces import run as traces
from .test_training import SOUND
from .test_training import audited as training

pytestmark = pytest.mark.usefixtures("quick_traces")

NAMES = [attack.name for attack in attacks_of()] + [
    *(
        "age",
        "town",
        "job",
        "illness",
        "id",
        "pay",
        "region",
        "ill",
        "north",
        "south",
        "east",
        "west",
        "yes",
        "no",
    ),
    *(
        "user_id",
        "venue",
        "person",
        "Club_",
        "people.parquet",
        "lat",
        "lon",
        "time",
        "sha",
        "AUC",
        "UTC",
        "bin",
        "mondrian",
        "DP-FedAvg",
        "server",
        "median",
        "ISO",
        "csv",
    ),
]
"""Of attacks and of columns, values and protections in these data; and abbreviations."""


def says(audit: Audit) -> Iterator[str]:
    """Every text that an audit hands to a report."""
    for section in audit.sections:
        for label, worth in section.about.items():
            yield from (label, re.sub(r"sha256 \w+", "", worth))
        yield from (section.subject, section.harm, *section.adversary, *section.notes)
        yield from (Redaction().text(warning) for warning in section.warnings)
        yield from (*section.unsettled, *section.broken)
        for exhibit in section.exhibits:
            record = exhibit_record(exhibit, redaction=Redaction())
            assert record is not None
            yield from texts_of({key: value for key, value in record.items() if key not in ("kind", "why")})
            yield from (line.name for line in getattr(exhibit, "lines", ()))
        for found in section.findings:
            yield t(found.title)
            for noticed in found.diagnostics:
                yield from map(said, noticed.remarks)
                for curve in noticed.curves:
                    yield from map(t, (curve.title, curve.x_title, curve.y_title))
        yield from (said(skipped.why) for skipped in section.skipped)


def of_model(tmp_path: Path) -> Audit:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((800, 5))
    y = (x[:, 0] + rng.standard_normal(800) > 0).astype(np.int64)
    model = LogisticRegression(C=10).fit(x[:400], y[:400])
    held = confide.Model(
        model, members=(x[:400], y[:400]), nonmembers=(x[400:], y[400:]), references=4, trained_on=500
    )
    return confide.audit(held, seed=3, cache=tmp_path, attacks="default,loss,gradient-norm,quantile")


def of_table(tmp_path: Path) -> Audit:
    return table(people(), tmp_path, secret="illness", protect=["mondrian:5"], attacks="all")


def of_released_table(tmp_path: Path) -> Audit:
    frame = people()
    other = pl.Series("town", frame["town"].to_list()[1:] + frame["town"].to_list()[:1])
    return table(frame, tmp_path, **released_with(frame, town=other))


def of_synthetic(tmp_path: Path) -> Audit:
    made = synthetic.bootstrap(synthetic.REAL)
    return synthetic.audited(tmp_path, made, attacks="all", secret="ill", known="age,region")


def of_text(tmp_path: Path) -> Audit:
    half = len(CODES) // 2
    return text(
        remembering(CODES[:half], 0.5),
        canaries=CANARIES,
        prefixes=CANARIES,
        attacks="all",
    )


def of_traces(tmp_path: Path) -> Audit:
    return traces(lat="lat", lon="lon", cache=tmp_path, protect=["bin:24h"])


def of_training(tmp_path: Path) -> Audit:
    return training(replace(SOUND, hidden=24), limits=["epsilon=3"])


def of_rebuild(tmp_path: Path) -> Audit:
    return rebuild(tmp_path)


def of_collaboration(tmp_path: Path) -> Audit:
    return collaborated(collaboration(noise=5.0), "server")


DOORS: dict[str, Callable[[Path], Audit]] = {
    "model": of_model,
    "table": of_table,
    "released table": of_released_table,
    "synthetic": of_synthetic,
    "text": of_text,
    "traces": of_traces,
    "training": of_training,
    "collaboration": of_collaboration,
    "rebuild": of_rebuild,
}


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_every_text_of_an_audit_is_marked(door: str, tmp_path: Path) -> None:
    with spoken_in(PSEUDO):
        assert unmarked(says(DOORS[door](tmp_path)), names=NAMES) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
@pytest.mark.parametrize("door", DOORS)
def test_no_text_of_an_audit_is_left_in_english(door: str, language: str, tmp_path: Path) -> None:
    with spoken_in(language):
        assert english_left(says(DOORS[door](tmp_path)), names=NAMES) == []
