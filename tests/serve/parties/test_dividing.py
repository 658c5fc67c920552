"""Bits, truncations and quotients of shared numbers against those of Python's whole numbers."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare
from tests.serve.parties.three import planned, run

from confide.mechanisms.share.joint import dividing
from confide.mechanisms.share.joint.shamir import recombined, unpacked

pytest.importorskip("mpyc")
LENGTH = 90
NUMBERS = (0, 1, 2**LENGTH - 1, 0x5A5A5A5A5A5A5A5A5A5A, 2**40)
PAIRS = ((1, 3), (-(2**60) - 7, 2**61), (5, 1), (-(2**89), 2**89 - 1), (12345678901234567890, 2**80 + 11))


async def all_three(name, engine):
    field = dividing.field_for(engine, length=LENGTH)

    async def shared(*values):
        mine = np.array(values, object) if name == "a" else np.zeros(len(values), object)
        (found,) = await engine.shared(mine, count=len(values), owners=[0], field=field)
        return found

    bits = [await dividing.bits_of(await shared(n), engine, field, length=LENGTH) for n in NUMBERS]
    bits = [await engine.opened(one, field=field) for one in bits]
    signed = await shared(*NUMBERS, *(-number for number in NUMBERS))
    cut = await dividing.truncated(signed, engine, field, length=LENGTH + 1, away=30)
    cut = await engine.opened(cut, field=field)
    divided = [
        await dividing.quotients(await shared(top), await shared(bottom), engine, field, length=LENGTH)
        for top, bottom in PAIRS
    ]
    small = dividing.field_to_move(engine, length=LENGTH)
    given = np.array([*NUMBERS, *(-number for number in NUMBERS)], object)
    (share,) = await engine.shared(given, count=len(given), owners=[0], field=small)
    elsewhere = await dividing.moved(share, engine, out_of=small, into=field, length=LENGTH)
    elsewhere = await engine.opened(elsewhere, field=field)
    return bits, list(cut), list(elsewhere), [int(one[0]) for one in divided]


def test_they_are_those_of_whole_numbers():
    plan, own = planned()
    bits, cut, elsewhere, divided = run(plan, own, all_three)["b"][0]
    for number, found in zip(NUMBERS, bits, strict=True):
        assert list(found) == [(number >> place) & 1 for place in range(LENGTH)]
    assert elsewhere == [*NUMBERS, *(-number for number in NUMBERS)]
    for number, found in zip([*NUMBERS, *(-n for n in NUMBERS)], cut, strict=True):
        assert abs(Fraction(number, 2**30) - found) < 2  # two dealers
    for (top, bottom), found in zip(PAIRS, divided, strict=True):
        exact = Fraction(top, bottom)
        assert abs(Fraction(found, 2**dividing.RESULT) - exact) <= 4 * Fraction(1, 2**48) * (1 + abs(exact))


async def masked(name, engine):
    field = dividing.field_for(engine, length=LENGTH)
    given = np.full(2000, 2**LENGTH - 1, object)
    (share,) = await engine.shared(given, count=2000, owners=[0], field=field)
    await dividing.truncated(share, engine, field, length=LENGTH, away=40)
    return field


def test_what_a_truncation_opens_is_masked():
    # Chi-square over 256 classes of bytes of the number that is opened, as party b puts it together: false
    # alarm 2 in a million. Without a mask, the twin, it is one number.
    plan, own = planned()
    field, _, _, messages = run(plan, own, masked)["b"]
    last = {s: data[12:] for s, _, kind, data in messages if kind == "shares"}  # after MPyC's label
    shares = {place: unpacked(last[name], width=field.width) for place, name in ((1, "a"), (2, "b"))}
    opened = recombined(shares, modulus=field.modulus)
    assert len(opened) == 2000
    for shift in (0, 32):
        counts = np.bincount([(int(value) >> shift) & 255 for value in opened], minlength=256)
        assert chisquare(counts).pvalue > 1e-6
    assert chisquare(np.bincount([255] * 2000, minlength=256)).pvalue < 1e-9  # the twin
