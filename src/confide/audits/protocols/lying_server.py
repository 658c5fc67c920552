"""A server that does not follow the protocol: it swaps keys, shrinks the cohort, and tells two stories.

In each attack the server uses the protocol's own sum, on messages that clients gave it. A refusal counts only
where it is one of the protocol's own errors, and where the same steps of an honest server went through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from confide.audits.checked.record import Attack, Check
from confide.audits.protocols.masking import NAMES, SERVER, MaskingProtocol, Shares
from confide.audits.protocols.rounds import VICTIM, Round, honest, same, terms_of, vectors_of
from confide.core.arrays import Array

OTHERS = tuple(name for name in NAMES if name != VICTIM)
Trial = Callable[[], Array]
"""One attempt of the server: the vector that it read, or a refusal."""


def keys_swapped(protocol: MaskingProtocol, threshold: int) -> Check:
    """Hand the victim keys of the server's making for all others, and be all others from then on."""
    terms = terms_of(protocol, threshold)
    vectors = vectors_of(protocol, terms)
    zeros = dict.fromkeys(OTHERS, np.zeros_like(vectors[VICTIM]))
    true = protocol.kits(terms)
    kits = {**protocol.forged(true, victim=VICTIM), VICTIM: true[VICTIM], SERVER: true[SERVER]}
    begun = Round(protocol=protocol, terms=terms, kits=kits)

    def as_everyone() -> Array:
        begun.send_keys().send_shares().send_masked({**zeros, VICTIM: vectors[VICTIM]})
        return begun.total(NAMES, begun.ask(NAMES, patient=True))

    told = "The server gave one client keys of its own making for all others."
    bad = "A client took keys that the server had made up for all others."
    found = _judged(
        protocol,
        name="keys authenticated",
        trials={told: as_everyone},
        expected=vectors[VICTIM],
        good="A client refused made-up keys for all others, or they gave the server nothing.",
        bad=bad,
    )
    if found.outcome == "passed" and VICTIM in begun.sealed and VICTIM not in begun.masked:
        words = "A client took keys that the server had made up, but the server's own clients did not go on."
        return replace(found, outcome="unclear", found=words)
    if found.outcome == "failed" or VICTIM not in begun.masked or not _pairs_known(begun):
        return found
    # It noticed too late: what it sent is protected by its own mask alone.
    story = f"{told} It knows the masks that the client shares with each of them, though not its own mask."
    attack = Attack(story=story, succeeded=True, figures={"masks known": len(OTHERS)})
    return replace(found, outcome="failed", found=bad, attacks=(attack,))


def _pairs_known(begun: Round) -> bool:
    """Whether the server's own clients have the victim's secret of each pair."""
    mine = begun.clients[VICTIM].mask_secrets()
    theirs = {name: begun.clients[name].mask_secrets().get(VICTIM) for name in OTHERS}
    return any(name in mine for name in OTHERS) and all(
        mine.get(name) == secret for name, secret in theirs.items() if name in mine
    )


def cohort_of_one(protocol: MaskingProtocol, threshold: int) -> Check:
    """Say in four ways that all but the victim are gone."""
    terms = terms_of(protocol, threshold)
    vectors = vectors_of(protocol, terms)

    def alone() -> Array:
        told = terms_of(protocol, 1, names=(VICTIM,))
        begun = Round(protocol=protocol, terms=told, kits=protocol.kits(terms))
        begun.send_keys().send_shares().send_masked(vectors)
        return begun.total([VICTIM], begun.ask([VICTIM]))

    def alone_after_keys() -> Array:
        begun = Round(protocol=protocol, terms=terms, kits=protocol.kits(terms)).send_keys()
        begun.send_shares(of=[VICTIM]).send_masked(vectors)
        return begun.total([VICTIM], begun.ask([VICTIM]))

    def alone_after_shares() -> Array:
        begun = Round(protocol=protocol, terms=terms, kits=protocol.kits(terms)).send_keys()
        begun.send_shares().send_masked(vectors, of=[VICTIM])
        return begun.total([VICTIM], begun.ask([VICTIM], dropped=()), dropped=())

    def alone_at_last() -> Array:
        begun = honest(protocol, terms, protocol.kits(terms), vectors)
        return begun.total([VICTIM], begun.ask([VICTIM], patient=True))

    return _judged(
        protocol,
        name="cohort of one",
        trials={
            "The server began a round of one client, with a threshold of one.": alone,
            "The server said after the keys that all others had dropped out.": alone_after_keys,
            "The server said after the shares that all others had dropped out.": alone_after_shares,
            "The server said after the masked vectors that all others had dropped out.": alone_at_last,
        },
        expected=vectors[VICTIM],
        good=f"Clients refused a cohort of one in four ways (threshold {threshold} of {len(NAMES)}).",
        bad=f"Clients helped to show a sum of one (threshold {threshold} of {len(NAMES)}).",
    )


