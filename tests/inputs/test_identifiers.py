"""Direct identifiers are found by name, uniqueness, form and check digit, and what is none is not."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.inputs.checksums import FORMS, iban, mod_97
from confide.inputs.forms_within import INSIDE, holds_within
from confide.inputs.identifier_names import identifier, known
from confide.inputs.identifiers import find_identifiers
from confide.inputs.spread import spread

GOOD = {
    "an e-mail address": ["ann.lee+x@mail.example.org"],
    "a link": ["https://example.org/ann", "www.example.org/x"],
    "an IP address": ["192.0.2.17", "2001:db8::1", "::ffff:192.0.2.1"],
    "a hardware address": ["00:1a:2B:3c:4d:5e"],
    "a universally unique id": ["123e4567-e89b-12d3-a456-426614174000"],
    "an IBAN": ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR1420041010050500013M02606"],
    "a social security number of the US": ["078-05-1120"],
    "a number of a payment card": ["4539 5787 6362 1486", "378282246310005", "5555555555554444"],
    "a national insurance number of the UK": ["AB123456C", "AB 12 34 56 C"],
    "an NHS number of England": ["943 476 5919", "9434765919"],
    "a tax number of Germany": ["86 095 742 719", "47036892816"],
    "a social security number of France": ["255081416802538", "1 85 05 78 006 084 91"],
    "an identity number of Spain": ["12345678Z", "X1234567L"],
    "a tax code of Italy": ["RSSMRA85T10A562S", "MRTMTT91D08F205J"],
    "a citizen service number of the Netherlands": ["111222333"],
    "a social insurance number of Canada": ["130-692-544"],
    "a personal identity number of Sweden": ["811218-9876", "198112189876"],
    "a PESEL of Poland": ["44051401359"],
    "a CPF of Brazil": ["111.444.777-35"],
    "an identity number of China": ["11010519491231002X"],
    "an Aadhaar number of India": ["2341 2341 2346"],
    "a social insurance number of Switzerland": ["756.9217.0769.85"],
    "a vehicle's number": ["1M8GDM9AXKP042788"],
    "a telephone number": ["+44 20 7946 0958", "030/123 45 67", "(212) 555-0123", "0049 30 1234567"],
    "a digest": ["5d41402abc4b2a76b9719d911017c592"],
}
"""Numbers that the issuers' own documents give as examples, or that belong to nobody."""
UNCHECKED = {
    *("an e-mail address", "a link", "an IP address", "a hardware address", "a universally unique id"),
    *("a social security number of the US", "a national insurance number of the UK", "a telephone number"),
    "a digest",
}
"""Those without a check digit."""


def forms(text: str) -> set[str]:
    return {form.name for form in FORMS if form.holds(text)}


@pytest.mark.parametrize("name", GOOD)
def test_examples_have_their_form_and_a_turned_digit_has_not(name: str):
    assert {form.name for form in FORMS} == set(GOOD)
    for text in GOOD[name]:
        assert name in forms(text), text
        if name in UNCHECKED:
            continue
        at = max(i for i, c in enumerate(text) if c.isdigit())
        for digit in "0123456789":
            if digit != text[at]:
                assert name not in forms(text[:at] + digit + text[at + 1 :]), text


def test_what_only_looks_like_a_number_is_none():
    for text in ("000-12-3456", "912-34-5678", "123-00-4567"):  # areas and groups that are not issued
        assert "a social security number of the US" not in forms(text)
    for text in ("192.0.2.300", "1.2.3", "2020-01-31", "12:30", "1990-2000", "3.14159", "226802", "1234567"):
        assert not forms(text), text


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in FORMS if form.most], ids=lambda form: form.name)
def test_random_digits_are_seldom_of_a_checked_form(form):
    """A column counts only if 90 % are: of 2,000 random numbers at most 70 % may be, of any length."""
    draw = random.Random(0)
    for length in (9, 10, 11, 12, 16, 18):
        hits = sum(
            form.holds("".join(draw.choice("0123456789") for _ in range(length))) for _ in range(2_000)
        )
        assert hits <= 1_400


