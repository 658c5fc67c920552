"""Secrets by type: an attack gets the access and the background that its annotation names, and no more."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import pytest
from tests.contracts.made_up_models import CLASSES, people

from confide.core.access import BlackBox, LabelOnly, WhiteBox, access_of
from confide.core.arrays import Batch, Floats, Rng
from confide.core.narrowing import for_attack
from confide.core.nouns import Case, Guess
from confide.core.play import play
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background, Informed, SupervisedBackground
from confide.mechanisms.anchors.models import Everything
from confide.views.records import Records

TARGETS = people(60, 1)
MEMBER = np.arange(60) % 2 == 0


def game(view: object = None) -> TrainedModel:
    inside = Everything(classes=CLASSES)(TARGETS.take(MEMBER), rng=np.random.default_rng(0)).view
    return TrainedModel(
        view=inside if view is None else view,
        targets=TARGETS,
        member=MEMBER,
        background=Background(classes=CLASSES),
        told=0.5,
        informed=True,
    )


@dataclass(frozen=True)
class Cheat:
    """Reads the secret off the rest: a member's is one record shorter than a stranger's."""

    name: ClassVar[str] = "cheat"

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        return Guess(None, -case.known.rest.total(np.ones(len(case.targets))))


@dataclass(frozen=True)
class Thief:
    """Says that it needs scores, and takes the weights."""

    name: ClassVar[str] = "thief"

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        return Guess(None, case.view.gradient_norms(case.targets.x, case.targets.y).sum(axis=1))


@dataclass(frozen=True)
class Entitled:
    """The cheat, which says what it needs and is dealt it."""

    name: ClassVar[str] = "entitled"

    def __call__(self, case: Case[WhiteBox, Informed, Records], *, rng: Rng) -> Guess:
        return Guess(None, -case.known.rest.total(np.ones(len(case.targets))))


@pytest.mark.parametrize("cheat", [Cheat(), Thief()], ids=lambda a: a.name)
def test_what_an_attack_does_not_name_it_does_not_get(cheat: Any) -> None:
    with pytest.raises(AttributeError, match=r"rest|gradient_norms"):
        play(game(), cheat, worlds=1, rng=np.random.default_rng(0))
    with pytest.raises(AttributeError, match=r"rest|gradient_norms"):
        play(game(), [Entitled(), cheat], worlds=1, rng=np.random.default_rng(0))


def test_what_an_attack_names_it_gets() -> None:
    found = play(game(), Entitled(), worlds=1, rng=np.random.default_rng(0))
    assert found.exposed[np.argsort(-found.claims)][:30].all()  # the cheat works where it is dealt


def typed(view: Any, known: Any) -> Any:
    class Typed:
        name: ClassVar[str] = "typed"

        def __call__(self, case: Case[view, known, Records], *, rng: Rng) -> Guess: ...

    Typed.__call__.__annotations__ = {"case": Case[view, known, Records]}
    return Typed()


@pytest.mark.parametrize("known", [Background, SupervisedBackground, Informed])
@pytest.mark.parametrize(
    ("view", "access"),
    [(WhiteBox, "white-box"), (BlackBox, "black-box"), (LabelOnly, "label-only"), (object, "blind")],
)
def test_a_case_is_cut_to_the_type_it_is_asked_for_by(view: Any, access: str, known: Any) -> None:
    dealt = game().deal(0, rng=np.random.default_rng(0)).case
    seen = for_attack(typed(view, known), dealt)
    assert access_of(seen.view) == access
    assert type(seen.known) is known
    assert all(getattr(seen.known, f.name) is getattr(dealt.known, f.name) for f in fields(known))
    assert seen.targets is dealt.targets


def test_any_takes_what_there_is_and_nothing_is_added() -> None:
    dealt = game().deal(0, rng=np.random.default_rng(0)).case
    whole = for_attack(typed(Any, Any), dealt)
    assert whole.view is dealt.view
    assert whole.known is dealt.known
    less = Case(dealt.view, Background(), TARGETS)
    assert for_attack(typed(WhiteBox, Informed), less).known is less.known


class Counting:
    """A model that counts its answers, and gives no more than scores."""

    task = "classification"

    def __init__(self) -> None:
        self.queries = 0

    def predict(self, x: Batch) -> Floats:
        self.queries += len(x)
        return np.zeros((len(x), CLASSES))

    def labels(self, x: Batch) -> Floats:
        return self.predict(x).argmax(axis=1)


def test_a_narrowed_view_is_still_asked_once() -> None:
    @dataclass(frozen=True)
    class Asks:
        name: ClassVar[str] = "asks"

        def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
            return Guess(None, case.view.predict(case.targets.x)[:, 0])

    Asks.__call__.__annotations__ = {"case": Case[BlackBox, Background, Records]}
    counting = Counting()
    one = game(counting)
    for _ in range(3):
        play(one, Asks(), worlds=1, rng=np.random.default_rng(0))
    assert counting.queries == len(TARGETS)
    assert for_attack(Asks(), Case(counting, None, TARGETS)).view is counting  # nothing to take away
