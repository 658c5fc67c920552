"""Synthesises two linked files: read both domains, then both files; check, charge once, draw, write both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.atomic import beside
from confide.core.budget import Budget
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.inputs.domain import read_domain
from confide.inputs.domain_cells import read_rows
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.synthesize.columns.categories import Key
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.two_levels import TwoLevels
from confide.releases.session.identity import Identity
from confide.releases.synthesis.linked import LinkedFiles, LinkedSynthesiser, halves
from confide.releases.synthesis.making import maker_of
from confide.releases.synthesis.paying import (
    LOST,
    NOTHING,
    card_for,
    ledger_of,
    noise_of,
    paid,
    place_of,
    written_whole,
)
from confide.releases.synthesis.settings import SynthesizeSettings
from confide.releases.synthesis.written import Written, write_card
from confide.releases.training.interrupted import noting_charge


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedWritten:
    """Two synthetic files that were written.

    Args:
        parents, children: the files.
        promise: of both together, in words.
        apart: the share of children that do not follow from all given columns of their parent.
        ledger: what is spent and left there, in a sentence; empty without one.
        created: whether the ledger was made.
    """

    parents: Written
    children: Written
    promise: str
    apart: float
    ledger: str = ""
    created: bool = False

    def __str__(self) -> str:
        above, below = self.parents, self.children
        apart = f" {self.apart:.1%} of the children follow from a part of the given columns alone."
        return (
            f"{above.out}: {above.rows:,} synthetic parents, and {below.out}: {below.rows:,} children of "
            f"theirs, by {above.card['mechanism']}. Together they promise {self.promise}; half of its rho "
            f"went to each.{above.remarks}{below.remarks}{apart if self.apart else ''}"
        )


def write_linked(settings: SynthesizeSettings) -> LinkedWritten:
    """Write synthetic parents and children, both or none.

    Args:
        settings: of the synthesis.

    Raises:
        ConfideError: one sentence on what is wrong.
    """
    places = (
        place_of(settings, "--out", settings.out),
        place_of(settings, "--children-out", settings.children_out),
    )
    if places[0].resolve() == places[1].resolve():
        raise DataError(f"--out and --children-out are both {places[0]}: name two files.")
    assert settings.children is not None
    levels = levels_of(settings)
    # Before they are read: the ledger must not be bound to files that changed in the meantime.
    identities = Identity.of(Path(settings.data)), Identity.of(settings.children)
    frames = [read_rows(one.path) for one in identities]
    whole, first, second = halves(settings.promise, levels)
    maker = LinkedSynthesiser(
        levels,
        maker_of(settings, first),
        maker_of(replace(settings, rows=None), second),  # as many children as their parents have
        budget=whole,
        noise=noise_of(settings),
        seed=settings.seed,
    )
    rng = np.random.default_rng(settings.rehearse)
    rows = maker.prepared(frames[0], frames[1], rng=rng)
    for one in identities:
        one.need_unchanged()
    with ExitStack() as open_while:
        # One ledger for both: another file of children is another data set.
        data = sha256("".join(one.digest for one in identities).encode()).hexdigest()
        ledger = ledger_of(settings, data, whole.unit, open_while)
        open_while.enter_context(noting_charge(ledger, whole, lost=LOST, nothing=NOTHING))
        drafts = open_while.enter_context(draft_of(places[0])), open_while.enter_context(draft_of(places[1]))
        done = paid(
            settings,
            ledger,
            whole,
            lambda: maker.made(rows, rng=rng),
            asked="synthesize two linked files",
            rows=lambda made: len(made.parents.frame) + len(made.children.frame),
        )
        cards = _published(settings, done, drafts, places, levels)
        standing = "" if ledger is None else f"Spent {ledger.spent}; left {ledger.left(settings.analyst)}."
        created = False if ledger is None else ledger.created
    above, below = (
        Written(out=out, card=card, rows=len(one.frame), trimmed=one.trimmed, clipped=one.clipped)
        for out, card, one in zip(places, cards, (done.parents, done.children), strict=True)
    )
    return LinkedWritten(
        parents=above,
        children=below,
        promise=str(cards[0]["linked"]["promise"]["text"]),
        apart=done.apart,
        ledger=standing,
        created=created,
    )


def levels_of(settings: SynthesizeSettings) -> TwoLevels:
    """Both domains, and how they are linked.

    Raises:
        DataError: if one cannot be read, or they do not fit together.
    """
    assert settings.children_domain is not None and settings.link is not None and settings.at_most is not None
    above, below = read_domain(settings.domain), read_domain(settings.children_domain)
    levels = TwoLevels(
        above,
        below,
        key=key_of(above, settings.link),
        link=settings.link,
        at_most=settings.at_most,
        given=settings.columns_given,
    )
    for domain in (above, below):
        domain.need_cells()
    return levels


def key_of(parents: PublicDomain, link: str) -> str:
    """The key of the parents that a link holds: their only one, or that of the same name.

    Raises:
        DataError: if there is none.
    """
    keys = [c.name for c in parents.columns if isinstance(c, Key)]
    if len(keys) == 1:
        return keys[0]
    if link in keys:
        return link
    if not keys:
        raise DataError(
            f"no column of the parents' domain is a key, which {link!r:.60} holds: give its column kind = "
            "'key'."
        )
    raise DataError(
        f"the parents have several keys, {', '.join(keys)[:200]}, and none is called {link!r:.60}: rename "
        "the link of the children to the key that it holds."
    )


def _published(
    settings: SynthesizeSettings,
    done: LinkedFiles,
    drafts: tuple[Path, Path],
    places: tuple[Path, Path],
    levels: TwoLevels,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write both files and their cards, and put them in place."""
    cards = [
        card_for(
            settings,
            one,
            promise=one.budget,
            says=_says(settings, one.budget),
            sha256=written_whole(one.frame, draft),
            more={"linked": _linked(settings, done, levels, role)},
        )
        for one, draft, role in zip(
            (done.parents, done.children), drafts, ("parents", "children"), strict=True
        )
    ]
    for place in places:
        sidecar_of(place).unlink(missing_ok=True)  # an old card goes first
    moved_together(drafts, places)
    for card, place in zip(cards, places, strict=True):
        write_card(card, place)
    return cards[0], cards[1]


