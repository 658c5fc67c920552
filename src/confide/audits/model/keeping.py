"""Keys of evidence on a model: all that its scores follow from, so that an interrupted audit goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from confide.attacks import membership
from confide.audits.model.sampling import questions
from confide.core.access import BlackBox, LabelOnly, access_of
from confide.core.arrays import Ints
from confide.core.keys import key_of_value
from confide.core.nouns import AnyAttack
from confide.core.play import needed_access
from confide.games.membership.models import TrainedModel
from confide.models.answers import Answers
from confide.models.content import content_of
from confide.views.records import Records


def keyed_by(game: TrainedModel, asked: LabelOnly) -> Callable[[AnyAttack], str]:
    """The keys of a game's evidence: attack -> key, empty where the evidence cannot be kept.

    An attack that puts one question about each record sees the model's answers on these records and those
    of the
    references, and nothing else: its scores follow from them, whatever the model is. One that asks about
        other
    records, or looks inside, needs the content of the model. A function has none, nor has a model that
    answers from elsewhere. Of attacks that the user wrote nobody knows what they look at.

    Args:
        game: on the model, with all that the adversary knows.
        asked: the model as its owner holds it.
    """
    found: dict[str, str] = {}  # each is found when it is first asked for: it may ask all references

    def once(name: str, make: Callable[[], str]) -> str:
        if name not in found:
            found[name] = make()
        return found[name]

    def key(attack: AnyAttack) -> str:
        if type(attack) not in membership.MODEL:
            return ""
        access = needed_access(attack)
        parts = [once("answers", lambda: _of_answers(game))]
        if access not in ("blind", "black-box") or questions(attack) > 1:
            parts.append(once("model", lambda: content_of(asked)))
        if access == "white-box" and game.background.references is not None:
            parts.append(once("references", lambda: _of_references(game)))
        return key_of_value("model", *parts) if all(parts) else ""

    return key


def keyed_on_sample(key: Callable[[AnyAttack], str], asked: Ints) -> Callable[[AnyAttack], str]:
    """The keys of evidence on a sample: answers on it are among those on all, so that nobody is asked again.

    Args:
        key: those of the game on all the targets.
        asked: the positions of those in the sample, int64[m].
    """

    def on_sample(attack: AnyAttack) -> str:
        whole = key(attack)
        return whole and key_of_value(whole, asked)

    return on_sample


def _of_answers(game: TrainedModel) -> str:
    """What the adversary sees of the records: they themselves, and the answers of all models on them."""
    known, references = game.background, game.background.references
    population = known.population
    sha = hashlib.sha256(
        key_of_value(
            access_of(game.view),
            game.targets.digest(),
            game.member,
            game.told,
            game.informed,
            known.classes,
            None if population is None else population.digest(),
            None
            if references is None
            else (references.included, references.population_included, references.which),
        ).encode()
    )
    for answer in _answers(game.view, game.targets, population):
        sha.update(answer)
    if references is not None:
        for answers in (references.on_targets, references.on_population):
            if answers is not None:
                for model in references.which:
                    sha.update(answers.digest(model))
    return sha.hexdigest()


def _answers(view: LabelOnly, *records: Records | None) -> Iterable[bytes]:
    for some in records:
        if some is not None:
            yield (
                Answers([view], some).digest(0)
                if isinstance(view, BlackBox)
                else hashlib.sha256(repr(view.labels(some.x).tolist()).encode()).digest()
            )


def _of_references(game: TrainedModel) -> str:
    """The content of all references, for attacks that look inside them."""
    references = game.background.references
    assert references is not None
    contents = [content_of(references.on_targets.models[j]) for j in references.which]
    return key_of_value(*contents) if all(contents) else ""
