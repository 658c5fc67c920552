"""The decoder against closed forms: densities computed naively, exact optima, one exact step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import softmax
from scipy.stats import multivariate_normal
from torch import nn

from confide.attacks.membership.white_box.decoder._linear_inverse import (
    System,
    likelihood_ratio,
    size_of_member,
)
from confide.attacks.membership.white_box.decoder._training_sums import _spectrum, sketch_of, sums, system_of
from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.attacks.membership.white_box.decoder.calibrated import CalibratedDecoder
from confide.core.errors import DataError, KnowledgeError
from confide.core.nouns import Case
from confide.knowledge.models import Background, References
from confide.models.answers import Answers
from confide.models.torch.model import TorchModel
from confide.views.records import Records

FEATURES, CLASSES, MEMBERS = 40, 4, 60


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def people(n: int, seed: int = 1) -> Records:
    x = rng(seed).standard_normal((n, FEATURES)).astype(np.float32)
    return Records(x, rng(seed + 1).integers(CLASSES, size=n))


def linear(weights: np.ndarray, **more) -> TorchModel:
    layer = nn.Linear(FEATURES, CLASSES, bias=False).double()
    layer.weight.data = torch.from_numpy(weights)
    return TorchModel(layer, **more)


def optimum(records: Records, penalty: float = 1.0) -> np.ndarray:
    """The weights at which penalised softmax regression stands still, by Newton: float64[C, d]."""
    x, truth = records.x.astype(np.float64), np.eye(CLASSES)[records.y]

    def slope(flat: np.ndarray) -> np.ndarray:
        w = flat.reshape(CLASSES, FEATURES)
        return ((softmax(x @ w.T, axis=1) - truth).T @ x + penalty * w).ravel()

    def height(flat: np.ndarray) -> float:
        z = x @ flat.reshape(CLASSES, FEATURES).T
        return float(
            (np.logaddexp.reduce(z, axis=1) - (z * truth).sum(axis=1)).sum() + penalty * flat @ flat / 2
        )

    flat = minimize(height, np.zeros(CLASSES * FEATURES), jac=slope, tol=1e-10).x
    for _ in range(5):
        p = softmax(x @ flat.reshape(CLASSES, FEATURES).T, axis=1)
        middle = np.einsum("ni,ij->nij", p, np.eye(CLASSES)) - np.einsum("ni,nj->nij", p, p)
        hessian = np.einsum("nij,nk,nl->ikjl", middle, x, x).reshape(len(flat), -1) + penalty * np.eye(
            len(flat)
        )
        flat = flat - np.linalg.solve(hessian, slope(flat))
    assert np.abs(slope(flat)).max() < 1e-12
    return flat.reshape(CLASSES, FEATURES)


def case_of(view: TorchModel, targets: Records, strangers: Records | None = None, **known) -> Case:
    return Case(view, Background(population=strangers, classes=CLASSES, **known), targets)


def coefficients(view: TorchModel, records: Records, *, ridge: float, target="weights") -> np.ndarray:
    return (
        system_of(sums(view, target, None, "decoder")[target], records)
        .spectrum(np.ones(1))
        .coefficients(ridge)
    )


def test_orthonormal_gradients_are_read_off():
    member = np.array([1.0, 0.0, 1.0, 1.0])
    system = System((np.eye(4),), member[None], np.array([3.0]), np.array([10.0]))
    spectrum = system.spectrum(np.ones(1))
    c, unsure = spectrum.coefficients(0.5), spectrum.unsure(0.5)
    assert np.allclose(c, member / 1.5) and np.allclose(unsure, 0.5 / 1.5)
    assert np.isclose(size_of_member(c, unsure), 1.0)
    assert np.allclose(likelihood_ratio(c, unsure, 1.0), (member - 0.5) / 0.5)


def test_score_and_evidence_are_those_of_the_gaussian_model():
    """Against densities of t itself, p = 12 numbers, with covariances written out."""
    p, m, noise, ridge, size = 12, 5, 0.3, 0.2, 0.8
    gradients, target = rng().standard_normal((m, p)), rng(1).standard_normal(p)
    weights = np.array([1.0, 3.0])
    halves = gradients[:, :6], gradients[:, 6:]
    squares = np.array([target[:6] @ target[:6], target[6:] @ target[6:]])
    along = np.stack([halves[0] @ target[:6], halves[1] @ target[6:]])
    spectrum = System(tuple(h @ h.T for h in halves), along, squares, np.array([6.0, 6.0])).spectrum(weights)
    roots = np.sqrt(np.repeat(weights, 6))
    heavy, aim = gradients * roots, target * roots
    scale = (heavy**2).sum() / m  # the mean diagonal of K, the unit of ridges
    spread = noise / (ridge * scale)

    def density(mean: np.ndarray, without: int) -> float:
        others = np.delete(heavy, without, axis=0)
        return float(multivariate_normal(mean, noise * np.eye(p) + spread * others.T @ others).logpdf(aim))

    naive = [density(size * heavy[i], i) - density(np.zeros(p), i) for i in range(m)]
    found = likelihood_ratio(spectrum.coefficients(ridge), spectrum.unsure(ridge), size)
    assert np.allclose(found * size / spread, naive)

    def profile(r: float) -> float:
        """The same evidence, its noise maximised by hand."""
        shape = np.eye(p) + heavy.T @ heavy / (r * scale)
        likeliest = aim @ np.linalg.solve(shape, aim) / p
        ours = multivariate_normal(np.zeros(p), likeliest * shape).logpdf(aim) + np.log(roots).sum()
        return float(ours)

    assert np.isclose(spectrum.evidence(0.2) - spectrum.evidence(5.0), profile(0.2) - profile(5.0))


@pytest.mark.slow
def test_an_exact_optimum_gives_the_indicator():
    """sum over members of g = -penalty W, and the gradients are independent: c is 1 or 0."""
    records = people(100)
    member = np.arange(100) < MEMBERS
    view = linear(optimum(records.take(member)))
    assert np.abs(coefficients(view, records, ridge=1e-13) - member).max() < 1e-6
    guess = Decoder()(case_of(view, records), rng=rng())
    assert guess.diagnostics.conclusive and guess.score[member].min() > guess.score[~member].max()
    half = np.abs(coefficients(view, records.take(np.arange(30, 100)), ridge=1e-13) - member[30:])
    assert half.max() > 1e-2, (
        "with half of the members missing it cannot be exact, or this test proves nothing"
    )


def test_one_step_from_a_known_start_gives_the_indicator():
    records, member = people(100), np.arange(100) % 3 == 0
    before = rng(3).standard_normal((CLASSES, FEATURES)) / 10
    start = linear(before)
    step = start.gradient(records.x, records.y)[member].sum(axis=0).reshape(before.shape)
    # The gradients are those of the later state: a step so small that they are the same to 1e-9.
    view = linear(before - 1e-10 * step, snapshots=(start,))
    c = coefficients(view, records, ridge=1e-12, target="displacement")
    assert np.abs(c / 1e-10 - member).max() < 1e-4
    guess = Decoder()(case_of(view, records), rng=rng())
    assert guess.score[member].min() > guess.score[~member].max()
    with pytest.raises(KnowledgeError, match="earlier"):
        Decoder(target="displacement")(case_of(start, records), rng=rng())


def test_a_model_that_is_not_stationary_is_not_conclusive():
    view = linear(rng(5).standard_normal((CLASSES, FEATURES)))
    for strangers in (None, people(120, 9)):
        diagnostics = Decoder()(case_of(view, people(60), strangers), rng=rng()).diagnostics
        assert not diagnostics.conclusive
        assert any("Not conclusive" in r and "checkpoints" in r for r in diagnostics.texts)


def test_fewer_parameters_than_candidates_are_not_conclusive():
    """Everything is explained by any 160 candidates: the share explained says nothing then."""
    records, member = people(400), np.arange(400) < 200
    guess = Decoder()(case_of(linear(optimum(records.take(member))), records), rng=rng())
    assert not guess.diagnostics.conclusive
    assert any("160 numbers are too few to tell 400 candidates apart" in r for r in guess.diagnostics.texts)


@pytest.mark.parametrize(
    "setting", [{"target": "wieghts"}, {"most": 0}, {"temperature": 0.0}, {"ridge": -1.0}]
)
def test_a_setting_that_cannot_be_is_refused(setting):
    with pytest.raises(DataError, match=next(iter(setting))):
        Decoder(**setting)


def test_a_large_step_is_read_with_the_gradients_it_was_made_of():
    """One step so large that later gradients are others: those of the start fit exactly, and "auto" sees."""
    records, member = people(100), np.arange(100) % 3 == 0
    before = rng(3).standard_normal((CLASSES, FEATURES)) / 10
    start = linear(before)
    step = start.gradient(records.x, records.y)[member].sum(axis=0).reshape(before.shape)
    view = linear(before - 0.2 * step, snapshots=(start,))
    c = coefficients(view, records, ridge=1e-12, target="update")
    assert np.abs(c / 0.2 - member).max() < 1e-4
    later = coefficients(view, records, ridge=1e-12, target="displacement")
    assert np.abs(later / 0.2 - member).max() > 0.1
    for target in ("auto", "update"):
        guess = Decoder(target=target)(case_of(view, records), rng=rng())
        assert guess.score[member].min() > guess.score[~member].max() and guess.diagnostics.conclusive
        assert any("the update of the oldest" in remark for remark in guess.diagnostics.texts)


def test_a_list_without_members_has_no_power_and_says_so():
    """60 members, none of 80 candidates: at most a few of them stand out from 200 known non-members."""
    inside, records, strangers = people(MEMBERS, 1), people(40, 11), people(120, 13)
    view = linear(optimum(inside))
    guess = Decoder()(case_of(view, records, strangers), rng=rng())
    assert not guess.diagnostics.conclusive
    whole = Decoder()(case_of(view, Records.concat([inside, records])), rng=rng())
    assert whole.diagnostics.conclusive and whole.score[:MEMBERS].min() > whole.score[MEMBERS:].max()


def test_the_order_of_the_candidates_does_not_matter():
    records, order = people(100), rng(4).permutation(100)
    view = linear(
        optimum(records.take(np.arange(MEMBERS))) + rng(6).standard_normal((CLASSES, FEATURES)) / 100
    )
    strangers = people(100, 9)
    one = Decoder()(case_of(view, records, strangers), rng=rng())
    other = Decoder()(case_of(view, records.take(order), strangers), rng=rng())
    again = Decoder()(case_of(view, records, strangers), rng=rng())
    assert np.array_equal(one.score, again.score)
    assert one.diagnostics.curves[0].chosen == other.diagnostics.curves[0].chosen
    assert np.allclose(one.score[order], other.score, rtol=1e-5, atol=1e-8 * np.abs(one.score).max())


def test_a_wide_sketch_is_the_whole():
    """Every product has an error of about 1 / sqrt(width): 4 standard errors of the mean square."""
    records = people(100)
    view = linear(optimum(records.take(np.arange(MEMBERS))))
    found = sums(view, "weights", None, "decoder")["weights"]
    exact = system_of(found, records).spectrum(np.ones(1))
    errors = []
    for width in (1_000, 100_000):
        rough = sketch_of(found, records, np.ones(1), width=width, rng=rng())
        errors.append(np.abs(rough.coefficients(0.1) - exact.coefficients(0.1)).max())
    assert errors[1] < 0.02 < errors[0]
    member = np.arange(100) < MEMBERS
    guess = Decoder(most=50, sketch=20_000, ridge=1e-3)(case_of(view, records), rng=rng())
    assert guess.score[member].mean() > guess.score[~member].mean()
    assert any("sketched" in remark for remark in guess.diagnostics.texts)


def test_a_narrow_sketch_is_solved_by_its_smaller_side():
    """30 candidates in 12 numbers, where 18 eigenvalues are 0: against the plain formula."""
    sketches, target = rng().standard_normal((30, 12)), rng(1).standard_normal(12)
    spectrum = _spectrum(sketches, target)
    size = (sketches**2).sum() / 30
    inverse = np.linalg.inv(sketches @ sketches.T / size + 0.1 * np.eye(30))
    assert np.allclose(spectrum.coefficients(0.1), inverse @ sketches @ target / size)
    assert np.allclose(spectrum.unsure(0.1), 0.1 * np.diag(inverse))


def test_noisy_layers_count_less():
    """Two blocks with the same signal, one with 100 times the noise: weights of about 100 to 1."""
    m, p = 20, 4_000
    gradients = [rng(k).standard_normal((m, p)) / np.sqrt(p) for k in (1, 2)]
    member = np.arange(m) < 10
    targets = [
        g[member].sum(axis=0) + s * rng(3).standard_normal(p)
        for g, s in zip(gradients, (0.1, 1.0), strict=True)
    ]
    system = System(
        tuple(g @ g.T for g in gradients),
        np.stack([g @ t for g, t in zip(gradients, targets, strict=True)]),
        np.array([t @ t for t in targets]),
        np.array([p, p], np.float64),
    )
    first, second = system.learnt_weights()
    assert 80 < first / second < 125


def test_a_record_without_a_finite_gradient_is_left_out_and_harms_nobody_else():
    records = people(100)
    view = linear(optimum(records.take(np.arange(MEMBERS))))
    spoilt = records.x.copy()
    spoilt[90] = np.nan
    guess = Decoder()(case_of(view, Records(spoilt, records.y)), rng=rng())
    assert np.isnan(guess.score[90]) and np.isfinite(np.delete(guess.score, 90)).all()


def test_layers_are_chosen_by_name():
    network = TorchModel(nn.Sequential(nn.Linear(FEATURES, 8), nn.ReLU(), nn.Linear(8, CLASSES)))
    found = sums(network, "auto", ("2",), "decoder")["weights"]
    assert found.layers == ("2",) and found.direction[0].shape == (8 * CLASSES + CLASSES,)
    with pytest.raises(KnowledgeError, match="choose from 0, 2"):
        Decoder(layers=("3",))(case_of(network, people(20)), rng=rng())


def test_calibration_asks_the_references_the_same_question():
    """Seven references on halves of the candidates; members' scores are higher than others'."""
    records = people(80)

    def rough(half: np.ndarray, seed: int) -> TorchModel:
        return linear(optimum(records.take(half)) + rng(seed).standard_normal((CLASSES, FEATURES)) / 50)

    halves = np.array([rng(k).permutation(80) < 40 for k in range(8)])
    halves[1::2] = ~halves[::2]
    member, *included = halves
    view, models = rough(member, 20), [rough(half, 30 + k) for k, half in enumerate(included)]
    references = References(Answers(models, records), None, np.stack(included), tuple(range(7)))
    for logit in (False, True):
        guess = CalibratedDecoder(logit=logit)(case_of(view, records, references=references), rng=rng())
        known = np.isfinite(guess.score)
        assert known.mean() > 0.9 and "7 reference models" in guess.diagnostics.texts[-1]
        yes, no = guess.score[known & member], guess.score[known & ~member]
        assert (yes[:, None] > no).mean() > 0.9
    astray = linear(rng(5).standard_normal((CLASSES, FEATURES)))
    assert not CalibratedDecoder()(
        case_of(astray, records, references=references), rng=rng()
    ).diagnostics.conclusive
    with pytest.raises(KnowledgeError, match="reference"):
        CalibratedDecoder()(case_of(view, records), rng=rng())


def test_a_temperature_is_that_of_the_loss():
    view = linear(rng().standard_normal((CLASSES, FEATURES)))
    records = people(5)
    warm = view.softened(2.0).gradient(records.x, records.y).reshape(5, CLASSES, FEATURES)
    p = softmax(view.predict(records.x) / 2, axis=1) - np.eye(CLASSES)[records.y]
    assert np.allclose(warm, p[:, :, None] * records.x[:, None] / 2, atol=1e-6)
    with pytest.raises(KnowledgeError, match="regression"):
        replace(view, task="regression").softened(2.0)
