"""Numbers that name a person, searched for within longer texts.

A number of nine or ten bare digits passes the check of some country by chance, and is not searched for here:
only what has separators, letters or a prefix of its own, or a length and a check that leave little to chance.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from confide.inputs.checksums import BETWEEN, DATE_NEXT, FORMS, Form, iban_at_start, luhn

_EDGE, _END = r"(?<![\w@.,:+/-])", r"(?![\w@]|[.,:/-]\d)"
"""No part of a longer word or number; a full stop or a comma may follow."""

AS_WHOLE = (
    "a hardware address",
    "a universally unique id",
    "a national insurance number of the UK",
    "a social security number of France",
    "an identity number of Spain",
    "a tax code of Italy",
    "an identity number of China",
    "a social insurance number of Switzerland",
    "a vehicle's number",
)
"""Forms that are searched for as they are written when they stand alone."""


def _form(name: str, pattern: str, like: str = "", *, check: Callable[[str], bool] | None = None) -> Form:
    """A form within a text; its check is that of the form of the same name, or of `like`."""
    if check is None:
        check = next((form.check for form in FORMS if form.name == (like or name)), lambda _: True)
    return Form(name, re.compile(pattern, re.ASCII), check)


_NUMBER = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"

INSIDE: tuple[Form, ...] = (
    Form("an e-mail address", re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")),
    _form("a link", r"https?://\S+"),
    _form(
        "an IBAN",
        r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?\b",
        check=iban_at_start,
    ),
    _form("a number of a payment card", r"\b[2-6](?:[ -]?\d){12,18}\b", check=luhn),
    # Telephone numbers: international; in brackets or with a slash or blanks after a 0; as in North America.
    _form("a telephone number", r"(?<!\w)(?:\+|00)[1-9](?:[\s().-]?\d){7,14}\b", check=lambda _: True),
    _form(
        "a telephone number",
        rf"{_EDGE}(?!{DATE_NEXT})\(?0\d{{1,4}}\)?[ /](?: ?\d){{6,11}}{_END}",
        check=lambda text: sum(c.isdigit() for c in text) >= 9,
    ),
    _form(
        "a telephone number",
        rf"{_EDGE}(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])[2-9]\d\d[-.]\d{{4}}{_END}",
        check=lambda _: True,
    ),
    _form("a social security number of the US", r"\b(?!000|666|9)\d{3}-\d{2}-\d{4}\b"),
    _form("an IP address", rf"{_EDGE}{_NUMBER}(\.{_NUMBER}){{3}}{_END}", check=lambda _: True),
    _form(
        "an IP address", rf"{_EDGE}([0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}{_END}", check=lambda _: True
    ),
    _form("an NHS number of England", rf"{_EDGE}\d{{3}}[ -]\d{{3}}[ -]\d{{4}}{_END}"),
    _form("a social insurance number of Canada", rf"{_EDGE}[1-9]\d\d([ -])\d{{3}}\1\d{{3}}{_END}"),
    _form("a personal identity number of Sweden", rf"{_EDGE}(\d\d)?\d{{6}}[-+]\d{{4}}{_END}"),
    _form("a CPF of Brazil", rf"{_EDGE}\d{{3}}\.\d{{3}}\.\d{{3}}-\d\d{_END}"),
    _form("an Aadhaar number of India", rf"{_EDGE}[2-9]\d{{3}} \d{{4}} \d{{4}}{_END}"),
    *(
        Form(
            form.name,
            re.compile(f"{_EDGE}(?:{form.pattern.pattern}){_END}", re.ASCII | re.IGNORECASE),
            form.check,
        )
        for form in FORMS
        if form.name in AS_WHOLE
    ),
)
"""What is searched for within longer texts."""


def holds_within(form: Form, text: str) -> bool:
    """Whether a form stands somewhere in a text.

    >>> iban = next(form for form in INSIDE if form.name == "an IBAN")
    >>> holds_within(iban, "pay GB82 WEST 1234 5698 7654 32 now"), holds_within(iban, "GB82 in 2020")
    (True, False)
    """
    return any(form.check(BETWEEN.sub("", hit.group()).upper()) for hit in form.pattern.finditer(text))
