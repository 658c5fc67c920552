"""Whether the keys behind masks are new in each round."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.checked.record import Attack, Check, played
from confide.audits.protocols.masking import NAMES, MaskingProtocol, Shares
from confide.audits.protocols.rounds import (
    VICTIM,
    Round,
    centred,
    honest,
    same,
    terms_of,
    vectors_of,
)
from confide.core.arrays import Array

OTHERS = tuple(name for name in NAMES if name != VICTIM)


def keys_fresh(protocol: MaskingProtocol, threshold: int) -> Check:
    """Compare the secrets of two rounds, and use in the second what a dropout showed in the first.

    In the first round one client drops out, or the server says so, and gets shares of the key behind its
    masks. In the second that client takes part.
    """
    terms = terms_of(protocol, threshold)
    kits = protocol.kits(terms)
    one, two = vectors_of(protocol, terms, seed=1), vectors_of(protocol, terms, seed=2)
    first = honest(protocol, terms, kits, one, number=1)
    lost = first.ask(OTHERS, of=OTHERS)
    second = honest(protocol, terms, kits, two, number=2)
    shares = second.ask(NAMES)
    third = honest(protocol, terms, kits, one, number=3)
    now, then = second.clients[VICTIM].mask_secrets(), third.clients[VICTIM].mask_secrets()
    repeated = sorted(name for name, secret in now.items() if then.get(name) == secret)
    attacks: list[Attack] = []
    if repeated:
        apart = centred(protocol, two[VICTIM] - one[VICTIM])
        attacks.append(played(lambda: _subtracted(second, shares, third, apart, secrets=len(repeated))))
    every = {name: {**shares[name], **lost.get(name, {})} for name in NAMES}
    try:
        whole = second.total(NAMES, every, dropped=())
        read = same(whole - second.total(OTHERS, every, dropped=[VICTIM]), two[VICTIM])
    except protocol.refusals:
        read = False
    except Exception as error:  # whatever an adapter raises is no sign of safety
        if not attacks:
            words = f"The adapter failed, which says nothing of the protocol: {type(error).__name__}: {error}"
            return Check(name="keys fresh", outcome="unclear", found=words)
        read = False
    if read:
        story = (
            "The server said in one round that a client had dropped out, and got the key behind its masks; "
            "in the next round, in which the client took part, the same key gave its vector exactly."
        )
        attacks.append(Attack(story=story, succeeded=True, figures={"words read": terms.words}))
    if attacks:
        words = f"{len(repeated)} of {len(now)} mask secrets of a client were the same in two rounds."
        if not repeated:
            words = "Masks differ by round, but the key behind them stays the same."
        return Check(name="keys fresh", outcome="failed", found=words, attacks=tuple(attacks))
    words = (
        f"None of {len(now)} mask secrets was the same in two rounds, and the key of a client that dropped "
        "out in one round does not open the next."
    )
    return Check(name="keys fresh", outcome="passed", found=words)


def _subtracted(
    second: Round, shares: Mapping[str, Shares], third: Round, expected: Array, *, secrets: int
) -> Attack:
    """The difference of the victim's vectors, with own masks taken off by shares as in any round."""
    one = second.total([VICTIM], shares, dropped=())
    found = centred(second.protocol, one - third.total([VICTIM], third.ask(NAMES), dropped=()))
    read = same(found, expected)
    story = "The server subtracted a client's masked vectors of two rounds: the masks fell out, and " + (
        "the difference of its vectors was left exactly." if read else "some mask was left."
    )
    return Attack(story=story, succeeded=read, figures={"secrets repeated": secrets})
