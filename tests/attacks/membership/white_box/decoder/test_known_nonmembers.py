"""Known non-members beside the decoder's candidates: naive refits, and power that never falls."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student_t
from sklearn.linear_model import LogisticRegression
from torch import nn

from confide.attacks.membership.white_box.decoder import _training_sums
from confide.attacks.membership.white_box.decoder._known_nonmembers import LOW, set_apart
from confide.attacks.membership.white_box.decoder._linear_inverse import System, likelihood_ratio
from confide.attacks.membership.white_box.decoder._one_more import Beside
from confide.attacks.membership.white_box.decoder._solution import GRID, Setting, chosen
from confide.attacks.membership.white_box.decoder._training_sums import _spectrum, sums, system_of
from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.core.nouns import Case
from confide.knowledge.models import Background
from confide.models.sklearn.inside import SklearnInside, sklearn_view
from confide.models.torch.model import TorchModel
from confide.views.records import Records

FEATURES, CLASSES, MEMBERS = 40, 4, 60
NUMBERS = CLASSES * (FEATURES + 1)


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def people(n: int, seed: int = 1) -> Records:
    x = rng(seed).standard_normal((n, FEATURES))
    return Records(x, rng(seed + 1).integers(CLASSES, size=n))


def softmax_model(records: Records) -> SklearnInside:
    return sklearn_view(LogisticRegression(tol=1e-10, max_iter=10_000).fit(records.x, records.y))


def decoded(view: SklearnInside, targets: Records, strangers: Records | None = None, **settings):
    case = Case(view, Background(population=strangers, classes=CLASSES), targets)
    return Decoder(**settings)(case, rng=rng())


def one_more(gradients: np.ndarray, known: np.ndarray, target: np.ndarray, ridge: float, size: float):
    """c and u of each known non-member, by solving the whole system again with it as the last unknown."""
    found = []
    for gradient in known:
        rows = np.vstack([gradients, gradient])
        inverse = np.linalg.inv(rows @ rows.T / size + ridge * np.eye(len(rows)))
        found.append((inverse[-1] @ (rows @ target) / size, ridge * inverse[-1, -1]))
    return np.array(found).T


@pytest.mark.parametrize("p", [60, 18])  # more numbers than candidates, and fewer
@pytest.mark.parametrize("ridge", [1e-4, 0.2])
def test_one_more_unknown_is_the_naive_refit(p, ridge):
    """To 1e-8, with two blocks of different weights."""
    gradients, known, target = (
        rng(k).standard_normal(shape) for k, shape in enumerate([(30, p), (7, p), (p,)])
    )
    weights, halves = np.array([1.0, 3.0]), (slice(p // 2), slice(p // 2, p))
    beside = Beside(
        tuple(gradients[:, h] @ known[:, h].T for h in halves),
        np.stack([known[:, h] @ target[h] for h in halves]),
        np.stack([(known[:, h] ** 2).sum(axis=1) for h in halves]),
    )
    system = System(
        tuple(gradients[:, h] @ gradients[:, h].T for h in halves),
        np.stack([gradients[:, h] @ target[h] for h in halves]),
        np.array([target[h] @ target[h] for h in halves]),
        np.array([p / 2, p / 2]),
        beside,
    )
    roots = np.sqrt(np.repeat(weights, p // 2))
    size = ((gradients * roots) ** 2).sum() / len(gradients)
    naive = one_more(gradients * roots, known * roots, target * roots, ridge, size)
    found = system.spectrum(weights).added(ridge)
    assert np.allclose(found, naive, rtol=1e-8, atol=1e-8 * np.abs(naive).max(axis=1, keepdims=True))
    assert np.allclose(likelihood_ratio(*found, 0.7), likelihood_ratio(*naive, 0.7), rtol=1e-8)


def test_one_more_unknown_in_a_sketch_is_the_naive_refit():
    """30 candidates in 12 numbers, where 18 eigenvalues are 0; and in 50 numbers."""
    for width in (12, 50):
        sketches, known, target = (
            rng(k).standard_normal(shape) for k, shape in enumerate([(30, width), (5, width), (width,)])
        )
        size = (sketches**2).sum() / 30
        naive = one_more(sketches, known, target, 0.1, size)
        assert np.allclose(_spectrum(sketches, target, known).added(0.1), naive, rtol=1e-8)


def test_the_candidates_system_does_not_know_of_them():
    """Not in what is solved, and not in how many blocks of layers fit into memory."""
    records, strangers = people(100), people(300, 9)
    found = sums(softmax_model(records.take(np.arange(MEMBERS))), "weights", None, "decoder")["weights"]
    without, beside = system_of(found, records), system_of(found, records, strangers)
    assert np.allclose(beside.grams[0], without.grams[0]) and np.allclose(beside.along, without.along)
    assert beside.beside is not None and beside.beside.crosses[0].shape == (100, 300)
    gradients = found.state.gradient(strangers.x, strangers.y)
    assert np.allclose(beside.beside.squares[0], (gradients**2).sum(axis=1))
    assert np.allclose(beside.beside.along[0], gradients @ found.direction[0])


def test_blocks_of_layers_are_as_fine_with_known_non_members(monkeypatch):
    records = people(100)
    network = TorchModel(nn.Sequential(nn.Linear(FEATURES, 8), nn.ReLU(), nn.Linear(8, CLASSES)).double())
    found = sums(network, "weights", None, "decoder")["weights"]
    # Two Gram matrices of 100 candidates fit, and not one of 400.
    monkeypatch.setattr(_training_sums, "ROOM", 2 * 8 * 100**2)
    assert len(system_of(found, records).grams) == len(system_of(found, records, people(300, 9)).grams) == 2


@pytest.mark.slow
def test_more_knowledge_never_weakens_the_decoder():
    """8 softmax models of 164 numbers, 60 members among 120 candidates: paired with no known non-member.

    If the true gain is 0, this fails in 1 % of the runs at each number. With the rule that made 600 known
    non-members unknowns of the system, the AUC falls by more than 0.1, which the same interval shows.
    """
    counts, auc = (0, 10, 100, 1000), {}
    for seed in range(8):
        records, strangers = people(2 * MEMBERS, 100 + 2 * seed), people(1000, 500 + 2 * seed)
        view = softmax_model(records.take(np.arange(MEMBERS)))
        for count in counts:
            known = strangers.take(np.arange(count)) if count else None
            auc.setdefault(count, []).append(area(decoded(view, records, known).score))
        unknowns = Records.concat([records, strangers.take(np.arange(600))])
        auc.setdefault("unknowns", []).append(area(decoded(view, unknowns).score[: 2 * MEMBERS]))
    for count in counts[1:]:
        assert upper_gain(auc, count) >= 0, f"with {count} known non-members less is found"
    assert upper_gain(auc, "unknowns") < -0.1 and np.mean(auc[0]) > 0.8


def area(score: np.ndarray) -> float:
    yes, no = score[:MEMBERS, None], score[MEMBERS:]
    return float((yes > no).mean())


def upper_gain(auc: dict, way: int | str) -> float:
    """The upper end of a one-sided interval of 99 % for the mean paired gain."""
    gains = np.array(auc[way]) - np.array(auc[0])
    return float(gains.mean() + student_t.ppf(0.99, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5)


def test_too_few_known_non_members_change_nothing():
    records, strangers = people(100), people(150, 9)
    view = softmax_model(records.take(np.arange(MEMBERS)))
    without = decoded(view, records)
    few = decoded(view, records, strangers.take(np.arange(99)))
    assert np.array_equal(few.score, without.score) and few.diagnostics == without.diagnostics
    # 60 of 150 have no finite gradient: 90 are left, again too few.
    spoilt = strangers.x.copy()
    spoilt[:60] = np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        left = decoded(view, records, Records(spoilt, strangers.y))
    assert np.array_equal(left.score, without.score)


def test_known_non_members_are_no_candidates_on_the_card():
    """100 candidates in 164 numbers may be conclusive, whatever else is known; and nothing is sketched."""
    records, strangers = people(100), people(600, 9)
    view = softmax_model(records.take(np.arange(MEMBERS)))
    said = decoded(view, records, strangers, most=100).diagnostics
    assert said.conclusive and not any("sketched" in text for text in said.texts)
    assert any("gradients of 100 candidates in the weights" in text for text in said.texts)
    assert any("Each of 600 known non-members was tested alone" in text for text in said.texts)


def naive_power(scores: np.ndarray, known: np.ndarray) -> float:
    """The share of scores above the k highest of the known, each k weighted by 1 / k, counted one by one."""
    highest = np.sort(known)[::-1][: int(LOW * (len(known) + 1))]
    parts = [(scores > threshold).mean() / (k + 1) for k, threshold in enumerate(highest)]
    return float(np.sum(parts) / np.sum(1 / np.arange(1, len(highest) + 1)))


def test_known_non_members_choose_the_ridge_that_sets_most_candidates_apart():
    """Counted naively, from refits with each known non-member as one more candidate."""
    n, p = 60, 90
    gradients, known = rng(5).standard_normal((n, p)), rng(8).standard_normal((200, p))
    target = gradients[: n // 2].sum(axis=0) + rng(6).standard_normal(p)
    gram, along, square = gradients @ gradients.T, (gradients @ target)[None], np.array([target @ target])
    beside = Beside((gradients @ known.T,), (known @ target)[None], (known**2).sum(axis=1)[None])
    spectrum = System((gram,), along, square, np.array([float(p)]), beside).spectrum(np.ones(1))
    poor = Setting(target="weights", temperature=1.0, weights=np.ones(1), ridge=1.0)
    setting = chosen([(spectrum, poor)], rng=rng())[1]
    size, power = (gradients**2).sum() / n, {}
    for ridge in GRID:
        inverse = np.linalg.inv(gram / size + ridge * np.eye(n))
        c, unsure = inverse @ along[0] / size, ridge * np.diag(inverse)
        member = 0.75 * (c**2).sum() / ((1 - unsure) * c).sum()
        others = one_more(gradients, known, target, ridge, size)
        own, beside_it = ((a - (1 - u) * member / 2) / u for a, u in ((c, unsure), others))
        power[ridge] = naive_power(own, beside_it)
    assert setting.by == "by known non-members"
    # Ridges so small that they give one ranking have the same power.
    assert np.isclose(power[setting.ridge], max(power.values())) and power[setting.ridge] > power[1.0] + 0.1


def drawn_scores(quality: list[float], known: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores under settings that set 100 members apart by this many standard deviations, from 100 others."""
    noise = rng(seed).standard_normal((len(quality), 200 + known))
    noise[:, :100] += np.array(quality)[:, None]
    return noise[:, :200], noise[:, 200:]


@pytest.mark.slow
def test_a_good_setting_is_kept_and_a_poor_one_is_not():
    """Of 200 draws each: one of 20 worse settings is taken in at most 3 %, a far better one in at least 95 %.

    With the settings compared by their counts alone, the worse ones win more often than not.
    """
    worse = [1.5] + 20 * [1.2]
    taken, greedy = [], []
    for seed in range(200):
        scores, known = drawn_scores(worse, 100, seed)
        taken.append(set_apart(scores, known, 0, rng=rng()))
        counted = [naive_power(own, others) for own, others in zip(scores, known, strict=True)]
        greedy.append(int(np.argmax(counted)))
    assert np.mean(np.array(taken) > 0) <= 0.03 and np.mean(np.array(greedy) > 0) > 0.5
    better = [set_apart(*drawn_scores([1.0, 2.5], 600, seed), 0, rng=rng()) for seed in range(200)]
    assert np.mean(better) >= 0.95