def two_stories(protocol: MaskingProtocol, threshold: int) -> Check:
    """Get both secrets of a client by different lists of who remains: its vector is a difference of sums."""
    terms = terms_of(protocol, threshold)
    vectors = vectors_of(protocol, terms)
    half = len(NAMES) // 2

    def difference(begun: Round, remained: Mapping[str, Shares], gone: Mapping[str, Shares]) -> Array:
        """Of the sum in which the victim remained, and that in which it dropped out."""
        every = {name: {**remained.get(name, {}), **gone.get(name, {})} for name in NAMES}
        return begun.total(NAMES, every, dropped=()) - begun.total(OTHERS, every, dropped=[VICTIM])

    def started() -> Round:
        return honest(protocol, terms, protocol.kits(terms), vectors)

    def twice() -> Array:
        begun = started()
        return difference(begun, begun.ask(NAMES, patient=True), begun.ask(OTHERS, of=NAMES, patient=True))

    def both_at_once() -> Array:
        begun = started()
        shares = begun.ask(NAMES, dropped=[VICTIM], patient=True)
        return difference(begun, shares, {})

    def halves() -> Array:
        begun = started()
        first = begun.ask(NAMES, of=NAMES[:half], patient=True)
        return difference(begun, first, begun.ask(OTHERS, of=NAMES[half:], patient=True))

    return _judged(
        protocol,
        name="two stories",
        trials={
            "The server asked all twice, the second time as if one client had dropped out.": twice,
            "The server named one client as remaining and as dropped out.": both_at_once,
            "The server told one half that a client remained, and the other that it dropped out.": halves,
        },
        expected=vectors[VICTIM],
        good=f"No client gave both kinds of shares in three ways (threshold {threshold} of {len(NAMES)}).",
        bad=f"Clients gave both kinds of shares of one client (threshold {threshold} of {len(NAMES)}).",
    )


def _judged(
    protocol: MaskingProtocol,
    *,
    name: str,
    trials: Mapping[str, Trial],
    expected: Array,
    good: str,
    bad: str,
) -> Check:
    """Make all attempts; any success fails the check, any error that is no refusal leaves it unclear."""
    attacks: list[Attack] = []
    unclear: list[str] = []
    refused = 0
    for story, trial in trials.items():
        try:
            found = trial()
        except protocol.refusals:
            refused += 1
            continue
        except Exception as error:  # whatever an adapter raises is no sign of safety
            unclear.append(f"{story} It ended in {type(error).__name__}: {error}")
            continue
        if same(found, expected):
            words = f"{story} It read the vector of {len(expected)} words exactly."
            attacks.append(Attack(story=words, succeeded=True, figures={"words read": len(expected)}))
    figures = {"attempts": len(trials), "refused": refused, "succeeded": len(attacks)}
    if attacks:
        return Check(name=name, outcome="failed", found=bad, figures=figures, attacks=tuple(attacks))
    if unclear:
        words = "The adapter failed, which says nothing about the protocol. " + " ".join(unclear)
        return Check(name=name, outcome="unclear", found=words, figures=figures)
    return Check(name=name, outcome="passed", found=good, figures=figures)