def moved_together(drafts: tuple[Path, Path], places: tuple[Path, Path]) -> None:
    """Move two files to their places; where the second cannot be moved, the first one is as it was.

    No disk renames two files at once. A process that is killed in between leaves one whole file, without a
    card.
    """
    old = beside(places[0], "old")
    if places[0].exists():
        places[0].replace(old)
    try:
        drafts[0].replace(places[0])
        drafts[1].replace(places[1])
    except BaseException:
        places[0].unlink(missing_ok=True)
        if old.exists():
            old.replace(places[0])
        raise
    old.unlink(missing_ok=True)


def _says(settings: SynthesizeSettings, budget: Budget | None) -> str:
    return str(budget) if settings.rehearse is None else f"nothing: it is a rehearsal of {budget}"


def _linked(
    settings: SynthesizeSettings, done: LinkedFiles, levels: TwoLevels, role: str
) -> Mapping[str, Any]:
    """What a card says of the other file, and of both together."""
    assert settings.out is not None and settings.children_out is not None
    real = settings.rehearse is None
    return {
        "role": role,
        "parents": settings.out.name,
        "children": settings.children_out.name,
        "key": levels.key,
        "link": levels.link,
        "at_most": levels.at_most,
        "given": list(levels.given),
        "apart": round(done.apart, 5),
        "promise": {
            "epsilon": done.budget.epsilon if real else None,
            "delta": done.budget.delta if real else None,
            "text": _says(settings, done.budget),
            "divided": "half of its rho for each file",
        },
    }
