"""Per person, for internal use: whom a synthetic file gives away, why, and what removing rows does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from confide.audits.release import AuditedRelease
from confide.audits.synthetic.copies import Copies, copies_in
from confide.audits.synthetic.distances import nearest
from confide.audits.synthetic.games import WORLDS, Membership, Sides
from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import AccessError, EvidenceError, KnowledgeError
from confide.core.estimate import Estimate
from confide.core.language import later, number, t
from confide.core.play import deal, play
from confide.core.who import named, table_of
from confide.inputs.synthetic import SyntheticData
from confide.measure import measure, proportion
from confide.report import Exhibit, Table
from confide.views.predicates import digests
from confide.views.table import Table as Cells

COPIED, NEAR, ALONE = later("copied"), later("near copy"), later("the only one in a cell")
WHY = {
    COPIED: later("a synthetic row equals theirs, which no other real person has"),
    NEAR: later("a synthetic row comes nearer to them than to 99 in 100 others, and is no copy"),
    ALONE: later("of all real people they alone have two categories together, and the file has these too"),
}
AMONG = 0.01
"""The share of people held out to whom a near copy may come as near."""
SHOWN = 20
LEFT = 0.5
"""The share of its rows that a file must keep, for it to be the same file."""


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Why each of the people asked about is given away.

    Args:
        target: int64[t], their number in the evidence.
        exposed: bool[t], whether they are behind the file.
        why: reason -> bool[t].
        copies: int64[t], synthetic rows that equal theirs.
        distance: float64[t], to the nearest synthetic row; NaN where the attack that finds it did not play.
    """

    target: Ints
    exposed: Bools
    why: dict[str, Bools]
    copies: Ints
    distance: Floats


def reasons(release: AuditedRelease, data: SyntheticData, both: Sides, game: Membership) -> Reasons:
    """Why each person asked about is given away, found once."""
    return release.once("reasons", lambda: _reasons(release, data, both, game))


def _reasons(release: AuditedRelease, data: SyntheticData, both: Sides, game: Membership) -> Reasons:
    n = len(both.real)
    # Without people held out, the other side are real people too, who were looked for elsewhere.
    target = np.sort(np.concatenate([game.members, *([n + game.controls] if both.held_out else [])]))
    exposed = target < n
    found = copies_in(data, both)
    copies = np.concatenate([found.of_real, found.of_control])[target]
    distance = _distances(release, target)
    evidence = nearest(release)
    out = np.empty(0) if evidence is None else -evidence.table["score"].to_numpy()[~evidence.exposed]
    near = float(np.quantile(out, AMONG)) if len(out) else 0.0
    copied = (copies > 0) & _unlike(found, both)[target]
    alone = alone_in_a_cell(data.synthetic, both)[target]
    return Reasons(
        target,
        exposed,
        {
            COPIED: copied,
            NEAR: (distance < near) & (copies == 0),
            ALONE: alone & ~copied,
        },
        copies,
        distance,
    )


def _unlike(found: Copies, both: Sides) -> Bools:
    """Whether no other real person has a person's row, bool[n + m]."""
    of_control = np.isin(digests(both.control.low), digests(both.real.low))
    return np.concatenate([found.same == 1, ~of_control])


def _distances(release: AuditedRelease, target: Ints) -> Floats:
    found = nearest(release)
    far = np.full(len(target), np.nan)
    if found is not None:
        asked, score = found.table["target"].cast(pl.Int64).to_numpy(), found.table["score"].to_numpy()
        here = np.isin(asked, target)
        far[np.searchsorted(target, asked[here])] = -score[here]
    return far


def alone_in_a_cell(synthetic: Cells, both: Sides) -> Bools:
    """Who has two categories that no other real person has together, and the file has, bool[n + m].

    Columns of numbers are left out: nearly everybody is the only one with some number.
    """
    columns = [i for i, domain in enumerate(synthetic.domains) if domain.numbers is None]
    n, m = len(both.real), len(both.control)
    alone = np.zeros(n + m, np.bool_)
    everybody = np.concatenate([both.real.low, both.control.low])
    for i, j in combinations(columns, 2):
        size = len(synthetic.domains[j])
        if len(synthetic.domains[i]) * size > len(everybody):
            continue  # with more cells than people many are alone, and it says little of anybody
        cell = everybody[:, i].astype(np.int64) * size + everybody[:, j]
        cells = len(synthetic.domains[i]) * size
        real = np.bincount(cell[:n], minlength=cells)
        made = np.bincount(synthetic.low[:, i].astype(np.int64) * size + synthetic.low[:, j], minlength=cells)
        others = real[cell] - (np.arange(n + m) < n)
        alone |= (others == 0) & (made[cell] > 0)
    return alone


