"""Asking updates for a property of the people behind them: games, words and exhibits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.attacks.attribute.updates import LabelCounts
from confide.audits.collaboration.attacks import ASKING, PROPERTY
from confide.audits.collaboration.exhibits import among_all
from confide.audits.collaboration.property_cases import AskedOf, asked_of
from confide.audits.collaboration.property_rounds import PropertyRound, property_rounds
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.spec import Context, Count
from confide.audits.worst_off import strongest_of
from confide.core.arrays import Floats
from confide.core.errors import AccessError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.language import keep, t
from confide.core.nouns import AnyAttack, Case
from confide.inputs.collaboration_data import CollaborationData
from confide.measure import proportion
from confide.report import Exhibit, Skipped, Table
from confide.report.exhibits import Cell


def planned(data: CollaborationData, attacks: Sequence[AnyAttack]) -> tuple[list[PlannedGame], list[Skipped]]:
    """The game of property inference that this view allows, or why it is not played."""
    playing = [attack for attack in attacks if isinstance(attack, ASKING)]
    if not playing:
        return [], []
    try:
        found = _asked(data)
    except (AccessError, KnowledgeError) as why:
        return [], [Skipped.because(attack.name, why) for attack in playing]
    worlds = len(found.rounds)
    game = PlannedGame(
        game=found.game,
        attacks=playing,
        worlds=worlds,
        # Each round has a model of its own: the one that gives most away counts.
        alternatives=[(k,) for k in range(worlds)] if worlds > 1 else (),
        kept=False,
        goal=PROPERTY,
    )
    return [game], []


def _asked(data: CollaborationData) -> AskedOf:
    if data.trait is None:
        raise KnowledgeError(
            keep(
                "not played: it asks updates for one property, and none is named. Give --property "
                "COLUMN=VALUE, and records of others that say it by --auxiliary FILE"
            )
        )
    return asked_of(data.trait, property_rounds(data))


def context_of(data: CollaborationData, release: AuditedRelease, count: Count) -> Context:
    """What the report says beside the numbers."""
    found, trait = release.once("asked", lambda: _asked(data)), data.trait
    assert trait is not None
    one = found.rounds[release.chosen or 0]
    sizes = one.training.mix.sizes
    return Context(
        adversary=(
            _saw(one, count),
            t(
                "It knew how clients train and how many records they have, and of other people whether they "
                "have the property."
            ),
        ),
        about={
            t("protocol"): data.protocol or t("not known: the run does not say"),
            t("updates in question"): t("those that clients sent")
            if found.observed
            else t("made at the same model, of half of the auxiliary records"),
            t("records of a client"): t("{least} to {most}", least=count(min(sizes)), most=count(max(sizes))),
            t("people with the property, of a client that has some"): f"{trait.inside:.0%}",
        },
        left_out=trait.notes,
        notes=(_of_whom(found), _by_labels(), *_rounds_note(found)),
        internal_notes=(
            t("Asked for: {property}.", property=trait.name),
            t("Of round {round:,}.", round=one.round),
        ),
        unsettled={
            t("a research attack that finds little"): t(
                "That this attack tells updates with the property from others no better is no sign that the "
                "property is safe: nothing but a promise bounds what an update shows."
            )
        },
        blind=release.of(LabelCounts()) if one.labels is not None or not found.observed else None,
    )


def _saw(one: PropertyRound, count: Count) -> str:
    if one.clients:
        return t(
            "It saw the model of a round, and the updates that {clients} clients made of it, each by itself.",
            clients=count(len(one.clients)),
        )
    return t(
        "It saw the model of a round, and what {clients} clients together changed of it.",
        clients=count(one.training.mix.clients),
    )


def _of_whom(found: AskedOf) -> str:
    if found.observed:
        return t(
            "Exposed are updates of clients among whose people somebody has the property, controls those of "
            "clients where nobody has it: a client counts once. Clients may differ in other ways too."
        )
    return t(
        "It is not known of enough clients whether somebody among their people has the property. So the "
        "adversary learned from one half of the auxiliary records, and was asked about updates that clients "
        "with records of the other half would have sent. Nobody is behind two of these updates. What is "
        "measured holds for people like those of the auxiliary records."
    )


def _by_labels() -> str:
    return t(
        "Beside it stands what the counts of labels behind an update tell of the property, without the "
        "update."
    )


def _rounds_note(found: AskedOf) -> tuple[str, ...]:
    if len(found.rounds) == 1:
        return ()
    return (
        t(
            "It was asked about {rounds:,} rounds of the run, the first and the last among them. The numbers "
            "are those of the worst, and every interval is corrected for that choice.",
            rounds=len(found.rounds),
        ),
    )


def exhibits_of(data: CollaborationData, release: AuditedRelease) -> Sequence[Exhibit]:
    """Each round, and what the attack says of the updates that were sent."""
    found = release.once("asked", lambda: _asked(data))
    tables = [_rounds_table(release, found)]
    tables += [_sent_table(data, release, found, attack) for attack in release.attacks]
    return [one for one in tables if one is not None]


def _rounds_table(release: AuditedRelease, found: AskedOf) -> Table | None:
    if release.alternatives == 1 or not release.evidence:
        return None
    rows = [
        (
            t("round {round:,}", round=one.round),
            t("too few to measure")
            if k in release.unmeasured
            else strongest_of(release, k, among=among_all(release)),
        )
        for k, one in enumerate(found.rounds)
    ]
    return Table(
        title=t("In which round the property is found"),
        reading=t("A model that has learned more may hide a property, or show it more clearly."),
        head=(t("round"), t("what it learned (AUC)")),
        rows=tuple(rows),
    )


def _sent_table(
    data: CollaborationData, release: AuditedRelease, found: AskedOf, attack: AnyAttack
) -> Table | None:
    """What the attack says of each update that was sent, beside what is known."""
    evidence = release.of(attack)
    assert data.trait is not None
    if evidence is None:
        return None
    place = release.chosen or 0
    one = found.rounds[place]
    scores = release.once(f"sent to {attack.name}", lambda: _scores(release, found, place, attack, evidence))
    controls = evidence.claims[~evidence.exposed]
    rows: list[tuple[Cell, ...]] = []
    for name, score in zip(one.clients or (t("all clients together"),), scores, strict=True):
        truth = data.trait.truth.get(name)
        known = t("not known") if truth is None else t("yes") if truth else t("no")
        # Of a client that is a control itself the share would be held against itself.
        beyond = (
            None
            if found.observed
            else proportion(int((controls >= score).sum()), len(controls), confidence=0.95)
        )
        rows.append((name, float(score), beyond, known))
    return Table(
        title=t("What {attack} says of the updates that were sent", attack=attack.name),
        reading=t(
            "A higher score stands for the property. The share of updates without it that score as high says "
            "how easily the score comes about by chance; it says nothing where people of a client are unlike "
            "those of the auxiliary records. A single row is a suspicion and no proof."
        ),
        head=(t("client"), t("score"), t("without the property, as high"), t("has somebody with it")),
        rows=tuple(rows),
        internal=True,
    )


def _scores(
    release: AuditedRelease, found: AskedOf, place: int, attack: AnyAttack, evidence: Evidence
) -> Floats:
    """The score of each update that was sent in the round that counts."""
    one, asked = found.rounds[place], found.game.rounds[place]
    if found.observed:
        by_client = dict(zip(asked.ids.tolist(), evidence.claims.tolist(), strict=True))
        return np.array([by_client.get(k, np.nan) for k in found.numbers(one)])
    labels = np.zeros((len(one.updates.gradients), 1), np.int64) if one.labels is None else one.labels
    # With the same random numbers as when it was played, it learns the same.
    rng = release.settings.rng("worlds").spawn(1)[0].spawn(2)[1]
    case: Case[object, object, object] = Case(one.updates, asked.known, labels)
    return np.asarray(attack(case, rng=rng).score, np.float64)
