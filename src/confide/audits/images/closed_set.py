"""The closed set: everybody in the pictures is a candidate, as in the literature's top-1 and top-5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.attacks.reconstruction.images.deblur import EXACT, ROUNDED, deblurred, power_of
from confide.core.arrays import Floats, Ints
from confide.core.cache import Cache, key_of
from confide.core.errors import KnowledgeError
from confide.core.estimate import Estimate
from confide.core.nouns import Case, Mechanism
from confide.games.linkage.images import ImageRecognition
from confide.inputs.images import ImagesData
from confide.knowledge.images import Gallery
from confide.measure.pictures import among_first, average, clustered_rate, psnr, ssim
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur, blurred
from confide.report import Skipped, Table
from confide.views.images import Pictures

ENTRANTS: Mapping[tuple[str, str], Recogniser | SmallCNN | ClearTrained] = {
    ("linear", "obscured pictures"): Recogniser(model="linear"),
    ("linear", "clear pictures"): ClearTrained(model="linear"),
    ("kernel", "obscured pictures"): Recogniser(),
    ("kernel", "clear pictures"): ClearTrained(),
    ("small network", "obscured pictures"): SmallCNN(),
}
RETRAINED, CLEAR = ("kernel", "obscured pictures"), ("kernel", "clear pictures")
NETWORK = ("small network", "obscured pictures")
PSNR, SSIM = "likeness (PSNR, dB)", "likeness (SSIM)"
USABLE = "recognised by a machine that learned from clear pictures"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClosedSet:
    """One release, asked about picture by picture.

    Args:
        gallery: what the adversary had.
        asked: int64[n], the positions of the released pictures.
        truth: int64[n], who is in them.
        view: the released pictures.
        scores: of each entrant (model, what it learned from), float64[n, people].
        skipped: entrants that could not run.
    """

    gallery: Gallery
    asked: Ints
    truth: Ints
    view: Pictures
    scores: Mapping[tuple[str, str], Floats]
    skipped: tuple[Skipped, ...]

    def rate(self, entrant: tuple[str, str], *, k: int) -> Estimate:
        """How often the right name is among the first k."""
        return clustered_rate(among_first(self.scores[entrant], self.truth, k=k), self.truth)

    def left(self, original: Pictures) -> dict[str, Estimate | float]:
        """What the release leaves of the pictures."""
        shown = original.pixels[self.asked], self.view.pixels
        found: dict[str, Estimate | float] = {SSIM: average(ssim(*shown)), USABLE: self.rate(CLEAR, k=1)}
        likeness = psnr(*shown)
        return found | ({PSNR: average(likeness)} if np.isfinite(likeness).all() else {})


def closed_set(
    mechanism: Mechanism[Pictures],
    pictures: Pictures,
    *,
    gallery: float,
    network: bool,
    seed: int,
    key: str,
    cache: Path | None,
) -> ClosedSet:
    """Release and recognise once, with everybody in the gallery; the same pictures whatever the mechanism."""
    game = ImageRecognition(mechanism=mechanism, pictures=pictures, gallery=gallery, closed=True)
    world = game.deal(0, rng=np.random.default_rng([seed, 7]))
    scores: dict[tuple[str, str], Floats] = {}
    skipped: list[Skipped] = []
    for entrant, attack in ENTRANTS.items():
        if entrant == NETWORK and not network:
            continue
        try:
            scores[entrant] = _scored(attack, world.case, seed, key_of("closed", key, repr(attack)), cache)
        except KnowledgeError as why:
            skipped.append(Skipped(attack=f"{attack.name} (closed set)", why=str(why)))
    asked = np.arange(len(world.secrets)) if world.ids is None else world.ids
    return ClosedSet(
        gallery=world.case.known,
        asked=asked,
        truth=world.secrets,
        view=world.case.view,
        scores=scores,
        skipped=tuple(skipped),
    )


def _scored(
    attack: Recogniser | SmallCNN | ClearTrained,
    case: Case[Pictures, Gallery, Ints],
    seed: int,
    key: str,
    cache: Path | None,
) -> Floats:
    """The scores, kept as an array file under the key."""
    name = key_of(key, str(seed))
    found = None if cache is None else Cache(cache).find(name)
    if found is not None:
        with found.open("rb") as file:
            return np.load(file, allow_pickle=False)
    scores = attack.scores(case, rng=np.random.default_rng([seed, 8]))
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)

        def write(draft: Path) -> None:
            with draft.open("wb") as file:
                np.save(file, scores, allow_pickle=False)

        Cache(cache).keep(name, write)
    return scores


def recognition_table(found: ClosedSet, people: int) -> Table:
    """Top-1 and top-5 of each entrant, with chance beside them."""
    rows = [
        (f"{model}, learned from {source}", found.rate(e, k=1), found.rate(e, k=min(5, people)))
        for e in found.scores
        for model, source in [e]
    ]
    commonest = max(Counter(found.truth.tolist()).values()) / len(found.truth)
    return Table(
        title="If everybody in the pictures is a candidate",
        reading=f"{len(found.truth):,} released pictures of {people} people, nobody held out; intervals know "
        "that pictures of one person go together. Compare what a machine learns from pictures obscured the "
        f"same way with what it learns from clear ones. The most frequent person is in {commonest:.1%}.",
        head=("machine", "right name", "right name among the first five"),
        rows=(*rows, ("guessing", 1 / people, min(5, people) / people)),
        of=people,
    )


def people_table(found: ClosedSet, album: ImagesData) -> Table:
    """Who is recognised, the most often first."""
    right = [found.scores[e].argmax(axis=1) == found.truth for e in (RETRAINED, CLEAR)]
    counts = [np.bincount(found.truth, weights=w, minlength=len(album.people)) for w in (None, *right)]
    order = np.lexsort((counts[2], counts[1] / np.maximum(counts[0], 1)))[::-1]
    return Table(
        title="Who is recognised",
        reading="Of each person's released pictures, how many got the right name; at most 20 people. "
        "The rest is in the evidence.",
        head=("person", "pictures", "by a machine that learned from obscured pictures", "from clear ones"),
        rows=tuple((album.people[p], *(int(c[p]) for c in counts)) for p in order[:20]),
        internal=True,
    )


def recognised_as(found: ClosedSet, people: Sequence[str], count: int) -> list[str | None]:
    """For each of all `count` pictures the name it was given, None where it was not released here."""
    names: list[str | None] = [None] * count
    for at, code in zip(found.asked.tolist(), found.scores[RETRAINED].argmax(axis=1).tolist(), strict=True):
        names[at] = people[code]
    return names


def deblurring_table(blur: GaussianBlur, found: ClosedSet, album: ImagesData) -> Table:
    """What undoing the blur brings back, with and without the rounding."""
    truth = album.pictures.pixels[found.asked]
    power = power_of(found.gallery.clear.pixels)
    exact = blurred(truth, blur.sigma)
    rows = tuple(
        (
            words,
            average(psnr(truth, shown)),
            average(psnr(truth, back := deblurred(shown, sigma=blur.sigma, power=power, noise=noise))),
            average(psnr(truth, back) - psnr(truth, shown)),
        )
        for words, shown, noise in (
            ("as published: rounded to whole numbers", found.view.pixels, ROUNDED),
            ("not rounded, as in a file of floats", exact, EXACT),
        )
    )
    return Table(
        title="Undoing the blur",
        reading="The likeness to the clear pictures (PSNR; 3 dB more halve the squared error) of the blurred "
        "pictures, and of what somebody makes of them who knows the blur and how clear pictures look on "
        "average.",
        head=("pictures", "blurred, dB", "deblurred, dB", "gain, dB"),
        rows=rows,
    )