def given_away(release: AuditedRelease, data: SyntheticData, both: Sides, game: Membership) -> pl.DataFrame:
    """For each person asked about: what the file has of them.

    Columns beside who they are: behind the file, copies (synthetic rows that equal theirs), distance (to the
    nearest synthetic row), given away since (the reasons; empty for none).
    """
    found = reasons(release, data, both, game)
    why = [[word for word, which in found.why.items() if which[i]] for i in range(len(found.target))]
    return table_of(
        found.target,
        data.who[found.target],
        pl.Series("behind the file", found.exposed),
        pl.Series("copies", found.copies),
        pl.Series("distance", found.distance).fill_nan(None),
        pl.Series("given away since", ["; ".join(words) for words in why]),
    )


def given_away_tables(
    release: AuditedRelease, data: SyntheticData, both: Sides, game: Membership
) -> Sequence[Exhibit]:
    """How many are given away and why, who they are, and what removing their rows would do."""
    found = reasons(release, data, both, game)
    inside, outside = int(found.exposed.sum()), int((~found.exposed).sum())
    rows: list[tuple[str, Estimate, Estimate | None]] = [
        (
            f"{t(word)}: {t(WHY[word])}",
            proportion(int(which[found.exposed].sum()), inside, confidence=0.95),
            proportion(int(which[~found.exposed].sum()), outside, confidence=0.95) if both.held_out else None,
        )
        for word, which in found.why.items()
    ]
    tables: list[Exhibit] = [
        Table(
            title=t("Why people are given away"),
            reading=t(
                "Of the people asked about. The same happens to people who were held out, by chance: what "
                "is above their share comes from being behind the file."
            ),
            head=(t("reason"), t("people behind the file"), t("people held out")),
            rows=tuple(rows),
            of=min(inside, outside) if both.held_out else inside,
        )
    ]
    named_ones = _who_table(found, data)
    return [*tables, *named_ones, *_remedies(release, data, both, game)]


def _who_table(found: Reasons, data: SyntheticData) -> Sequence[Exhibit]:
    """The people behind the file who are given away, the nearest first."""
    any_of = np.any(list(found.why.values()), axis=0) & found.exposed
    if not any_of.any():
        return ()
    rank = np.where(found.why[COPIED], 0, np.where(found.why[NEAR], 1, 2))
    distance = np.nan_to_num(found.distance, nan=np.inf)
    at = np.flatnonzero(any_of)
    at = at[np.lexsort((found.target[at], distance[at], rank[at]))][:SHOWN]
    names = named(data.who[found.target[at]])
    return (
        Table(
            title=t("Whom the file gives away"),
            reading=t(
                "The first {n} of {all:,} people asked about of whom the file holds something that no other "
                "real person has; all of them are in people of the files that are saved.",
                n=SHOWN,
                all=int(any_of.sum()),
            ),
            head=(t("who"), t("why"), t("copies"), t("distance to the closest synthetic row")),
            rows=tuple(
                (
                    name,
                    "; ".join(t(word) for word, which in found.why.items() if which[i]),
                    number(int(found.copies[i]), ","),
                    None if np.isnan(found.distance[i]) else float(found.distance[i]),
                )
                for name, i in zip(names, at.tolist(), strict=True)
            ),
            internal=True,
        ),
    )


def _remedies(
    release: AuditedRelease, data: SyntheticData, both: Sides, game: Membership
) -> Sequence[Exhibit]:
    """What the strongest attack finds after copies are removed, where there are any."""
    found = copies_in(data, both)
    own = np.flatnonzero(found.same == 1)
    copies = np.isin(digests(data.synthetic.low), digests(both.real.low[own]))
    best = max(release.evidence, key=lambda e: measure(e).auc.value, default=None)
    if not copies.any() or best is None:
        return ()
    now, share = measure(best).auc, float(copies.mean())
    after: Estimate | str = t("too little is left of the file to tell")
    if share < LEFT:
        attack = next(one for one in release.attacks if one.name == best.attack)
        cut = replace(game, synthetic=data.synthetic.take(~copies))
        rng = release.settings.rng("copies removed")
        try:
            again = play(cut, attack, worlds=deal(cut, worlds=WORLDS, rng=rng), rng=rng, across_units=True)
            after = measure(again if both.held_out else again.in_one_world()).auc
        except (AccessError, KnowledgeError, EvidenceError):
            after = t("the attack cannot run on what is left")
    return (
        Table(
            title=t("What removing copies does"),
            reading=t(
                "The AUC of {attack} on the file as it is, and without those of its rows ({share:.2%}) that "
                "equal a row of one real person alone. To remove them hides these rows only: rows that are "
                "near stay, and that one kind of row is missing can give away whose it was. To generate "
                "again by the same generator gives away other people, and about as many. A mechanism with "
                "differential privacy is what bounds it for everybody.",
                attack=best.attack,
                share=share,
            ),
            head=(t("the file"), t("AUC of the attack")),
            rows=((t("as it is"), now), (t("without copies"), after)),
            of=min(len(game.members), len(game.controls)),
        ),
    )
