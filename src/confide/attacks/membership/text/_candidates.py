"""The likelihoods of canaries beside those of other candidates for their secrets, template by template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError, ModelError
from confide.core.language import keep
from confide.views.text import Canaries, Likelihoods, Template

FEWEST = 20
"""Other candidates: a rank among fewer says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """One template's canaries and candidates.

    Args:
        rows: int64[k], which canaries.
        at: float64[k], their log-likelihoods.
        others: float64[m], those of the candidates: of all with `whole`, else of some that are no canaries.
        size: of the space.
        whole: whether every candidate was asked about.
    """

    rows: Ints
    at: Floats
    others: Floats
    size: int
    whole: bool


def ranked(
    view: Likelihoods, canaries: Canaries, *, most: int, rng: Rng, sampled: bool = False
) -> Iterator[Ranked]:
    """Ask about each template's candidates: all where they are at most `most`, else this many at random.

    Args:
        sampled: draw some even where all could be asked about.

    Raises:
        KnowledgeError: if a template has too few other candidates.
        ModelError: if the probabilities of all candidates add up to more than 1.
    """
    for number, template in enumerate(canaries.templates):
        rows = np.flatnonzero(canaries.which == number)
        if not len(rows):
            continue
        secrets = [canaries.secrets[i] for i in rows]
        if template.size <= most and not sampled:
            every = template.all()
            found = view.log_likelihoods([template.text(secret) for secret in every])
            _need_probabilities(found)
            place = {secret: i for i, secret in enumerate(every)}
            at = found[[place[secret] for secret in secrets]]
            yield Ranked(rows, at, found, template.size, True)
        else:
            yield _some(view, template, rows, secrets, most=most, rng=rng)


def _some(
    view: Likelihoods, template: Template, rows: Ints, secrets: list[str], *, most: int, rng: Rng
) -> Ranked:
    others = template.draw(min(most, template.size), rng=rng, without=frozenset(secrets))
    if len(others) < FEWEST:
        raise KnowledgeError(
            keep(
                "a template has {n:d} candidates that are not asked about: {fewest:d} at least are needed. "
                "Leave more of its secret open, or ask about fewer canaries of it.",
                n=len(others),
                fewest=FEWEST,
            )
        )
    found = view.log_likelihoods([template.text(secret) for secret in (*secrets, *others)])
    return Ranked(rows, found[: len(rows)], found[len(rows) :], template.size, False)


def _need_probabilities(found: Floats) -> None:
    """Texts of one length exclude each other, so that their probabilities add up to 1 at most."""
    total = float(np.logaddexp.reduce(found))
    if total > log(1.01):
        raise ModelError(
            f"the probabilities of the {len(found):,} candidates of one canary add up to "
            f"{np.exp(total):.3g}: give the sum of the log-probabilities of all signs, not their mean."
        )
