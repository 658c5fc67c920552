"""Every attack on likes: it wins where likes are linked to the trait, and only there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from confide.attacks.attribute import ALL, LikesSVD, by_name
from confide.core.errors import KnowledgeError
from confide.core.evidence import Evidence
from confide.core.paper import Paper
from confide.core.play import play
from confide.data.liked import traits_like
from confide.games.attribute.likes import TraitInference, parts
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedRatings
from confide.views.interactions import Interactions

N, FOLDS = 600, 5
ATTACKS = [*(attack() for attack in ALL), LikesSVD(transductive=True)]
NAMES = [f"{a.name}{'-published' * getattr(a, 'transductive', False)}" for a in ATTACKS]
every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
every_kind = pytest.mark.parametrize("kind", ["binary", "classes", "number"])


class Strangers:
    """As many strangers as there are people: nobody's likes are looked at."""

    budget = UnrelatedRatings().budget

    def __call__(self, data: Interactions, *, rng: np.random.Generator):
        return UnrelatedRatings(people=data.people, each=20)(data, rng=rng)


def likes_and_trait(kind: str) -> tuple[Interactions, np.ndarray]:
    """Likes that hang on a yes/no: the trait itself, the first bit of four classes, or most of a number."""
    likes, yes = traits_like(N, items=200, each=25, share=0.4, name="planted", rng=np.random.default_rng(1))
    rng = np.random.default_rng(2)
    if kind == "classes":
        return likes, (2 * yes + (rng.random(N) < 0.5)).astype(np.float64)
    return likes, yes + 0.2 * rng.normal(size=N) if kind == "number" else yes.astype(np.float64)


def game(kind: str, mechanism: object, *, shuffled: bool = False) -> TraitInference:
    likes, value = likes_and_trait(kind)
    if shuffled:
        value = np.random.default_rng(3).permutation(value)
    return TraitInference(
        items=likes,
        value=value,
        kind=kind,
        classes=4 if kind == "classes" else 2,
        part=parts(value, kind, count=FOLDS, rng=np.random.default_rng(4)),
        mechanism=mechanism,
    )


def played(attack: object, dealt: TraitInference, **how: object) -> Evidence:
    return play(dealt, attack, worlds=FOLDS, rng=np.random.default_rng(5), **how)


def naive_auc(evidence: Evidence) -> float:
    """By counting pairs."""
    yes, no = evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]
    return float(np.mean([(y > no).mean() + (y == no).mean() / 2 for y in yes]))


def chance(evidence: Evidence) -> float:
    """4.5 standard deviations of an AUC that says nothing (Mann and Whitney): wrong 7 times in a million.

    Of several classes the rows of one person go together: no more is counted on than one row a person.
    """
    one, zero = evidence.exposed.mean() * N, (~evidence.exposed).mean() * N
    return 4.5 * float(np.sqrt((one + zero + 1) / (12 * one * zero)))


@every_kind
@every_attack
def test_wins_where_likes_hang_on_the_trait(attack: object, kind: str) -> None:
    evidence = played(attack, game(kind, Published()))
    # Whoever saw the yes/no itself would reach 1; 0.9 of the number, whose middle cuts through the noes; of
    # the four classes he knows two for one: (1 + share of the rows that he rules out) / 2, some 0.83.
    likely = {"binary": 0.9, "number": 0.8, "classes": 0.7}
    assert naive_auc(evidence) > likely[kind] > 0.5 + chance(evidence)
    assert evidence.table.select("target").n_unique() == len(evidence) == N * (4 if kind == "classes" else 1)


@every_kind
@every_attack
def test_learns_nothing_from_strangers(attack: object, kind: str) -> None:
    evidence = played(attack, game(kind, Strangers()))
    assert abs(naive_auc(evidence) - baseline(evidence, kind)) < chance(evidence)


@every_kind
@every_attack
def test_learns_nothing_of_a_shuffled_trait(attack: object, kind: str) -> None:
    evidence = played(attack, game(kind, Published(), shuffled=True))
    assert abs(naive_auc(evidence) - baseline(evidence, kind)) < chance(evidence)


def baseline(evidence: Evidence, kind: str) -> float:
    """What the shares of the classes tell of a claim without any likes: of yes/no and numbers, nothing."""
    if kind != "classes":
        return 0.5
    code = evidence.table["target"].to_numpy() % 4
    share = np.bincount(code[evidence.exposed], minlength=4)
    return naive_auc(Evidence.of(evidence.exposed, share[code].astype(np.float64)))


@every_attack
def test_same_seed_same_evidence_under_any_map(attack: object) -> None:
    dealt = game("binary", Published())
    with ThreadPoolExecutor(3) as pool:
        threads = played(attack, dealt, map=pool.map)
    assert played(attack, dealt).table.equals(threads.table)


@every_attack
def test_refuses_a_panel_that_teaches_nothing(attack: object) -> None:
    dealt = game("binary", Published())
    with pytest.raises(KnowledgeError, match="differ in the trait"):
        played(attack, replace(dealt, value=np.ones(N)))
    few = replace(dealt, items=dealt.items.rows(np.arange(len(dealt.items)) < 1))
    with pytest.raises(KnowledgeError, match="no item has"):
        played(attack, few)


@every_attack
def test_who_likes_nothing_known_gets_the_shares_of_the_panel(attack: object) -> None:
    dealt = game("binary", Published())
    bare = int(np.flatnonzero(dealt.part == 0)[0])
    dealt = replace(dealt, items=dealt.items.rows(dealt.items.person != bare))
    panel = dealt.value[dealt.part != 0].mean()
    score = dict(played(attack, dealt, only=[0]).table.select("target", "score").iter_rows())
    assert score[bare] == pytest.approx(np.log(panel / (1 - panel)))


@pytest.mark.parametrize("kind", ALL, ids=lambda k: k.name)
def test_has_a_face(kind: type) -> None:
    assert by_name(kind.name) is kind
    assert kind.title.endswith("?") and isinstance(kind.paper, Paper)
    attack = kind()
    for field in fields(kind):
        assert f"    {field.name}: " in kind.__doc__, f"{field.name} is not documented"
        with pytest.raises(FrozenInstanceError):
            setattr(attack, field.name, 1)
    with pytest.raises(KnowledgeError, match="choose from"):
        by_name("likes-astrology")
