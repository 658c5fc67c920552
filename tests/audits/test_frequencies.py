"""Auditing frequencies and means: who is traced, what theory and protections say, and what bad input gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits.door import call

from confide.audits.frequencies.reference_fit import blind_to_others, reference_unfit
from confide.core.errors import ConfideError, DataError
from confide.data.genotypes_like import GenotypesLike
from confide.inputs.frequencies import Frequencies, FrequenciesData
from confide.measure import measure
from confide.measure.tracing import separation
from confide.views.frequencies import Genotypes, Measurements

POOL, ABSENT, REFERENCE, SNPS = 60, 120, 120, 400
Files = dict[str, pl.DataFrame]


def frame(people: Genotypes, name: str) -> pl.DataFrame:
    made = pl.DataFrame(people.copies, schema=[f"rs{i}" for i in range(people.statistics)], orient="row")
    return made.insert_column(0, pl.Series("who", [f"{name[0]}-{i}" for i in range(len(people))]))


def files(made: Genotypes) -> Files:
    cuts = np.cumsum([0, POOL, ABSENT, REFERENCE])
    names = ("records", "targets", "reference")
    return {n: frame(made.take(np.arange(*cuts[i : i + 2])), n) for i, n in enumerate(names)}


@pytest.fixture(scope="module")
def given() -> Files:
    """People of one population, with independent SNPs."""
    return files(GenotypesLike(people=300, snps=SNPS)(rng=np.random.default_rng(0)))


def run(given: Files, tmp_path: Any, **more: Any) -> Any:
    held: dict[str, Any] = {**given, "id": "who", "questions": 400, "seed": 3, "cache": tmp_path, **more}
    return call(Frequencies, held.pop("records"), **{"attacks": "frequency-lr", **held})


def exhibit(audit: Any, title: str, section: int = 0) -> Any:
    return next(e for e in audit.sections[section].exhibits if e.title == title)


def test_plain_frequencies_trace_people_as_far_as_theory_says(given, tmp_path):
    """d' over 400 rows has an error of about .13 at 2.1: 20 % of theory are three of them."""
    audit = run(given, tmp_path)
    (section,) = audit.sections
    (evidence,) = audit.evidence
    assert len(evidence) == 400 and evidence.worlds == 4 and evidence.randomised
    last = exhibit(audit, "By how many statistics people are traced").rows[-1]
    theory = separation(SNPS, POOL, reference=REFERENCE)
    assert last[:2] == ("400", f"{theory:.2f}")
    assert float(last[2]) == pytest.approx(theory, rel=0.2)
    assert section.headline.risk.auc.low > 0.85 and not section.warnings
    text = " ".join(audit.report.text().split())
    assert "tell that the person was in the pool" in text and "training data" not in text
    assert "400 are published now" in text
    audit.save(tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out" / "evidence.parquet")
    named = rows.select("id", "file", "row", "of_pool").unique()
    assert set(named["id"]) <= set(given["records"]["who"]) | set(given["targets"]["who"])
    of_pool = named.filter("of_pool")
    assert (of_pool["id"] == "r-" + (of_pool["row"] - 1).cast(pl.String)).all()


def test_a_release_that_depends_on_nobody_traces_nobody(given, tmp_path):
    """Every common allele is in every pool, so a beacon's bits are all 1: its AUC is 1/2."""
    common = GenotypesLike(people=300, snps=SNPS, low=0.3, high=0.7)(rng=np.random.default_rng(1))
    audit = run(
        files(common),
        tmp_path,
        protect=["beacon"],
        attacks="beacon-lr,frequency-lr,means-lr",
        questions=600,
    )
    (found,) = audit.sections[0].evidence.values()
    risk = measure(found).auc
    assert abs(risk.value - 0.5) < 2 * (risk.high - risk.low), "four standard errors"
    skipped = {one.attack for one in audit.sections[0].skipped}
    assert {"frequency-lr", "means-lr"} == skipped, "what cannot play is named"


@pytest.mark.slow
def test_what_protections_buy_and_cost(given, tmp_path):
    wanted = ["gaussian:1,1e-6", "laplace:1,50", "fewer:40", "rounded:2", "common:0.2"]
    audit = run(given, tmp_path, protect=wanted, questions=1_000)
    table = exhibit(audit, "What each protection buys, and what it costs")
    rows = {row[0]: row for row in table.rows}
    plain, gaussian, laplace, fewer, rounded, common = rows.values()
    assert plain[3].value == 0 and plain[4].value == 1, "as they are, all frequencies are right"
    assert max(gaussian[2].low, laplace[2].low) < 0.55 < fewer[2].value < rounded[2].low
    assert laplace[4].value == pytest.approx(50 / SNPS) and fewer[4].value == pytest.approx(40 / SNPS)
    assert fewer[3].value == 0, "fewer, but right"
    assert rounded[3].value == pytest.approx(0.0025, rel=0.1), "half of the half step, by a uniform law"
    assert 0.4 < common[4].value < 0.8 and gaussian[3].value > 0.1
    promises = [section.promise for section in audit.sections]
    assert [(p.epsilon, p.delta) for p in promises[:2]] == [(1, 1e-6), (1, 0)] and promises[2:] == [None] * 3
    bounds = [section.headline.bound for section in audit.sections[:2]]
    assert all(bound.certified and bound.low <= 1 for bound in bounds)
    titles = [e.title for e in audit.sections[0].exhibits]
    assert "How many statistics until people are traced" not in titles, "more statistics get more noise"


def test_mixed_ancestry_is_said_and_corrected_scores_stand_beside(tmp_path):
    mixed = GenotypesLike(people=300, snps=SNPS, populations=4, fst=0.1)(rng=np.random.default_rng(2))
    audit = run(files(mixed), tmp_path, attacks="robust-inner-product,robust-inner-product-corrected")
    (section,) = audit.sections
    assert any("several ancestries" in str(warning) for warning in section.warnings)
    ((_, plain, corrected),) = exhibit(audit, "With ancestry taken out").rows
    assert corrected.value > plain.value + 0.05


@pytest.mark.slow
def test_means_of_measurements(tmp_path):
    rng = np.random.default_rng(4)
    made = {
        name: pl.DataFrame(rng.normal(5, 2, (n, 150)), schema=[f"m{i}" for i in range(150)], orient="row")
        for name, n in (("records", 40), ("targets", 60), ("reference", 100))
    }
    audit = run(made, tmp_path, id=None, means=True, attacks="all", protect=["fewer:10"], questions=300)
    (found,) = audit.sections[0].evidence.values()
    assert found.attack == "means-lr"
    plain, fewer = exhibit(audit, "What each protection buys, and what it costs").rows
    assert plain[2].low > 0.7 > fewer[2].value
    assert any("Fewer than 100 people are absent" in str(w) for w in audit.sections[0].warnings)
    with pytest.raises(DataError, match="means have no such protection"):
        run(made, tmp_path, id=None, means=True, protect=["laplace:1"])


def test_the_public_sees_nobody(given, tmp_path):
    public = run(given, tmp_path, audience="public")
    assert public.targets is None
    text = str(public.report.page)
    assert not any(f"'{who}'" in text for who in given["records"]["who"]) and "row 1 " not in text


def shifted(given: Files, name: str) -> Files:
    """The file with each column under the name of the one before it."""
    names = [f"rs{i}" for i in range(SNPS)]
    return {**given, name: given[name].rename(dict(zip(names, [*names[1:], names[0]], strict=True)))}


@pytest.mark.parametrize("name", ["reference", "targets"])
def test_with_mislabelled_snps_no_limit_counts_as_kept(given, tmp_path, name: str):
    """The frequencies of the neighbouring SNP make the adversary blind, and nothing was shown to be safe."""
    audit = run(shifted(given, name), tmp_path, limits=["auc=0.999"], questions=100)
    assert audit.verdict == "not settled"
    text = " ".join(audit.report.text().split())
    assert "Check names and order of the SNPs" in text and "no limit counts as kept" in text


def test_a_reference_that_fits_settles(given, tmp_path):
    """Of 400 SNPs chance leaves 1 beyond three deviations; a shift has two fifths of them there."""
    assert run(given, tmp_path, limits=["auc=0.999"], questions=100).verdict == "within"


@pytest.mark.parametrize(("low", "high"), [(0.05, 0.5), (0.005, 0.05)])
def test_shifted_columns_are_seen_and_chance_is_not(low: float, high: float):
    """Common and rare alleles; of 20 pairs of samples of one population none is taken for a shift."""
    for seed in range(20):
        made = GenotypesLike(people=180, snps=SNPS, low=low, high=high)(rng=np.random.default_rng(seed))
        pool, reference = made.take(np.arange(60)), made.take(np.arange(60, 180))
        apart = Genotypes(copies=np.roll(reference.copies, 1, axis=1))
        seen = [
            reference_unfit(
                FrequenciesData(
                    people=Genotypes(copies=np.concatenate([pool.copies, pool.copies])),
                    pool=60,
                    reference=other,
                    columns=(),
                    constant=0,
                    who=pl.DataFrame(),
                    name="",
                    notes=(),
                )
            )
            for other in (reference, apart)
        ]
        assert not seen[0] and seen[1]


@pytest.mark.parametrize(
    ("pool", "low", "high", "blind"),
    [(12, 0.005, 0.02, True), (12, 0.05, 0.5, False), (60, 0.005, 0.05, False)],
)
def test_where_a_shift_would_not_be_seen_the_report_says_so(pool: int, low: float, high: float, blind: bool):
    """Twelve people show 24 alleles: of one in a hundred most show none, whatever the reference says."""
    made = GenotypesLike(people=pool + 140, snps=200, low=low, high=high)(rng=np.random.default_rng(1))
    data = FrequenciesData(
        people=made.take(np.arange(pool + 20)),
        pool=pool,
        reference=made.take(np.arange(pool + 20, pool + 140)),
        columns=tuple(f"s{i}" for i in range(200)),
        constant=0,
        who=pl.DataFrame(),
        name="",
        notes=(),
    )
    assert bool(blind_to_others(data)) == blind


def test_means_of_shifted_variables_settle_nothing():
    """Means that differ from each other by many deviations of people, under the name of their neighbour."""
    values = np.random.default_rng(0).normal(10 * np.arange(20), 2, (60, 20))
    for shift, seen in ((0, False), (1, True)):
        data = FrequenciesData(
            people=Measurements(values=values[:30]),
            pool=15,
            reference=Measurements(values=np.roll(values[30:], shift, axis=1)),
            columns=(),
            constant=0,
            who=pl.DataFrame(),
            name="",
            notes=(),
        )
        assert bool(reference_unfit(data)) == seen


def without(given: Files, name: str, **columns: Any) -> Files:
    return {**given, name: given[name].with_columns(**columns)}


def flipped(given: Files, name: str, columns: list[str]) -> Files:
    return {**given, name: given[name].with_columns((2 - pl.col(c)).alias(c) for c in columns)}


def test_bad_input_is_said_in_a_sentence(given, tmp_path):
    pool, targets, reference = (given[name] for name in ("records", "targets", "reference"))
    frequency = np.array([reference[f"rs{i}"].mean() for i in range(SNPS)]) / 2
    turned = [f"rs{i}" for i in np.flatnonzero(frequency < 0.2)[:3]]
    every = flipped(given, "reference", [f"rs{i}" for i in range(SNPS)])
    wrong: list[tuple[Files, str]] = [
        ({**given, "reference": pl.concat([reference, pool[4:5]])}, "share people: row 5 is row 121 of"),
        ({**given, "targets": pl.concat([targets, pool[4:5]])}, "share people: row 5 is row 121 of"),
        ({**given, "reference": pl.concat([reference, targets[:1]])}, "the targets and the reference share"),
        ({**given, "records": pl.concat([pool, pool[4:5]])}, "the pool has one person twice: row 5"),
        (flipped(given, "reference", turned), f"different alleles at 3 of 400 SNPs: {', '.join(turned)}"),
        (flipped(given, "targets", turned), f"different alleles at 3 of 400 SNPs: {', '.join(turned)}"),
        (every, r"\(\d\d % of all: the whole file seems to be turned\)"),
        ({**given, "reference": reference.drop("rs7")}, "it lacks rs7"),
        ({**given, "targets": targets.select("who")}, "no column but the ids"),
        (without(given, "records", rs5=pl.lit(3)), "'rs5' is 3 in rows 1, 2"),
        (without(given, "records", rs5=pl.lit(0.4)), "'rs5' is 0.4 in rows 1, 2"),
        (without(given, "records", rs5=pl.lit("A/G")), "'rs5' is no number .*'A/G'"),
        ({**given, "records": pool[:5]}, "the pool has 5 people: give 10 or more"),
        ({n: f.select("who", pl.lit(1).alias("rs")) for n, f in given.items()}, "one value in all files"),
        (without(given, "records", who=pl.lit(None)), "'who' is empty"),
        (without(given, "records", **{f"rs{i}": pl.lit(-1) for i in range(SNPS)}), "no genotype is known"),
    ]
    for changed, says in wrong:
        with pytest.raises(DataError, match=says):
            run(changed, tmp_path)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@pytest.mark.parametrize(("more", "says"), [
    ({"id": "whom"}, "'whom'"),
    ({"id": None}, "--id who"),
    ({"alleles": 3}, "alleles is 3"),
    ({"alleles": 1}, "need --alleles 2"),
    ({"questions": 5}, "questions is 5"),
    ({"protect": ["laplace:0"]}, "epsilon is 0"),
    ({"protect": ["gaussian:1"]}, "delta is missing"),
    ({"protect": ["gaussian:1,2"]}, "delta is 2"),
    ({"protect": ["common:0.7"]}, "common is 0.7"),
    ({"protect": ["rounded:99"]}, "decimals is 99"),
    ({"protect": ["fewer:0"]}, "at_most is 0"),
    ({"protect": ["beacon:3"]}, "it takes no settings"),
    ({"protect": ["laplace:1,few"]}, "'few' is no whole number"),
    ({"protect": ["fewer:9+beacon"]}, "nothing can follow fewer:9 or beacon"),
    ({"attacks": "means-lr"}, "needs another release than frequencies"),
    ({"attacks": "lira"}, "no attack on frequencies is called"),
])  # fmt: skip
def test_wrong_settings_are_said_in_a_sentence(given, tmp_path, more: dict[str, Any], says: str):
    with pytest.raises(ConfideError, match=says):
        run(given, tmp_path, **more)


def test_a_limit_that_takes_more_rounds_names_their_option(given, tmp_path):
    with pytest.raises(DataError, match=r"cannot be settled with .* ask more often with --questions"):
        run(given, tmp_path, limits=["tpr@0.01=0.1"], questions=200)


def test_a_limit_at_1_in_100_asks_for_people(given, tmp_path):
    few = {**given, "targets": given["targets"][:12], "records": given["records"][:20]}
    with pytest.raises(DataError, match=r"cannot be settled with \d+ people .* it takes at least 100"):
        run(few, tmp_path, limits=["tpr@0.01=0.1"], questions=100)
    assert not list(tmp_path.iterdir())
