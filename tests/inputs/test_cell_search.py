"""Presidio's patterns on cells: numbers made by hand are found, wrong check digits and categories are not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs import presidio_patterns
from confide.inputs.identifiers import Identifiers, find_identifiers
from confide.inputs.presidio_kinds import kind_of

needs_presidio = pytest.mark.skipif(not presidio_patterns.installed(), reason="needs confide[presidio]")

NOTE = "the patient came on day {} and went home again"


def notes(*texts: str | None, rows: int = 100) -> list[str | None]:
    """Notes of which the last ones are these."""
    return [*(NOTE.format(i) for i in range(rows - len(texts))), *texts]


def cells(found: Identifiers, column: str) -> dict[str, int]:
    one = next(one for one in found.columns if one.column == column)
    return {kind.kind: kind.cells for kind in one.within}


def test_kinds_are_in_words():
    assert kind_of("UK_PASSPORT") == "a passport of the UK"
    assert kind_of("CREDIT_CARD") == "a number of a payment card"
    assert kind_of("XX_NEW_THING") == "a xx new thing"


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(presidio_patterns, "PACKAGE", "no_such_package_here")
    presidio_patterns.load_patterns.cache_clear()
    with pytest.raises(DataError, match=r"presidio is not installed: pip install 'confide\[presidio\]'"):
        find_identifiers(pl.DataFrame({"a": ["x"]}), presidio=True)


@pytest.mark.slow
@needs_presidio
def test_identifiers_within_free_text_are_counted():
    """DE89... is the register's example, 4111... the usual test card; in their twins one digit is wrong."""
    frame = pl.DataFrame(
        {
            "letter": notes("write to ann.lee@example.org", "or bob@example.co.uk please", None),
            "bank": notes(
                "paid to DE89 3704 0044 0532 0130 00 then", "and not to DE88 3704 0044 0532 0130 00"
            ),
            "card": notes("card 4111 1111 1111 1111 taken", "card 4111 1111 1111 1112 refused"),
            "call": notes("call +44 20 7946 0958 at noon"),
            "desk": notes("shows passport 123456789 at the desk", "the parcel 123456789 at the desk"),
            "nothing": notes("took 20 mg at 10:30 on 2020-01-31", "ratio 3.14159, code E11.9, 1,234 steps"),
        }
    )
    found = find_identifiers(frame, presidio=True)
    assert cells(found, "letter") == {"an e-mail address": 2}
    assert cells(found, "bank")["an IBAN"] == 1
    assert cells(found, "card")["a number of a payment card"] == 1
    assert cells(found, "call")["a telephone number"] == 1
    passports = cells(found, "desk")
    assert passports["a passport of the US"] == 1
    assert cells(found, "nothing") == {}
    assert set(found.free_text) == set(frame.columns)
    mail = found.columns[0]
    assert mail.within[0].looked_at == 99  # the null is no cell
    assert "of 99 cells looked at 2 (2%) hold an e-mail address" in mail.why
    assert not any(text in str(found) for text in ("ann.lee", "DE89", "4111", "7946", "123456789"))


@pytest.mark.slow
@needs_presidio
def test_whole_columns_of_a_country_are_direct_and_wrong_check_digits_are_not():
    """TCKN: digit 10 is (7 * (odd places) - even places) mod 10, digit 11 the sum of the ten mod 10."""
    draw = random.Random(0)
    right: list[str] = []
    for _ in range(60):
        d = [draw.randrange(1, 10), *(draw.randrange(10) for _ in range(8))]
        d.append((7 * sum(d[0::2]) - sum(d[1::2])) % 10)
        right.append("".join(map(str, [*d, sum(d) % 10])))
    wrong = [text[:-1] + str((int(text[-1]) + 1) % 10) for text in right]
    doubled = pl.DataFrame({"v": right * 2, "n": list(map(int, right * 2)), "w": wrong * 2})
    found = find_identifiers(doubled, presidio=True)
    assert "of 120 cells looked at 120 (100%) are a national id of Turkey" in found.columns[0].why
    assert found.columns[0].role == found.columns[1].role == "direct"
    assert "a national id of Turkey" not in cells(found, "w")