def people(n: int = 400) -> pl.DataFrame:
    draw = random.Random(1)
    first = [draw.choice(["Ann", "Bob", "Cy", "Di", "Eve"]) for _ in range(n)]
    return pl.DataFrame(
        {
            "PersonID": [draw.randrange(10**8, 10**9) for _ in range(n)],
            "forename": first,
            "contact": [f"{name.lower()}{i}@example.org" if i % 3 else None for i, name in enumerate(first)],
            "konto": ["DE89370400440532013000"] * n,
            "row": list(range(n)),
            "serial": [f"X{draw.randrange(16**6):06x}" for _ in range(n)],
            "note": [
                f"was seen on day {i} by nurse {draw.choice(first)} and went home well" for i in range(n)
            ],
            "remark": ["ok" if i else "call +44 20 7946 0958" for i in range(n)],
            "age": [draw.randrange(18, 90) for _ in range(n)],
            "native_country": [draw.choice("ABC") for _ in range(n)],
            "visited": [f"2020-01-{draw.randrange(1, 29):02} 10:{i % 60:02}:{i % 53:02}" for i in range(n)],
            "weight": [draw.gauss(70, 12) for _ in range(n)],
            "income": [draw.randrange(0, 200_000) for _ in range(n)],
            "has_phone": [draw.choice("yn") for _ in range(n)],
            "type_id": [draw.randrange(8) for _ in range(n)],
            "year": [2020] * n,
            "tags": [["a"]] * n,
        }
    )


def test_each_column_gets_its_role():
    found = find_identifiers(people())
    assert found.direct == ("PersonID", "forename", "contact", "konto", "row", "serial")
    assert found.free_text == ("note", "remark", "tags")
    assert found.known == ("age", "native_country", "visited", "weight", "income")
    assert found.of("other") == ("has_phone", "type_id", "year")
    why = {one.column: " ".join(one.why) for one in found.columns}
    assert "a record's number" in why["PersonID"] and "look like an e-mail address" in why["contact"]
    assert "running numbers" in why["row"] and "12 words" in why["note"]
    assert "1 different values hold a telephone number" in why["remark"]
    assert all(value not in str(found) for value in ("@example", "DE89", "Ann", "7946"))


def test_all_but_identifiers_are_proposed_where_no_name_says_so():
    frame = pl.DataFrame(
        {"v1": [1, 1, 2, 2] * 50, "v2": list("abcd") * 50, "email": ["x"] * 100 + ["y"] * 100}
    )
    assert find_identifiers(frame).known == ("v1", "v2", "email")
    assert find_identifiers(frame.with_columns(email=pl.Series([f"p{i}" for i in range(200)]))).direct == (
        "email",
    )


def test_names_of_columns_in_several_languages_and_spellings():
    for name in (
        "LastName",
        "last name",
        "Nachname",
        "patient_name",
        "E-Mail",
        "home_phone",
        "IBAN",
        "ssn",
        "Telefon",
    ):
        assert identifier(name), name
    for name in (
        "native_country",
        "hours",
        "capital_gain",
        "email_opened",
        "name_changed",
        "sin_of_angle",
        "nation",
    ):
        assert not identifier(name), name
    for name in ("Age", "date_of_birth", "ZIP Code", "marital-status", "PUMA", "Geburtsdatum", "age_group"):
        assert known(name), name
    for name in ("capital_gain", "page", "diagnosis", "sextant"):
        assert not known(name), name


def test_empty_and_odd_tables_are_looked_at_too():
    frame = pl.DataFrame({"a": [], "b": []}, schema={"a": pl.String, "b": pl.Int64})
    assert find_identifiers(frame).direct == () and find_identifiers(frame).rows == 0
    odd = pl.DataFrame({"blob": [b"\xff\x00"] * 30, "flag": [True, False] * 15, "none": [None] * 30})
    assert {one.role for one in find_identifiers(odd).columns} == {"other"}
    dates = pl.DataFrame({"when": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 3, 1), eager=True)})
    assert find_identifiers(dates).known == ("when",)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif("CONFIDE_DATA" not in os.environ, reason="needs the tabular data sets")
