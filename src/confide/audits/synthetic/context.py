"""Texts of a report on a synthetic file: what was compared, what the adversary knew, what is not settled."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.audits.synthetic.exhibits import gate_warning
from confide.audits.synthetic.games import Membership, Sides
from confide.audits.synthetic.population import blind
from confide.audits.synthetic.usefulness import held_to_a_limit
from confide.core.language import later, t
from confide.games.membership.synthetic import SyntheticFile
from confide.games.membership.synthetic_others import AgainstOthers
from confide.inputs.synthetic import SyntheticData
from confide.utility.synthetic import SyntheticUtility

NOBODY_HELD_OUT = later(
    "Nobody was held out, so what the file gives away of the people behind it cannot be separated from what "
    "is true of everybody. The same attacks therefore looked for other people in as many rows of further "
    "real people, which say nothing of them: what they find beyond that is given away. A file that is made "
    "less exactly than real rows hides it, so no limit counts as kept. Hold out people at random, 1,000 or "
    "more, make the synthetic file again from the others, and audit it with --control."
)
HARM = later("Who is known to be behind the file is known to have what all people in it have in common.")
CLOSEST = later(
    "How near synthetic rows come to real ones (distance to the closest record) and how many rows are equal "
    "are shown, and decide nothing: attacks do."
)


def context_of(
    data: SyntheticData,
    both: Sides,
    game: Membership,
    release: AuditedRelease,
    count: Count,
    *,
    of_use: SyntheticUtility | None,
) -> Context:
    """What the report says beside the numbers.

    Args:
        data: the files, read.
        both: the people on both sides.
        game: on who was behind the file.
        release: that was audited.
        count: a count in words.
        of_use: what the file is good for; None in the sections after the first.
    """
    held_out = t("{n} people", n=count(len(both.control))) if both.held_out else t("nobody")
    columns = len(data.synthetic.domains)
    about = {
        t("synthetic file"): t(
            "{rows} rows of {columns} columns", rows=count(len(data.synthetic)), columns=columns
        ),
        t("made from"): t("{n} real rows", n=count(len(both.real))),
        t("held out"): held_out,
    }
    if release.aside:
        return _aside(data, release, about, count)
    found = None
    if isinstance(game, SyntheticFile):
        found = release.once("blind", lambda: blind(game, rng=release.settings.rng("blind")))
    return Context(
        adversary=(
            *_reference(both, game, count),
            t("It did not know how the file was made."),
        ),
        about={
            **about,
            t("asked about"): _asked(game, count),
        },
        harm=t(HARM),
        notes=(*_by_card(data), *_in_both(data, count), *data.notes, t(CLOSEST)),
        internal_notes=data.internal_notes,
        warnings=(*(() if of_use is None else gate_warning(of_use.gate)), *data.warnings),
        unsettled={
            **({} if both.held_out else {t("nobody was held out"): t(NOBODY_HELD_OUT)}),
            **data.unsettled,
        },
        blind=found,
        useful=None if of_use is None else held_to_a_limit(of_use.gate),
    )


def _by_card(data: SyntheticData) -> tuple[str, ...]:
    if data.card is None:
        return ()
    card = data.card
    said = t(
        "The card beside the file says that {mechanism} made it, and promises {promise}.",
        mechanism=card.mechanism,
        promise=card.said,
    )
    return (said,)


def _aside(data: SyntheticData, release: AuditedRelease, about: Mapping[str, str], count: Count) -> Context:
    """Of a further goal: what the first section says of the files is not said again."""
    if "secret" not in release.goal:
        return Context(
            adversary=(t("It knew nothing of the people but what the file says."),),
            about=about,
            unsettled=data.unsettled,
        )
    return Context(
        subject=t(
            "Somebody who holds this synthetic file and knows {known} of a person", known=_listed(data.known)
        ),
        adversary=(
            t(
                "It knew of each person: {known}; the secret is {secret}.",
                known=_listed(data.known),
                secret=data.secret,
            ),
        ),
        about={**about, t("secret"): data.secret},
        unsettled=data.unsettled,
    )


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:6])
    if len(names) <= 6:
        return shown
    return t("{columns} and {n} more columns", columns=shown, n=len(names) - 6)


def _reference(both: Sides, game: Membership, count: Count) -> tuple[str, ...]:
    if isinstance(game, AgainstOthers):
        return (t("It knew the rows of {n} other real people.", n=count(len(game.known))),)
    others = count(len(both.control) - len(game.controls) // game.parts)
    said = t("It knew about {n} other people of the same kind, who were held out of the file.", n=others)
    return (said,)


def _asked(game: Membership, count: Count) -> str:
    members, controls = count(len(game.members)), count(len(game.controls))
    if isinstance(game, SyntheticFile):
        return t(
            "{members} people behind the file and {controls} people held out",
            members=members,
            controls=controls,
        )
    return t(
        "{members} people in {rows} rows of the file, and {controls} others in as many rows of further real "
        "people",
        members=members,
        rows=count(min(len(game.synthetic), len(game.others))),
        controls=controls,
    )


def _in_both(data: SyntheticData, count: Count) -> tuple[str, ...]:
    """Who was left out of the control people, in words."""
    found = data.in_both
    if found is None:
        return ()
    gone = int(found.left_out.sum())
    if gone:
        return (
            t(
                "{n} rows of the control file are people of the real file too, and are left out: they have "
                "the id of a real person, or equal a real row in all columns more often than chance "
                "explains. Of such rows all go that one real person alone has, and as large a share, at "
                "random, of those that several have.",
                n=count(gone),
            ),
        )
    if found.equal:
        return (
            t(
                "{n} rows of the control file equal a row of the real one, no more than chance explains: "
                "people with the same values. They stay.",
                n=count(found.equal),
            ),
        )
    return ()
