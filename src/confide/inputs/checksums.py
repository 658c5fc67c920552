"""Numbers that name a person, recognised by their form and, where they have one, their check digit."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of number.

    Args:
        name: what it is called, with its article.
        pattern: of the whole value, without blanks at its ends.
        check: what else must hold; it gets the value without blanks, points, dashes and slashes.
        most: whether nearly all values of a column must be of this form: another number may be so by chance.
    """

    name: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = lambda _: True
    most: bool = False

    def holds(self, text: str) -> bool:
        """Whether a text is of this form.

        >>> next(f for f in FORMS if "IBAN" in f.name).holds("GB82 WEST 1234 5698 7654 32")
        True
        """
        return self.pattern.fullmatch(text) is not None and self.check(BETWEEN.sub("", text).upper())


BETWEEN = re.compile(r"[\s./-]")
"""What may stand between the digits of a number."""
DATE_NEXT = r"\d\d?(?P<sign>[./-])\d\d?(?P=sign)(?:\d{4}|\d\d)(?!(?P=sign)?\d)"
"""A date such as 01-31-2020, which has the form of a telephone number."""


def luhn(digits: str) -> bool:
    """Whether the last digit is right (ISO/IEC 7812-1): every second one from the right is doubled.

    >>> luhn("4539578763621486"), luhn("4539578763621487")
    (True, False)
    """
    doubled = [2 * int(d) for d in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(d // 10 + d % 10 for d in doubled)) % 10 == 0


_LENGTHS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20
EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30
KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23
PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26
UA29 VA22 VG24 XK20 YE30
"""
LENGTHS = {country: int(length) for country, length in re.findall(r"([A-Z]{2})(\d\d)", _LENGTHS)}
"""How long an IBAN of a country is (the register of ISO 13616)."""


def mod_97(text: str) -> bool:
    """Whether an IBAN's check digits are right (ISO 13616): 1 modulo 97, the first four moved to the end.

    >>> mod_97("DE89370400440532013000"), mod_97("DE88370400440532013000")
    (True, False)
    """
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def iban(text: str) -> bool:
    """Whether a text is an IBAN: its length that of its country, and its check digits right.

    >>> iban("NO9386011117947"), iban("NO93860111179470")
    (True, False)
    """
    return len(text) == LENGTHS.get(text[:2], len(text)) and mod_97(text)


def iban_at_start(text: str) -> bool:
    """Whether a text begins with an IBAN; words after it may have been taken for a part of it.

    >>> iban_at_start("BE68539007547034PAID")
    True
    """
    return iban(text[: LENGTHS.get(text[:2], len(text))])


def weighted(digits: str, weights: str | list[int], modulus: int) -> int:
    """The sum of digits times weights, modulo a number."""
    return sum(int(d) * int(w) for d, w in zip(digits, weights, strict=False)) % modulus


def _social_security(text: str) -> bool:
    return text[:3] not in ("000", "666") and text[0] != "9" and text[3:5] != "00" and text[5:] != "0000"


def _nhs(text: str) -> bool:
    rest = 11 - weighted(text, list(range(10, 1, -1)), 11)
    return rest != 10 and rest % 11 == int(text[9])


def _german_tax(text: str) -> bool:
    # ISO 7064, mod 11,10.
    product = 10
    for digit in text[:10]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return text[0] != "0" and (11 - product) % 10 == int(text[10])


def _french(text: str) -> bool:
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(text[13:])


def _spanish(text: str) -> bool:
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


_ODD = "1B 0A K P L 2C Q 3D R 4E V O S 5F T 6G U 7H M 8I N 9J W Z Y X"
ODD = {character: worth for worth, same in enumerate(_ODD.split()) for character in same}
"""What a character in an odd place counts in an Italian tax code."""


def _italian(text: str) -> bool:
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in text[1:15:2])
    return chr(ord("A") + (sum(ODD[c] for c in text[0:15:2]) + even) % 26) == text[15]


def _dutch(text: str) -> bool:
    return (weighted(text[:8], list(range(9, 1, -1)), 11) - int(text[8])) % 11 == 0 and int(text) > 0


def _swedish(text: str) -> bool:
    ten = text.replace("+", "")[-10:]
    return 1 <= int(ten[2:4]) <= 12 and (1 <= int(ten[4:6]) <= 31 or 61 <= int(ten[4:6]) <= 91) and luhn(ten)


def _polish(text: str) -> bool:
    month, day = int(text[2:4]) % 20, int(text[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31 and weighted(text, "13791379131", 10) == 0


def _brazilian(text: str) -> bool:
    if len(set(text)) == 1:
        return False
    first = weighted(text, list(range(10, 1, -1)), 11) * 10 % 11 % 10
    second = weighted(text, list(range(11, 1, -1)), 11) * 10 % 11 % 10
    return text[9:] == f"{first}{second}"


def _chinese(text: str) -> bool:
    powers = [2 ** (17 - i) % 11 for i in range(17)]
    return "10X98765432"[weighted(text[:17], powers, 11)] == text[17] and 1 <= int(text[10:12]) <= 12


def _swiss(text: str) -> bool:
    return (10 - weighted(text, "131313131313", 10)) % 10 == int(text[12])


def _vehicle(text: str) -> bool:
    worth = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    digits = "".join(worth.get(c, c) for c in text)
    weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    return "0123456789X"[weighted(digits, weights, 11)] == text[8]


TURNED = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
"""What a digit becomes one place further to the left, in Verhoeff's method."""


def _times(i: int, j: int) -> int:
    """The product of two elements of the dihedral group of the pentagon: 5 to 9 are its mirrored ones."""
    turned = (i + j) % 5 if i < 5 else (i - j) % 5
    return turned + 5 * ((i < 5) != (j < 5))


def _indian(text: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(text)):
        turned = int(digit)
        for _ in range(place % 8):
            turned = TURNED[turned]
        check = _times(check, turned)
    return check == 0


def _internet(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _form(
    name: str, pattern: str, check: Callable[[str], bool] = lambda _: True, *, most: bool = False
) -> Form:
    return Form(name, re.compile(pattern, re.IGNORECASE | re.ASCII), check, most)


@dataclass(frozen=True, slots=True)
class _Address(Form):
    def holds(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None and _internet(text)


FORMS: tuple[Form, ...] = (
    _form("an e-mail address", r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+"),
    _form("a link", r"(https?://|www\.)\S+"),
    _Address(
        "an IP address", re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+(\.\d{1,3}){0,3}", re.I)
    ),
    _form("a hardware address", r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}"),
    _form("a universally unique id", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    _form("an IBAN", r"[a-z]{2}\d{2}( ?[a-z0-9]){11,30}", iban),
    _form("a social security number of the US", r"\d{3}-\d{2}-\d{4}", _social_security),
    _form("a number of a payment card", r"[2-6](?:[ -]?\d){12,18}", luhn, most=True),
    _form(
        "a national insurance number of the UK", r"[a-ceghj-prs-tw-z][a-ceghj-nprs-tw-z]( ?\d\d){3} ?[a-d]"
    ),
    _form("an NHS number of England", r"\d{3}[ -]?\d{3}[ -]?\d{4}", _nhs, most=True),
    _form("a tax number of Germany", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", _german_tax, most=True),
    _form(
        "a social security number of France",
        r"[1-478] ?\d\d ?\d\d ?(\d\d|2[ab]) ?\d{3} ?\d{3} ?\d\d",
        _french,
    ),
    _form("an identity number of Spain", r"(\d{8}|[xyz]-?\d{7})-?[a-z]", _spanish),
    _form("a tax code of Italy", r"[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]", _italian),
    _form("a citizen service number of the Netherlands", r"\d{9}", _dutch, most=True),
    _form("a social insurance number of Canada", r"[1-9]\d{2}[ -]?\d{3}[ -]?\d{3}", luhn, most=True),
    _form("a personal identity number of Sweden", r"(\d{2})?\d{6}[-+]?\d{4}", _swedish, most=True),
    _form("a PESEL of Poland", r"\d{11}", _polish, most=True),
    _form("a CPF of Brazil", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", _brazilian, most=True),
    _form("an identity number of China", r"[1-9]\d{16}[\dx]", _chinese, most=True),
    _form("an Aadhaar number of India", r"[2-9]\d{3} ?\d{4} ?\d{4}", _indian, most=True),
    _form("a social insurance number of Switzerland", r"756\.?\d{4}\.?\d{4}\.?\d{2}", _swiss),
    _form("a vehicle's number", r"[a-hj-npr-z0-9]{17}", _vehicle, most=True),
    _form("a telephone number", r"(\+|00)[1-9][\d\s().-]{6,18}\d", lambda text: 8 <= _digits(text) <= 17),
    _form(
        "a telephone number",
        rf"(?!{DATE_NEXT})\(?0\d{{1,4}}\)?[\s/-]\d[\d\s-]{{4,12}}\d",
        lambda text: 7 <= _digits(text) <= 13,
    ),
    _form("a telephone number", r"(1[-. ]?)?\(?[2-9]\d{2}\)?[-. ]?[2-9]\d{2}[-. ]?\d{4}", most=True),
    _form("a digest", r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", lambda text: not text.isdigit()),
)
"""The forms, those first that leave least to chance."""


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)
