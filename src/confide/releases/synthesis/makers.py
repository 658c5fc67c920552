"""The mechanisms with a file's public domain: what `confide.synthesize` offers in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from confide.core.budget import Budget
from confide.inputs.domain import read_domain
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.two_levels import TwoLevels
from confide.mechanisms.synthesize.workload import Workload
from confide.releases.synthesis.linked import LinkedSynthesiser, halves
from confide.releases.synthesis.synthesiser import Synthesiser

Given: TypeAlias = PublicDomain | Path | str
"""A domain, or the file of one."""


def AIM(  # noqa: N802 - a mechanism's name
    domain: Given,
    *,
    budget: Budget,
    workload: Workload = 2,
    megabytes: float = 1.0,
    rows: int | None = None,
    noise: Noise = "secure",
    seed: int = 0,
) -> Synthesiser:
    """AIM synthesises rows: margins are chosen and measured one after the other (McKenna et al. 2022).

    Args:
        domain: public: a `PublicDomain`, or the path of a domain file.
        budget: for everything together.
        workload: the tables that are to be right: 2 for all pairs, 3 for all triples, or sets of columns.
        megabytes: of the model, at most.
        rows: of the synthetic file; a noised count of the records where None.
        noise: "secure" for a release; "rehearsal" draws it from `rng`.
        seed: by which rows are drawn from the model.

    Raises:
        ConfideError: for a setting that cannot be.
    """
    from confide.mechanisms.synthesize import aim

    made = aim.AIM(budget=budget, workload=workload, megabytes=megabytes, rows=rows, noise=noise)
    return _of(domain, made, noise, seed)


def MST(  # noqa: N802 - a mechanism's name
    domain: Given, *, budget: Budget, rows: int | None = None, noise: Noise = "secure", seed: int = 0
) -> Synthesiser:
    """MST synthesises rows from a spanning tree of pairs (McKenna et al. 2021); arguments as of `AIM`."""
    from confide.mechanisms.synthesize import mst

    return _of(domain, mst.MST(budget=budget, rows=rows, noise=noise), noise, seed)


def PrivBayes(  # noqa: N802 - a mechanism's name
    domain: Given, *, budget: Budget, rows: int | None = None, noise: Noise = "secure", seed: int = 0
) -> Synthesiser:
    """PrivBayes synthesises rows from a Bayesian network (Zhang et al. 2017); arguments as of `AIM`."""
    from confide.mechanisms.synthesize import privbayes

    return _of(domain, privbayes.PrivBayes(budget=budget, rows=rows, noise=noise), noise, seed)


def Independent(  # noqa: N802 - a mechanism's name
    domain: Given, *, budget: Budget, rows: int | None = None, noise: Noise = "secure", seed: int = 0
) -> Synthesiser:
    """Independent margins: each column by itself, and no dependence at all; arguments as of `AIM`."""
    from confide.mechanisms.synthesize import independent

    return _of(domain, independent.IndependentMargins(budget=budget, rows=rows, noise=noise), noise, seed)


def PlausibleDeniability(  # noqa: N802 - a mechanism's name
    domain: Given,
    *,
    generator: Budget,
    rows: int | None = None,
    noise: Noise = "secure",
    seed: int = 0,
    **settings: Any,
) -> Synthesiser:
    """Plausible deniability: rows made from real ones that many others could have made (Bindschaedler 2017).

    Args:
        domain, rows, noise, seed: as of `AIM`.
        generator: the budget of the generator's own training. What is promised to those whose rows are seeds
            is for each released record alone, and `budget` is None where that adds up to nothing.
        settings: keep, test, tries and others of the mechanism.
    """
    from confide.mechanisms.synthesize.plausible import mechanism

    made = mechanism.PlausibleDeniability(generator=generator, rows=rows, noise=noise, **settings)
    return _of(domain, made, noise, seed)


def Linked(  # noqa: N802 - named as the mechanisms are
    levels: TwoLevels,
    *,
    budget: Budget,
    mechanism: Callable[..., Synthesiser] = AIM,
    rows: int | None = None,
    noise: Noise = "secure",
    seed: int = 0,
    **settings: Any,
) -> LinkedSynthesiser:
    """Two linked files: parents, a noised number of children, and children given their parent.

    Args:
        levels: both domains, the key and the link, and how many children of a parent count.
        budget: for both files, half of its rho for each. It hides a parent with all its children.
        mechanism: of both: AIM, MST, PrivBayes or Independent.
        rows: parents of the synthetic file; a noised count where None.
        noise, seed: as of `AIM`.
        settings: of the mechanism.

    Raises:
        ConfideError: for a setting that cannot be.
    """
    whole, first, second = halves(budget, levels)
    above = mechanism(levels.parents, budget=first, rows=rows, noise=noise, **settings)
    below = mechanism(levels.children, budget=second, noise=noise, **settings)
    return LinkedSynthesiser(levels, above.mechanism, below.mechanism, whole, noise, seed)


def _of(domain: Given, mechanism: Any, noise: Noise, seed: int) -> Synthesiser:
    public = domain if isinstance(domain, PublicDomain) else read_domain(Path(domain))
    return Synthesiser(public, mechanism, noise, seed)
