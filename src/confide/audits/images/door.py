"""Auditing pictures of people before they are published obscured: is anybody recognised?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.attacks.linkage import images as recognition
from confide.audits.frontier import Frontier, Point
from confide.audits.images.closed_set import (
    RETRAINED,
    SSIM,
    ClosedSet,
    closed_set,
    deblurring_table,
    people_table,
    recognised_as,
    recognition_table,
)
from confide.audits.outcome import Audit, conclude, parse_audience, parse_limits
from confide.audits.playing import Played, Progress, play_all
from confide.audits.protections import UNPROTECTED, Maker, frontier_exhibits, parse_protections
from confide.core.budget import Budget
from confide.core.cache import cache_folder, key_of
from confide.core.errors import DataError
from confide.core.nouns import Attack, Mechanism
from confide.games.linkage.images import ImageRecognition
from confide.inputs.images import ImagesData, read_images
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.mechanisms.anonymize.p3 import P3
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.report import Exhibit, Limit, coarse
from confide.views.images import Pictures

USUAL = ("recogniser", "clear-trained")
RISK = "recognised by a machine that learned from pictures obscured the same way"


def _dp_pix(epsilon: str, side: str = "16", pixels: str = "16") -> DPPix:
    # a rehearsal: the release that is audited here is not the one that will be published
    return DPPix.of(epsilon=float(epsilon), side=int(side), pixels=int(pixels), noise="rehearsal")


PROTECTIONS: Mapping[str, tuple[Maker, str]] = {
    "as-is": (Published, "as-is"),
    "mosaic": (lambda side="16": Mosaic(side=int(side)), "mosaic:16"),
    "blur": (lambda sigma="3": GaussianBlur(sigma=float(sigma)), "blur:3"),
    "p3": (lambda threshold="10": P3(threshold=int(threshold)), "p3:10"),
    "dp-pix": (_dp_pix, "dp-pix:0.5,16"),
}
"""What can be written after --obscure; dp-pix takes epsilon, the side of a block, and the pixels to hide."""


def images(
    pictures: Any,
    *,
    labels: Any = None,
    obscure: Sequence[str] = ("mosaic:16",),
    seed: int,
    resize: tuple[int, int] | None = None,
    gallery: float = 0.8,
    worlds: int | None = None,
    attacks: str | Sequence[str] | None = None,
    limits: Sequence[str | Limit] = (),
    audience: str = "internal",
    strict: bool = False,
    name: str | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit pictures of people: who could be recognised if they were published obscured?

    The audit divides each person's pictures: some are the adversary's, clear and named, the others are
    obscured and released. Half of the people are strangers to him, for comparison.

    Args:
        pictures: a folder (a sub-folder for each person, or files that `labels` names), an .npz file with
            uint8 X [n, h, w] or [n, h, w, 3] and y [n], or `Pictures` with names.
        labels: for a folder of files: a table (.csv, .parquet or a frame) with the columns file and person.
        obscure: what to try, one release each: 'mosaic:16', 'blur:3', 'p3:10', 'dp-pix:0.5,16', 'as-is'.
        seed: from which everything can be repeated.
        resize: (height, width) that all pictures are brought to.
        gallery: the share of each person's pictures that the adversary has.
        worlds: so often are pictures and people divided anew; by default 5 times, 20 where there are few.
        attacks: names of `confide.attacks.linkage.images.ALL`; by default the recogniser that learned from
            obscured pictures and the one that learned from clear ones, with a small network (if torch is
            there) beside them in the closed set. With names, the network takes part only if it is named.
        limits, audience, strict: as of `confide.audits.model.door`.
        name: of the pictures, for the report.
        cache: the folder of finished work, by default the user's.
        progress: called with (steps done, steps in all).

    Raises:
        DataError: if the pictures, their names or an option cannot be used.
    """
    mechanisms = parse_protections(list(dict.fromkeys(obscure)) or ["as-is"], PROTECTIONS)
    names = attacks.split(",") if isinstance(attacks, str) else attacks
    chosen: list[Attack[Any, Any, Any]] = [recognition.by_name(a.strip())() for a in (names or USUAL)]
    parse_audience(audience)
    parse_limits(limits)
    album = read_images(pictures, labels=labels, resize=resize, name=name)
    sittings = _sittings(album, gallery) if worlds is None else worlds
    if sittings < 1:
        raise DataError(f"{sittings} worlds cannot be played: give 1 or more.")
    games = {
        spec: ImageRecognition(mechanism=mechanism, pictures=album.pictures, gallery=gallery)
        for spec, mechanism in mechanisms.items()
    }
    folder = cache_folder() if cache is None else cache
    network = names is None or any(isinstance(a, recognition.SmallCNN) for a in chosen)
    closed = _closed_sets(album, mechanisms, gallery=gallery, network=network, seed=seed, cache=folder)
    shared = _frontier(mechanisms, closed, album.pictures)
    who = None if audience == "public" else _who(album, {spec: closed[spec] for spec in mechanisms})
    audits: list[Audit] = []
    for place, (spec, game) in enumerate(games.items()):
        played = play_all(
            game,
            chosen,
            seed=seed,
            key=_key(album, gallery, game.mechanism),
            worlds=sittings,
            cache=folder,
            progress=_further(
                progress, before=1 + place * len(chosen), total=len(chosen) * len(mechanisms) + 1
            ),
        )
        concluded = _concluded(
            album,
            spec,
            game,
            closed[spec],
            played,
            () if place else shared,
            worlds=sittings,
            seed=seed,
            who=who,
            limits=limits,
            audience=audience,
            strict=strict,
        )
        audits.append(concluded)
    return Audit.merge(audits)


