"""Unicity against the definition, written out person by person; and the two laws against exact answers."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import beta

from confide.core.errors import DataError, EvidenceError
from confide.data.twins_traces import wanderers
from confide.measure.scaling import GalleryLaw, gallery_law, resolution_law
from confide.measure.unicity import in_galleries, unicity
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.views import points as points_file
from confide.views.points import PointIndex, distinct, drawn
from confide.views.traces import Traces


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def few(people: int = 12, visits: int = 15) -> Traces:
    """People who often meet: 6 places, 5 hours, repeats among their own visits."""
    k = people * visits
    return Traces.of(
        np.repeat(np.arange(people), visits), rng().integers(0, 5, k), rng(4).integers(0, 6, k), people=people
    )


def sets(traces: Traces) -> list[set[tuple[int, int]]]:
    found: list[set[tuple[int, int]]] = [set() for _ in range(traces.people)]
    for person, place, time in zip(traces.person, traces.place, traces.time, strict=True):
        found[person].add((int(place), int(time)))
    return found


@pytest.mark.parametrize("block", [3, 10**6])
def test_the_index_finds_who_holds_all_points(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_file, "BLOCK", block)
    traces = few()
    own = sets(traces)
    draws = [(i, q) for i, s in enumerate(own) for q in list(combinations(sorted(s), 3))[:20]]
    draws += [(-1, ((99, 99), (0, 0), (1, 1))), (-1, ((0, 0), (0, 0), (0, 0)))]
    index = PointIndex.of(traces)
    query = np.repeat(np.arange(len(draws)), 3)
    flat = np.array([point for _, q in draws for point in q])
    order = rng().permutation(len(query))
    which, who = index.holders(query[order], index.key(flat[:, 0], flat[:, 1])[order])
    naive = {(n, i) for n, (_, q) in enumerate(draws) for i, s in enumerate(own) if set(q) <= s}
    assert set(zip(which.tolist(), who.tolist(), strict=True)) == naive
    assert len(which) == len(naive)
    assert index.count(index.key(flat[:, 0], flat[:, 1])).tolist() == [
        sum(tuple(point) in s for s in own) for point in flat.tolist()
    ]


def test_draws_are_uniform_without_replacement() -> None:
    """Each of the 12 ordered pairs out of 4 is as likely; a chi-square above 41 has chance 2e-5."""
    pairs = drawn(np.full(24_000, 4), 2, rng=rng())
    assert (pairs[:, 0] != pairs[:, 1]).all()
    seen = np.bincount(pairs[:, 0] * 4 + pairs[:, 1], minlength=16)
    seen = seen[seen > 0]
    assert len(seen) == 12 and ((seen - 2000) ** 2 / 2000).sum() < 41


def test_unicity_is_the_share_over_all_draws() -> None:
    """Against every person and every pair; the interval misses the truth once in 10,000 runs."""
    traces, own = few(), sets(few())
    truth = np.mean(
        [np.mean([sum(set(q) <= other for other in own) == 1 for q in combinations(s, 2)]) for s in own]
    )
    (found,) = unicity(traces, points=[2], draws=20_000, rng=rng(), confidence=0.9999)
    assert found.share.low <= truth <= found.share.high
    assert 0.05 < truth < 0.95, "else the test could not fail"


def test_the_interval_is_clopper_and_pearsons() -> None:
    (found,) = unicity(few(), points=[2], draws=500, rng=rng())
    k = int((found.sharing == 1).sum())
    assert found.share.low == pytest.approx(beta.ppf(0.025, k, 501 - k))
    assert found.share.high == pytest.approx(beta.ppf(0.975, k + 1, 500 - k))


def test_monotone_in_points_and_coarseness() -> None:
    """The same draws with a point more cannot be less unique; nested bins make nobody more unique."""
    traces = wanderers(400, around=(40.0, -74.0), each=30, places=150, days=20, rng=rng())
    shares = []
    for hours in (1, 4, 24):
        view = CoarseTraces(seconds=3600 * hours)(traces, rng=None).view
        curve = unicity(view, points=range(1, 6), draws=3_000, rng=rng())
        shares.append([u.share.value for u in curve])
        assert (np.diff(shares[-1]) >= 0).all()
    gaps = np.diff(np.array(shares), axis=0)
    assert (gaps < 0.035).all() and gaps.min() < -0.1, "draws differ: 4 standard errors"


def test_people_with_few_points_are_excluded_and_counted() -> None:
    traces = Traces.of(
        np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 5, 5, 7]), np.array([0, 1, 2, 3, 3, 4]), people=4
    )
    (found,) = unicity(traces, points=[2], draws=50, rng=rng())
    assert (found.people, found.excluded, found.everybody) == (1, 2, 3)  # the fourth has no visit at all
    assert len(distinct(traces)) == 5
    with pytest.raises(DataError, match="nobody has 4 points"):
        unicity(traces, points=[4], draws=5, rng=rng())


def test_galleries_are_averaged_exactly() -> None:
    """Against the hypergeometric chance of each draw, and against galleries that are really drawn."""
    traces = few()
    (found,) = unicity(traces, points=[2], draws=4_000, rng=rng())
    others = found.everybody - 1
    for n in (1, 2, 5, found.everybody):
        direct = np.mean([comb(others - (s - 1), n - 1) / comb(others, n - 1) for s in found.sharing])
        assert in_galleries(found, [n])[0] == pytest.approx(direct, abs=1e-12)
    assert in_galleries(found, [found.everybody])[0] == pytest.approx(found.share.value)
    with pytest.raises(DataError, match="people cannot be drawn: give 1 to"):
        in_galleries(found, [found.everybody + 1])


def test_the_gallery_law_is_pitman_and_yors_process() -> None:
    """The closed form against the process run 4,000 times; 4.5 standard errors, once in 70,000 runs."""
    law, runs, n = GalleryLaw(discount=0.6, strength=3.0), 4_000, 12
    random = rng()
    counts = np.zeros((runs, n))
    tables = np.zeros(runs, np.int64)
    for i in range(n):
        chance_new = (law.strength + law.discount * tables) / (i + law.strength)
        new = random.random(runs) < chance_new
        weight = np.where(counts > 0, counts - law.discount, 0.0)
        up_to = np.cumsum(weight, axis=1) / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        seat = np.where(new, tables, (random.random((runs, 1)) > up_to).sum(axis=1).clip(0, n - 1))
        counts[np.arange(runs), seat] += 1
        tables += new
    alone = (counts == 1).sum(axis=1) / n  # exchangeable: the share of singletons
    error = alone.std() / np.sqrt(runs)
    assert law.at(np.array(n)) == pytest.approx(alone.mean(), abs=4.5 * error)
    assert law.at(np.array(1)) == pytest.approx(1.0)


def test_the_gallery_law_foretells_a_larger_gallery() -> None:
    traces = wanderers(3_000, around=(40.0, -74.0), each=30, places=300, days=20, rng=rng())
    view = CoarseTraces(seconds=86_400)(traces, rng=None).view
    (found,) = unicity(view, points=[2], draws=4_000, rng=rng())
    sizes = [100, 200, 400, 700]
    foretold = float(gallery_law(sizes, in_galleries(found, sizes).tolist()).at(np.array(found.everybody)))
    last = float(in_galleries(found, [700])[0])
    assert last - found.share.value > 0.15, "else there was nothing to foretell"
    assert abs(foretold - found.share.value) < (last - found.share.value) / 2


def test_the_resolution_law_is_recovered_with_noise_and_refused_without_data() -> None:
    v, h = np.repeat([1.0, 2, 4, 8], 3), np.tile([1.0, 4, 12], 4)
    exact = 1.4 - 0.45 * v**0.2 * h**0.1
    law = resolution_law(v.tolist(), h.tolist(), exact.tolist(), apart=True)
    assert law.r2 > 0.9999 and law.at(16, 24) == pytest.approx(1.4 - 0.45 * 16**0.2 * 24**0.1, abs=0.01)
    assert resolution_law(v.tolist(), h.tolist(), exact.tolist()).r2 < law.r2
    assert not law.straight and resolution_law([1, 2, 4, 8], [1, 1, 1, 1], [0.9, 0.7, 0.3, 0.05]).straight
    unrelated = rng().random(12)
    assert resolution_law(v.tolist(), h.tolist(), unrelated.tolist()).r2 < 0.6
    with pytest.raises(EvidenceError, match="resolutions"):
        resolution_law([1, 2], [1, 1], [0.9, 0.8])
