"""Exhibits on pictures: who is recognised if everybody is a candidate, and what undoing a blur brings."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl

from confide.attacks.reconstruction.images.deblur import EXACT, ROUNDED, deblurred, power_of
from confide.audits.images.closed_set import CLEAR, RETRAINED, WORDS, ClosedSet
from confide.core.arrays import Ints
from confide.core.estimate import Estimate
from confide.core.language import parts, t
from confide.core.who import table_of
from confide.inputs.images import ImagesData
from confide.measure.pictures import average, psnr
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur, blurred
from confide.report import Rate, Reading, Table


def recognition_table(found: ClosedSet, album: ImagesData) -> Table:
    """Top-1 and top-5 of each entrant, with chance beside them."""
    people, truth = len(album.people), found.world.secrets
    rows = [(t(WORDS[e]), found.rate(e, k=1), found.rate(e, k=min(5, people))) for e in found.scores]
    share = _commonest(truth)
    commonest = Estimate(share, share, share, 0.95)
    return Table(
        title=t("If everybody in the pictures is a candidate"),
        reading=[
            parts(
                "{pictures} released pictures of {people} people, nobody held out; intervals know that "
                "pictures of one person go together. Compare what a machine learns from pictures "
                "obscured the same way with what it learns from clear ones.",
                pictures=len(truth),
                people=people,
            ),
            parts(
                "The most frequent person is in {rate}.",
                rate=Rate(estimate=commonest, of=len(truth), interval=False),
            ),
        ],
        head=(t("machine"), t("right name"), t("right name among the first five")),
        # In words: the share to two digits would tell how many people there are.
        rows=(
            *rows,
            (
                t("guessing"),
                parts("1 in {people}", people=people),
                parts("{k:d} in {people}", k=min(5, people), people=people),
            ),
        ),
        of=people,
    )


def if_all_are_known(found: ClosedSet) -> tuple[Reading, ...]:
    """A warning where names are found among known people; the risk at the top is that of the open set.

    Strong noise leaves no sign of whether somebody is known, and then that risk is low; who it is among the
    people of a class or a firm may still be seen.
    """
    rate = found.rate(RETRAINED, k=1)
    if rate.low <= _commonest(found.world.secrets):
        return ()
    return (
        t(
            "An adversary that knows everybody in the pictures names more of them rightly than by "
            "guessing. The risk at the top is that of one that must also tell who is unknown to it."
        ),
        parts(
            "The one that knows everybody puts the right name to {rate}.",
            rate=Rate(estimate=rate, of=len(found.asked)),
        ),
    )


def _commonest(truth: Ints) -> float:
    """The share of pictures that show the most frequent person: what naming them every time reaches."""
    return max(Counter(truth.tolist()).values()) / len(truth)


def people_table(found: ClosedSet, album: ImagesData) -> Table:
    """Who is recognised, the most often first."""
    truth = found.world.secrets
    right = [found.scores[e].argmax(axis=1) == truth for e in (RETRAINED, CLEAR)]
    counts = [np.bincount(truth, weights=w, minlength=len(album.people)) for w in (None, *right)]
    order = np.lexsort((counts[2], counts[1] / np.maximum(counts[0], 1)))[::-1]
    return Table(
        title=t("Who is recognised"),
        reading=t(
            "Of each person's released pictures, how many got the right name; at most 20 people. The "
            "rest is in the evidence."
        ),
        head=(
            t("person"),
            t("pictures"),
            t("by a machine that learned from obscured pictures"),
            t("from clear ones"),
        ),
        rows=tuple((album.people[p], *(int(c[p]) for c in counts)) for p in order[:20]),
        internal=True,
    )


def recognised_as(found: ClosedSet, album: ImagesData) -> pl.DataFrame:
    """For each picture its file, who is in it and, where it was released here, the name it was given."""
    names: list[str | None] = [None] * len(album.pictures)
    for at, code in zip(found.asked.tolist(), found.scores[RETRAINED].argmax(axis=1).tolist(), strict=True):
        names[at] = album.people[code]
    given = pl.Series("recognised as", names, dtype=pl.String)
    return table_of(np.arange(len(names)), album.who, given)


def deblurring_table(blur: GaussianBlur, found: ClosedSet) -> Table:
    """What undoing the blur brings back, with and without the rounding."""
    world = found.world
    truth = world.source.pixels
    power = power_of(world.case.known.clear.pixels)
    exact = blurred(truth, blur.sigma)
    rows = tuple(
        (
            words,
            average(psnr(truth, shown)),
            average(psnr(truth, back := deblurred(shown, sigma=blur.sigma, power=power, noise=noise))),
            average(psnr(truth, back) - psnr(truth, shown)),
        )
        for words, shown, noise in (
            (t("as published: rounded to whole numbers"), world.case.view.pixels, ROUNDED),
            (t("not rounded, as in a file of floats"), exact, EXACT),
        )
    )
    return Table(
        title=t("Undoing the blur"),
        reading=t(
            "The likeness to the clear pictures (PSNR; 3 dB more halve the squared error) of the "
            "blurred pictures, and of what an adversary makes of them that knows the blur and how "
            "clear pictures look on average."
        ),
        head=(t("pictures"), t("blurred, dB"), t("deblurred, dB"), t("gain, dB")),
        rows=rows,
    )