def _closed_sets(
    album: ImagesData, mechanisms: Mapping[str, Mechanism[Pictures]], *, gallery: float, **settings: Any
) -> dict[str, ClosedSet]:
    """Every release with everybody in the gallery, and the pictures as they are."""
    return {
        spec: closed_set(
            mechanism,
            album.pictures,
            gallery=gallery,
            key=_key(album, gallery, mechanism),
            **settings,
        )
        for spec, mechanism in {UNPROTECTED: Published(), **mechanisms}.items()
    }


def _key(album: ImagesData, gallery: float, mechanism: Mechanism[Pictures]) -> str:
    """What finished work is kept under."""
    return key_of(key_of(album.pictures.digest(), str(gallery)), repr(mechanism))


def _concluded(
    album: ImagesData,
    spec: str,
    game: ImageRecognition,
    found: ClosedSet,
    played: Played,
    shared: Sequence[Exhibit],
    *,
    worlds: int,
    **settings: Any,
) -> Audit:
    """One release's audit; `shared` is what is said of all of them."""
    budget, public = game.mechanism.budget, settings["audience"] == "public"
    return conclude(
        release=f"{album.name}, {spec}",
        played=played,
        blind=None,
        about=_about(album, spec, game.gallery, worlds, budget, public=public),
        more_skipped=found.skipped,
        adversary=_adversary(game.gallery),
        notes=_notes(album, public=public),
        goal="recognition",
        exhibits=(*_exhibits(game.mechanism, found, album), *shared),
        promise=budget,
        unit=game.unit,
        **settings,
    )


def _further(progress: Progress | None, *, before: int, total: int) -> Progress | None:
    """Progress told as part of a longer way."""
    return None if progress is None else lambda done, _: progress(before + done, total)


def _sittings(album: ImagesData, gallery: float) -> int:
    """Few pictures are dealt more often, so that there is something to measure."""
    return 5 if (1 - gallery) * len(album.pictures) >= 60 else 20


def _exhibits(mechanism: Mechanism[Pictures], found: ClosedSet, album: ImagesData) -> tuple[Exhibit, ...]:
    undone = (deblurring_table(mechanism, found, album),) if isinstance(mechanism, GaussianBlur) else ()
    return (recognition_table(found, len(album.people)), *undone, people_table(found, album))


def _frontier(
    mechanisms: Mapping[str, Mechanism[Pictures]], closed: Mapping[str, ClosedSet], original: Pictures
) -> tuple[Exhibit, ...]:
    """All releases side by side, and the pictures as they are, in the closed set."""
    points = tuple(
        Point(
            name=spec,
            promise=None if spec == UNPROTECTED else mechanisms[spec].budget,
            risk=found.rate(RETRAINED, k=1),
            left=found.left(original),
        )
        for spec, found in closed.items()
        if spec == UNPROTECTED or not isinstance(mechanisms[spec], Published)
    )
    return frontier_exhibits(Frontier(risk=RISK, points=points), across=SSIM)


def _who(album: ImagesData, closed: Mapping[str, ClosedSet]) -> pl.DataFrame:
    person = album.pictures.person
    assert person is not None
    count = len(album.pictures)
    named = {
        "recognised as" if len(closed) == 1 else f"recognised as ({spec})": recognised_as(
            found, album.people, count
        )
        for spec, found in closed.items()
    }
    return pl.DataFrame(
        {
            "target": np.arange(count),
            "file": list(album.files),
            "person": [album.people[p] for p in person.tolist()],
            **{name: pl.Series(values, dtype=pl.String) for name, values in named.items()},
        }
    )


def _many(count: int, public: bool) -> str:
    """A count in words, coarse for the public."""
    return coarse(count) if public else f"{count:,}"


def _about(
    album: ImagesData, spec: str, gallery: float, worlds: int, budget: Budget | None, *, public: bool
) -> dict[str, str]:
    n, h, w = album.pictures.pixels.shape[:3]
    return {
        "pictures": f"{_many(n, public)} of {_many(len(album.people), public)} people, {h}x{w}, "
        f"{'colour' if album.pictures.pixels.ndim == 4 else 'grey'}",
        "obscured by": spec,
        "divided": f"{gallery:.0%} of each person's pictures in the gallery, {worlds} times anew",
    } | ({} if budget is None else {"promised": f"{budget}; nothing about the picture as a whole"})


def _adversary(gallery: float) -> tuple[str, ...]:
    return (
        f"He has {gallery:.0%} of each person's pictures, clear and with names, of half of the people. "
        "The other half are strangers to him.",
        "He knows how the pictures were obscured, and can do the same to his own.",
    )


def _notes(album: ImagesData, *, public: bool) -> tuple[str, ...]:
    if not album.alone:
        return ()
    return (
        f"{_many(album.alone, public)} people with a single picture were left out: one is needed on each "
        "side.",
    )