def test_real_tables():
    folder = Path(os.environ["CONFIDE_DATA"]) / "tabular"
    adult = find_identifiers(pl.read_parquet(folder / "adult.parquet"))
    assert adult.direct == () and adult.free_text == ()
    assert {"age", "race", "sex", "native_country", "marital_status", "occupation"} <= set(adult.known)
    assert not {"income", "split"} & set(adult.known)
    diabetes = find_identifiers(pl.read_parquet(folder / "diabetes130.parquet"))
    assert diabetes.direct == ("encounter_id", "patient_nbr")
    assert find_identifiers(pl.read_parquet(folder / "compas_two_years.parquet")).direct == ("id",)


WITHIN = {
    "an IBAN": ["to be68539007547034 PAID", "to BE68 5390 0754 7034 PAID.", "DE89370400440532013000 USD"],
    "an IP address": ["from 192.0.2.17.", "by 2001:db8:0:0:0:0:0:1 at noon"],
    "a telephone number": ["call (212) 555-0123 now", "Tel. 030/123 456 78, abends", "ring 01 23 45 67 89"],
    "a national insurance number of the UK": ["nino AB 12 34 56 C."],
    "an NHS number of England": ["nhs 943 476 5919, seen"],
    "a social security number of France": ["nir 2 55 08 14 168 025 38"],
    "an identity number of Spain": ["dni 12345678Z"],
    "a tax code of Italy": ["cf RSSMRA85T10A562S."],
    "a social insurance number of Switzerland": ["ahv 756.9217.0769.85"],
    "a personal identity number of Sweden": ["pnr 811218-9876 kom"],
    "a social insurance number of Canada": ["sin 130-692-544"],
    "a CPF of Brazil": ["cpf 111.444.777-35."],
    "an Aadhaar number of India": ["no. 2341 2341 2346"],
    "a universally unique id": ["row 123e4567-e89b-12d3-a456-426614174000 went"],
    "a vehicle's number": ["the car 1M8GDM9AXKP042788 came"],
}
"""Numbers of GOOD within a text."""


@pytest.mark.parametrize("name", WITHIN)
def test_numbers_are_found_within_texts_and_wrong_check_digits_are_not(name: str):
    for text in WITHIN[name]:
        assert any(form.name == name and holds_within(form, text) for form in INSIDE), text
        if name not in UNCHECKED:
            at = max(i for i, c in enumerate(text) if c.isdigit())
            wrong = text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
            assert not any(form.name == name and holds_within(form, wrong) for form in INSIDE), wrong


def test_an_iban_has_the_length_of_its_country():
    """DE75 512108001245126199 is printed in examples; a piece of a longer one can be right modulo 97."""
    assert iban("DE75512108001245126199") and iban("NO9386011117947")
    wrong = [f"DE{k:02}51210800124512619" for k in range(98)]  # 21 characters: some k is right modulo 97
    assert any(map(mod_97, wrong)) and not any(map(iban, wrong))


def test_dates_times_and_amounts_within_texts_are_no_numbers_of_people():
    text = "2.5 mg on 01/02/2020, 01-31-2020 at 10:30:45; 1990-2000, no. 000123456, 0123-4567, 1,234,567,890"
    assert not [form.name for form in INSIDE if holds_within(form, text)]


def test_dates_with_the_month_first_are_no_telephone_numbers():
    dates = [f"{m % 9 + 1:02}-{m % 28 + 1:02}-2020" for m in range(60)]
    assert find_identifiers(pl.DataFrame({"when": dates})).known == ("when",)


def test_rows_are_spread_over_a_column_and_over_its_periods():
    for rows in (1_001, 5_000, 99_999):
        chosen = spread(rows, 1_000)
        assert len(set(chosen)) == len(chosen) and chosen.min() >= 0 and chosen.max() < rows
        assert np.diff(chosen).max() <= 4 * rows / 1_000  # no part is left out
    # Every residue of a period is seen about equally often: 250 of 1,000, give or take 25.
    assert np.abs(np.bincount(spread(100_000, 1_000) % 4) - 250).max() <= 25


def test_many_values_are_looked_at_by_a_sample():
    n = 200_000
    frame = pl.DataFrame({"mail": [f"p{i}@example.org" for i in range(n)], "x": np.arange(n) % 7})
    found = find_identifiers(frame)
    assert found.direct == ("mail",) and found.columns[0].distinct == n
