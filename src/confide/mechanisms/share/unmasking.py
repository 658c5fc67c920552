"""Taking masks off a sum with the shares that clients returned."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.core.errors import PromiseError
from confide.mechanisms.share.keys import KEY_BYTES, Between, commitment
from confide.mechanisms.share.masks import Ring, add_mask
from confide.mechanisms.share.refusals import RefusedError, listed
from confide.mechanisms.share.rosters import Roster
from confide.mechanisms.share.secret_shares import secret_from


def take_off(
    total: Ring, name: str, shares: Mapping[str, bytes], *, roster: Roster, survivors: Collection[str]
) -> None:
    """Take off a survivor's self mask, or the masks that survivors share with a party that dropped out.

    Args:
        total: the sum so far; it is changed.
        name: whose masks.
        shares: of its secret, by who returned them: exactly as many as rebuild it.
        roster: of the round.
        survivors: whose vectors are in the sum.

    Raises:
        RefusedError: if the shares do not give what the party committed to in its keys.
    """
    secret, alive = _rebuilt(name, shares, roster), name in survivors
    _, public, promised = roster.public(name)
    private = None if alive else X25519PrivateKey.from_private_bytes(secret)
    found = commitment(secret) if private is None else private.public_key().public_bytes_raw()
    if found != (promised if alive else public):
        raise RefusedError(
            f"the shares of a secret of {name!r} do not give what it committed to: {name!r} dealt wrong "
            f"ones, or one of {listed(shares)} returned a wrong one. There is no sum.",
            parties=[name, *shares],
        )
    if private is None:
        add_mask(total, secret, sign=-1)
        return
    for other in roster.neighbours[name]:
        if other in survivors:
            # As the party that dropped out would add it: the other one did the opposite.
            between = Between(roster.plan, roster.round, name, other)
            key = between.key(private, roster.public(other)[1], "mask", length=KEY_BYTES)
            add_mask(total, key, sign=between.sign)


def _rebuilt(name: str, shares: Mapping[str, bytes], roster: Roster) -> bytes:
    try:
        return secret_from({roster.plan.points[holder]: share for holder, share in shares.items()})
    except PromiseError as error:
        raise RefusedError(f"of a secret of {name!r}: {error} There is no sum.", parties=[name]) from None
