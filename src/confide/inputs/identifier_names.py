"""Names of columns: those of direct identifiers, and of what others may know of a person."""

from __future__ import annotations

import re

_PERSON = "patient|person|customer|client|employee|student|member|user|subject|participant"
_NUMBER = "id|no|nr|nbr|num|number|nummer|key"

IDENTIFIERS: tuple[tuple[str, str], ...] = (
    (
        "a name",
        rf"""(first|last|full|middle|given|family|maiden|user|nick|sur|birth)_?names? | surname | forename
        | vornamen? | nachname | familienname | prenom | nom | nombres? | apellidos? | cognome | nome
        | achternaam | voornaam | login | (({_PERSON}|mother|father|contact)s?_)?names?""",
    ),
    ("an e-mail address", r"(.*_)?(e_?mail|mail|correo)(_address|_adresse)?"),
    (
        "a telephone number",
        rf"""(.*_)?((tele)?(phone|fon|fono)|phone_number|mobile|cell|cellphone|fax|handy)(_({_NUMBER}))?""",
    ),
    (
        "an address",
        r"""(.*_)?(street|strasse|straße|address|adresse|direccion|indirizzo|adres|rue|house_number)
        (_?(line_?)?\d?)""",
    ),
    (
        "an identity number",
        rf"""(.*_)?(ssn|social_security|nhs|nino|passport|tax|national|dni|nie|bsn|pesel|cpf|sin|aadhaar
        |personnummer|svnr|ahv|steuer)(_?({_NUMBER})) | (.*_)?(ssn|nino|dni|bsn|pesel|cpf|sin|aadhaar
        |personnummer|svnr|ahv|codice_fiscale)""",
    ),
    ("an account", rf"(.*_)?(iban|kontonummer|bic|(account|credit_card|card)_({_NUMBER})|credit_card)"),
    ("a licence or a plate", rf"(.*_)?(licen[cs]e_?(plate|{_NUMBER})|number_plate|kennzeichen|vin)"),
    (
        "a device or an address in a net",
        r"(.*_)?(ip(_?addr(ess)?)?|mac(_?addr(ess)?)?|imei|imsi|device_id|url)",
    ),
    (
        "a record's number",
        rf"mrn | medical_record(_number)? | ({_PERSON}|encounter|case|record)s?_?({_NUMBER}) | uuid | guid",
    ),
)
"""What they look like: whole names in small letters, their parts joined by _."""

NUMBERED = rf"(.*_)?({_NUMBER}|code)"
"""Of numbers that may name a record, or only a class."""

KNOWN = r"""(.*_)?(
    age|agep|alter|edad|eta | sex|gender|geschlecht|sexo | birth|born|dob|birth_?(day|date|year|place)
    | geburts(datum|tag|jahr|ort) | zip(_?code)?|postal(_?code)?|post_?code|plz
    | city|town|municipality|ort|region|state|province|county|district|puma|country|land
    | nation(ality)?|citizen(ship)?|race|rac1_?p|ethnic(ity)?|hisp(anic)? | language|religion
    | marital(_?status)?|msp|civil_status|familienstand | education(_num)?|edu|degree|school
    | occupation|job|profession|beruf|employer|workclass|industry | height|weight_kg
    | children|household|family|relationship|tenure|own_rent|noc|npf | admission|discharge|visit
    )(_(group|years?|code|date|status))?"""


def identifier(name: str) -> str:
    """What kind of identifier a column has the name of; empty if of none.

    >>> identifier("FirstName"), identifier("native_country")
    ('a name', '')
    """
    return next((kind for kind, pattern in IDENTIFIERS if _is(pattern, name)), "")


def numbered(name: str) -> bool:
    """Whether a column has the name of a number that may be anything's."""
    return _is(NUMBERED, name)


def known(name: str) -> bool:
    """Whether a column has the name of what others may know of a person."""
    return _is(KNOWN, name)


def plain(name: str) -> str:
    """A column's name in small letters, its parts joined by _.

    >>> plain("FirstName"), plain("e-mail address")
    ('first_name', 'e_mail_address')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def _is(pattern: str, name: str) -> bool:
    return re.fullmatch(pattern, plain(name), re.VERBOSE) is not None
