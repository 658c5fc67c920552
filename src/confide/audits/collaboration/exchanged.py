"""Exchanges of predictions in place of updates: what a party saw of them, and which attacks are left."""

from __future__ import annotations

from collections.abc import Sequence

from confide.attacks.membership.updates import NasrPassive, UpdateAlignment, UpdateDecoder
from confide.core.errors import AccessError
from confide.core.language import keep, parts, t
from confide.core.nouns import AnyAttack
from confide.core.sentence import Sentence
from confide.core.transcript import SERVER, Seen
from confide.report import Skipped

NEEDS_UPDATES = (UpdateDecoder, UpdateAlignment, NasrPassive)
"""Attacks on membership that read updates, or models of several rounds."""


def left_of(attacks: Sequence[AnyAttack]) -> tuple[list[AnyAttack], list[Skipped]]:
    """The attacks that can be played on an exchange, and those that cannot, with the reason."""
    why = AccessError(
        keep(
            "not played: parties exchanged predictions or votes, and it reads updates or the models of "
            "rounds. That is no sign that records are safe"
        )
    )
    skipped = [Skipped.because(one.name, why) for one in attacks if isinstance(one, NEEDS_UPDATES)]
    return [one for one in attacks if not isinstance(one, NEEDS_UPDATES)], skipped


def saw_of_exchange(seen: Seen, parties: tuple[str, ...]) -> Sentence:
    """What these parties saw of an exchange, a sentence."""
    said = [m for m in seen.received("predictions") if m.sender not in parties]
    if said:
        return parts(
            "It saw what each of {clients} parties predicted for the public records in {rounds:,} rounds, "
            "and the published model.",
            clients=len({m.sender for m in said}),
            rounds=len({m.round for m in said}),
        )
    cast = {m.sender for m in seen.received("votes") if m.sender not in parties}
    if cast:
        return parts(
            "It saw the votes of {clients} parties on the public records, each by itself, and the published "
            "model.",
            clients=len(cast),
        )
    if SERVER in parties:
        return (
            t(
                "It saw the sum of the votes on the public records, not who cast which, and the published "
                "model."
            ),
        )
    return (
        t("It saw its own records and messages, what all parties said together, and the published model."),
    )


def unread() -> dict[str, str]:
    """What no attack reads of an exchange, so that no limit counts as kept."""
    return {
        t("predictions and votes"): t(
            "No attack here reads predictions or votes on public records: what they tell of the records is "
            "not measured. The rates are those of an adversary who asks the published model alone, if an "
            "attack ran at all."
        )
    }
