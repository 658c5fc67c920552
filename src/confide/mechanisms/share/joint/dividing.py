"""Bits, truncations and quotients of shared whole numbers, by masks that a few parties deal.

One more party than may collude deals each mask, so that one of the dealers at least is honest.

*Statement.* `truncated` gives a / 2^f, off by less than the number of dealers. `moved` gives shares of the
same number in another field. `bits_of` gives the bits of a number (Damgard, Fitzi, Kiltz, Nielsen, Toft, TCC
2006), and `quotients` N / D for 0 < D < 2^L and |N| < 2^L, off by at most (dealers + 2) 2^-48 (1 + |N / D|).
What is opened is within 2^-40 of a distribution that no input moves.

*Proof.* Of truncation: each dealer takes r = low + 2^f high, uniform below 2^(l + 41) for numbers of l bits.
c = a + sum of r is opened, within 2^-40 of what 0 would give. Take c modulo 2^f from a + sum of low: what
remains is a multiple of 2^f, and the sum of low is from 0 to below (dealers) 2^f. A number is moved by masks
that are dealt in both fields: what is opened in the one, less the masks in the other. Of bits: the mask is
the exclusive or of the dealers' bits, with a high part as before; c - mask is taken by carries on shares.
Of quotients: D is shifted to its full length, whose highest bit its bits give, cut to 64 bits and inverted by
Newton's method from 2.9142 - 2 D, which is off by .0858; each step squares that, up to the truncations.
"""

from __future__ import annotations

import secrets

import numpy as np

from confide.core.arrays import Array
from confide.mechanisms.share.joint.engine import SECURITY, Engine, Field

RESULT = 48
"""Bits of a quotient after the point."""
WORK = 64
"""Bits of the reciprocal."""
NEWTON_STEPS = 5
_START = round(2.9142135623730951 * 2**WORK)


def field_for(engine: Engine, *, length: int) -> Field:
    """The field that holds every number and mask of quotients of numbers of this length."""
    most = max(2 * length + 1, length + 2 * WORK + 4)
    return engine.field(_dealers(engine) << (most + SECURITY + 2))


def field_to_move(engine: Engine, *, length: int) -> Field:
    """The least field from which numbers of this length can be moved into another."""
    return engine.field(_dealers(engine) << (length + SECURITY + 2))


async def moved(share: Array, engine: Engine, *, out_of: Field, into: Field, length: int) -> Array:
    """Shares in another field of the same numbers: object[n].

    Args:
        share: of numbers of an absolute value below 2^length, object[n].
        engine: of this party.
        out_of: the field that they are in, by `field_to_move`.
        into: the other, in which they and their masks have room too.
        length: in bits.
    """
    count, dealers = len(share), range(_dealers(engine))
    mine = np.empty(count, object)
    mine[:] = [secrets.randbits(length + 1 + SECURITY) for _ in range(count)]
    here = await engine.shared(mine, count=count, owners=dealers, field=out_of)
    there = await engine.shared(mine, count=count, owners=dealers, field=into)
    raised = share + (1 << length) + np.add.reduce(here)  # no number is below 0
    opened = await engine.opened(raised % out_of.modulus, field=out_of)
    return (opened % out_of.modulus - (1 << length) - np.add.reduce(there)) % into.modulus


async def multiplied(one: Array, two: Array, engine: Engine, field: Field) -> Array:
    """Shares of products, place by place."""
    return await engine.reduced(one * two % field.modulus, field=field)


async def truncated(share: Array, engine: Engine, field: Field, *, length: int, away: int) -> Array:
    """Shares of a / 2^away, off by less than the number of dealers.

    Args:
        share: of a, object[n], each of an absolute value below 2^length.
        engine, field: as everywhere.
        length: in bits.
        away: how many bits are cut off.
    """
    count, dealers = len(share), _dealers(engine)
    mine = np.empty(2 * count, object)
    mine[:] = [
        *(secrets.randbits(away) for _ in range(count)),
        *(secrets.randbits(length + 1 - away + SECURITY) for _ in range(count)),
    ]
    dealt = await engine.shared(mine, count=2 * count, owners=range(dealers), field=field)
    low, high = np.split(np.add.reduce(dealt), 2)
    raised = (share + (1 << length) + low) % field.modulus  # no number is below 0
    opened = await engine.opened((raised + (high << away)) % field.modulus, field=field)
    kept = (raised - opened % field.modulus % (1 << away)) * pow(2, -away, field.modulus)
    return (kept - (1 << (length - away))) % field.modulus