@pytest.mark.slow
@needs_presidio
def test_random_numbers_are_of_no_kind():
    """By chance a number passes a check in one case of ten; half of a column of 300 then never does."""
    draw = random.Random(1)
    frame = pl.DataFrame(
        {
            str(length): ["".join(draw.choice("0123456789") for _ in range(length)) for _ in range(300)]
            for length in (7, 8, 9, 10, 11, 12, 13, 14, 16, 18)
        }
    )
    found = find_identifiers(pl.concat([frame, frame]), presidio=True)
    assert [(one.column, one.within) for one in found.columns if one.within] == []


@pytest.mark.slow
@needs_presidio
def test_categories_numbers_and_dates_hold_no_identifiers():
    draw = random.Random(2)
    values = {
        "workclass": ["Private", "Self-emp-not-inc", "Local-gov", "?", "Without-pay"],
        "education": ["HS-grad", "Some-college", "Bachelors", "11th", "7th-8th", "Assoc-acdm", "1st-4th"],
        "occupation": ["Exec-managerial", "Prof-specialty", "Craft-repair", "Armed-Forces"],
        "native_country": ["United-States", "Mexico", "Outlying-US(Guam-USVI-etc)", "Trinadad&Tobago"],
        "code": ["250.83", "E11.9", "V27", "786", "A4-12"],
        "band": ["[70-80)", "<=50K", ">50K", "1,000-1,999"],
        "day": ["2020-01-31", "2019-12-01", "2020-02-29"],
        "seen": ["2020-01-31 10:05:00", "31.01.2020 10:05", "01/31/2020 22:15"],
    }
    frame = pl.DataFrame({name: [draw.choice(some) for _ in range(400)] for name, some in values.items()})
    frame = frame.with_columns(
        fnlwgt=pl.Series([draw.randrange(12_285, 1_490_400) for _ in range(400)]),
        hours=pl.Series([draw.gauss(40, 10) for _ in range(400)]),
        none=pl.Series([None] * 400, dtype=pl.String),
    )
    found = find_identifiers(frame, presidio=True)
    assert [(one.column, one.within) for one in found.columns if one.within] == []
    assert found.direct == () and found.free_text == ()


WATCHED = """
import sys, logging
calls = []
sys.addaudithook(lambda event, args: calls.append(event) if event in
                 ("socket.connect", "socket.getaddrinfo", "subprocess.Popen") else None)
from confide.cli import main
try:
    main(["identifiers", "t.csv", *sys.argv[1:]])
except SystemExit as end:
    print("EXIT", end.code)
print("CALLS", calls)
"""

MODEL = """
import spacy
def load(**kept):
    nlp = spacy.blank("xx")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "Ann Lee"}, {"label": "GPE", "pattern": "Paris"},
                        {"label": "ORG", "pattern": "Acme"}])
    return nlp
"""


def watched(folder: Path, *words: str, path: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([path, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return done.stdout


@pytest.mark.slow
@needs_presidio
def test_nothing_is_downloaded_and_names_are_looked_for_by_a_model_that_is_there(tmp_path: Path):
    texts = notes("Ann Lee came from Paris to Acme and left", "write to ann.lee@example.org at Acme today")
    pl.DataFrame({"note": texts, "level": ["a", "b"] * 50}).write_csv(tmp_path / "t.csv")
    without = watched(tmp_path)
    assert "EXIT 0" in without and "CALLS []" in without
    assert "of 100 cells looked at 1 (1%) hold an e-mail address" in without
    assert "Names inside free text were not looked for" in without
    assert "python -m spacy download en_core_web_sm" in without

    # A real pipeline of spaCy, installed as models are: a package with an entry point.
    site = tmp_path / "site"
    for name in ("xx_names_sm", "xx_names_sm-1.0.dist-info"):
        (site / name).mkdir(parents=True)
    (site / "xx_names_sm" / "__init__.py").write_text(MODEL)
    info = site / "xx_names_sm-1.0.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: xx_names_sm\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[spacy_models]\nxx_names_sm = xx_names_sm\n")
    named = watched(tmp_path, path=str(site))
    assert "EXIT 0" in named and "CALLS []" in named
    assert "1 (1%) hold a name of a person" in named and "1 (1%) hold a name of a place" in named
    assert "Names inside free text were looked for by xx_names_sm" in named
    assert not any(word in named for word in ("Ann Lee", "Paris", "ann.lee"))

    off = watched(tmp_path, "--no-presidio")
    assert "Presidio was not used" in off and "EXIT 0" in off
