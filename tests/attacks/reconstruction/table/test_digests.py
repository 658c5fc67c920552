"""Digests reversed: what was hashed is found again, in each form; with a key, or not guessed, it is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import date

import pytest

from confide.attacks.reconstruction.table._guesses import Guesses
from confide.attacks.reconstruction.table.digests import Form, form_of, reversed_digests
from confide.core.errors import DataError
from confide.core.sentence import said
from confide.views.table import Domain

MAKE = {"MD5": hashlib.md5, "SHA-1": hashlib.sha1, "SHA-256": hashlib.sha256}
WRITE = {
    "hex": lambda raw: raw.hex(),
    "HEX": lambda raw: raw.hex().upper(),
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64, for addresses and bare": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
}
FEW = Guesses(
    ids=99,
    since=date(1980, 1, 1),
    until=date(1980, 3, 1),
    postal=False,
    phones=("+4179 123 4???",),
    words=("Ada Lovelace",),
)
PLAIN = ("1980-02-01", "1.2.1980", "31/01/80", "77", "05", "+4179 123 4007", "ada lovelace")


def column(values: tuple[str, ...], algorithm: str = "SHA-256", written: str = "hex") -> Domain:
    labels = tuple(WRITE[written](MAKE[algorithm](value.encode()).digest()) for value in values)
    return Domain("id", (*labels, ""), missing=True)


@pytest.mark.parametrize("algorithm", MAKE)
@pytest.mark.parametrize("written", WRITE)
def test_finds_every_value_of_each_kind_in_each_form(algorithm: str, written: str) -> None:
    found = reversed_digests(column(PLAIN, algorithm, written), FEW)
    assert found is not None
    assert found.form == Form(algorithm, written[:6].strip(",").lower())
    assert (found.plain, found.code.tolist()) == (PLAIN, list(range(len(PLAIN))))
    assert found.kind == (
        *("dates",) * 3,
        *("ids",) * 2,
        "telephone numbers",
        "words",
    )


def test_a_key_and_what_is_not_guessed_are_not_found() -> None:
    keyed = tuple(hmac.new(b"k" * 32, v.encode(), hashlib.sha256).hexdigest() for v in PLAIN)
    found = reversed_digests(Domain("id", keyed), FEW)
    assert found is not None and not len(found.code) and found.digests == len(PLAIN)
    assert said(found.remark).startswith(
        "Column 'id' looks like SHA-256 in hex digests without a key: 0 of 7 were reversed ("
    )
    found = reversed_digests(column(("100", "77")), FEW)
    assert found is not None
    assert found.plain == ("77",) and found.code.tolist() == [1]


def test_no_value_stands_in_a_text() -> None:
    found = reversed_digests(column(("1980-02-01", "+4179 123 4007")), FEW)
    assert found is not None and found.plain == ("1980-02-01", "+4179 123 4007")
    for text in (repr(found), said(found.remark)):
        assert "1980-02-01" not in text and "+4179" not in text
    assert "2 of 2 were reversed: they stand for dates, telephone numbers" in said(found.remark)


@pytest.mark.parametrize(
    "labels",
    [
        ("a" * 31,),
        ("g" * 32,),
        ("a" * 32, "b" * 40),
        ("a" * 32, "Zürich"),
        (),
        ("d41d8cd98f00b204-e9800998ecf8427e",),
    ],
)
def test_other_columns_are_left_alone(labels: tuple[str, ...]) -> None:
    assert form_of(Domain("id", labels)) is None
    assert reversed_digests(Domain("id", labels), FEW) is None


def test_enumerates_what_it_says() -> None:
    def values(kind: str, **settings) -> list[bytes]:
        guesses = Guesses(until=date(1901, 3, 1), **settings)
        return [v for name, chunks in guesses.kinds() if name == kind for chunk in chunks for v in chunk]

    ids = set(values("ids", ids=1_234))
    assert ids == {b"%0*d" % (w, i) for w in (1, 2, 3) for i in range(10**w)} | {
        b"%d" % i for i in range(1_235)
    }
    assert len(values("ids", ids=1_000)) == 10 + 100 + 1_000 + 1
    assert sorted(values("telephone numbers", phones=("+1?-??x?",))) == [
        b"+1%d-%02dx%d" % (a, b, c) for a in range(10) for b in range(100) for c in range(10)
    ]
    assert len(set(values("postal codes"))) == 1_000 + 10_000 + 100_000
    dates = set(values("dates"))
    assert {b"1900-01-01", b"1901-03-01", b"29.02.1900", b"3/1/1901", b"010301", b"19000228"} - dates == {
        b"29.02.1900"  # 1900 was no leap year
    }
    assert b"1901-03-02" not in dates


@pytest.mark.parametrize("phone", ["+41791234567", "?" * 9])
def test_refuses_too_many_unknown_digits_and_none(phone: str) -> None:
    with pytest.raises(DataError, match=r"unknown digits: write 1 to 8"):
        Guesses(phones=(phone,))