async def bits_of(share: Array, engine: Engine, field: Field, *, length: int) -> Array:
    """Shares of the bits of a number, the lowest first: object[length].

    Args:
        share: of a number from 0 to below 2^length, object[1].
        engine, field: as everywhere.
        length: in bits.
    """
    modulus, weights = field.modulus, _powers(length)
    mine = np.empty(length + 1, object)
    mine[:] = [*(secrets.randbits(1) for _ in range(length)), secrets.randbits(SECURITY)]
    dealt = await engine.shared(mine, count=length + 1, owners=range(_dealers(engine)), field=field)
    mask = dealt[0][:-1]
    for other in dealt[1:]:
        mask = await _either(mask, other[:-1], engine, field)
    above = sum(part[-1] for part in dealt)
    masked = (share + mask @ weights + (above << length)) % modulus
    opened = int((await engine.opened(masked, field=field))[0]) % modulus
    public = np.empty(length, object)
    public[:] = [(opened >> place) & 1 for place in range(length)]
    # The number is public + not(mask) + 1 modulo 2^length: where a carry is made, and where it is passed on.
    inverse = (1 - mask) % modulus
    made, passed = public * inverse % modulus, (public + inverse - 2 * public * inverse) % modulus
    carries = made.copy()
    carries[0] = (made[0] + passed[0]) % modulus
    through, step = passed.copy(), 1
    while step < length:
        both = await multiplied(
            np.concatenate([through[step:], through[step:]]),
            np.concatenate([carries[:-step], through[:-step]]),
            engine,
            field,
        )
        carry, on = np.split(both, 2)
        carries[step:], through[step:] = (carries[step:] + carry) % modulus, on
        step *= 2
    came = np.concatenate([np.array([1], object), carries[:-1]])
    return await _either(passed, came, engine, field)


async def quotients(top: Array, bottom: Array, engine: Engine, field: Field, *, length: int) -> Array:
    """N / D, opened, in steps of 2^-48: object[n].

    Args:
        top: shares of N, object[n].
        bottom: a share of D, object[1].
        engine: of this party.
        field: by `field_for`.
        length: L, in bits.
    """
    shift = await _shift(await bits_of(bottom, engine, field, length=length), engine, field)
    shifted = await multiplied(np.concatenate([bottom, top]), shift, engine, field)
    cut = await truncated(shifted[:1], engine, field, length=length, away=length - WORK)
    tops = await truncated(shifted[1:], engine, field, length=2 * length, away=length - WORK)
    guess = (_START - 2 * cut) % field.modulus
    for _ in range(NEWTON_STEPS):
        product = await multiplied(cut, guess, engine, field)
        product = await truncated(product, engine, field, length=2 * WORK + 3, away=WORK)
        wider = await multiplied(guess, (2 << WORK) - product, engine, field)
        guess = await truncated(wider, engine, field, length=2 * WORK + 4, away=WORK)
    found = await multiplied(tops, guess, engine, field)
    found = await truncated(found, engine, field, length=length + 2 * WORK + 3, away=2 * WORK - RESULT)
    return await engine.opened(found, field=field)


async def _shift(bits: Array, engine: Engine, field: Field) -> Array:
    """A share of 2^(L - 1 - place of the highest 1), object[1]."""
    modulus, length = field.modulus, len(bits)
    none = (1 - bits[::-1]) % modulus  # whether no bit as high was set, once they are multiplied
    step = 1
    while step < length:
        none[step:] = await multiplied(none[step:], none[:-step], engine, field)
        step *= 2
    first = np.concatenate([np.array([1], object), none[:-1]]) - none
    return np.array([first @ _powers(length) % modulus], object)


async def _either(one: Array, two: Array, engine: Engine, field: Field) -> Array:
    """Shares of the exclusive or of bits."""
    return (one + two - 2 * await multiplied(one, two, engine, field)) % field.modulus


def _dealers(engine: Engine) -> int:
    return engine.threshold + 1


def _powers(length: int) -> Array:
    found = np.empty(length, object)
    found[:] = [1 << place for place in range(length)]
    return found
