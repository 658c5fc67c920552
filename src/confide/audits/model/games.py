"""The game of an audit of a model: whose records trained it, and what the adversary has besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confide.attacks import membership
from confide.audits.model.keeping import keyed_by, keyed_on_sample
from confide.audits.model.references import Pool
from confide.audits.model.sampling import drawn, game_on_sample, questions
from confide.audits.release import PlannedGame
from confide.audits.settings import Settings
from confide.core.arrays import Ints
from confide.core.nouns import AnyAttack
from confide.core.who import whose
from confide.games.membership.models import TrainedModel
from confide.inputs.model_data import ModelData
from confide.knowledge.models import Background

KNOWN_SHARE = 0.5
"""The share of the targets whose membership a supervised adversary knows; it is judged on the others."""


def game_on(data: ModelData, pool: Pool) -> TrainedModel:
    """The game on this model and these records.

    Args:
        data: the model and its records, read.
        pool: the reference models of the adversary.
    """
    trained_on = data.held.trained_on
    return TrainedModel(
        view=data.view,
        targets=data.targets,
        member=data.member,
        background=Background(
            population=data.population,
            references=pool.references,
            learner=pool.learner,
            classes=data.class_count,
        ),
        told=KNOWN_SHARE,  # shown to those attacks alone that name it in their type
        informed=trained_on is None or trained_on <= data.listed,  # likewise, if all the rest is listed
    )


def planned(
    data: ModelData,
    game: TrainedModel,
    attacks: Sequence[AnyAttack],
    settings: Settings,
    *,
    expected: Mapping[str, float],
) -> list[PlannedGame]:
    """The game on all records, and that on a sample for attacks that ask many questions about each.

    Args:
        data: the model and its records.
        game: on all of them.
        attacks: to be played.
        settings: of the audit.
        expected: how many seconds an attack, by name, or another step, by kind, is expected to take.
    """
    costly, asked = split(data, attacks, settings)
    keyed, person = keyed_by(game, data.asked), whose(data.who)
    usual = [attack for attack in attacks if attack not in costly]
    # The first game is on everybody, also where no chosen attack plays in it: exhibits ask the blind one.
    games = [PlannedGame(game=game, attacks=usual, kept=False, keyed=keyed, person=person, expected=expected)]
    if asked is not None:
        some = game_on_sample(game, asked)
        on_sample = keyed_on_sample(keyed, asked)
        games.append(PlannedGame(game=some, attacks=costly, kept=False, keyed=on_sample, person=person))
    return games


def split(
    data: ModelData, attacks: Sequence[AnyAttack], settings: Settings
) -> tuple[list[AnyAttack], Ints | None]:
    """The attacks that are asked about a sample, and who is in it; none and None where there is no sample."""
    costly = [attack for attack in attacks if questions(attack) > 1]
    if not costly:
        return [], None
    asked = drawn(
        data.member,
        data.held.sample,
        settings.parsed_limits,
        # As `audits/comparison.py` corrects a finding.
        confidence=1 - 0.05 / max(len(membership.MODEL), len(attacks)),
        rng=settings.rng("sample of costly attacks"),
    )
    return ([], None) if asked is None else (costly, asked)
