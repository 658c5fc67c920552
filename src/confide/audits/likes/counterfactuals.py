"""Counterfactuals: what likes tell without the most telling items, and without a person's own likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.attribute import LikesTfIdf
from confide.attacks.attribute.likes._item_matrix import Sparse, TfIdf, matrix
from confide.attacks.attribute.likes._leave_one_out import own_shift
from confide.attacks.attribute.likes._trait_model import TraitModel, log_odds
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.estimate import Estimate
from confide.core.language import t
from confide.core.who import table_of
from confide.games.attribute.likes import claims_about, holds
from confide.inputs.likes import LikesData
from confide.measure import auc, proportion
from confide.measure.intervals import mean
from confide.report import Quantile, Table
from confide.report.exhibits import Cell
from confide.views.interactions import Interactions

MOST_TELLING = (10, 50, 200)
"""How many of the most telling items are hidden, or shown alone: few, some and many of a person's items."""
NAMED = 20
"""How many of the most telling items are listed."""
OWN = 3
"""How many of a target's own items are named."""
SAMPLE = 300
"""How many people are left out one by one: memory grows with them, and 300 measure a quantile."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossed:
    """The results of one cross-validation of `likes-tfidf` on a release.

    Args:
        fold: the AUC of each part, by what the adversary saw: all items, or fewer.
        share: the share of the likes that it saw, by the same.
        blank: bool[n], the people who have no item that the panel knows.
        own: the items of each person that speak most for what is true of them, best first, as text [n].
    """

    fold: Mapping[str, tuple[Estimate, ...]]
    share: Mapping[str, float]
    blank: Bools
    own: tuple[str | None, ...]


def crossed(people: LikesData, views: Sequence[Interactions], part: Ints, *, attack: LikesTfIdf) -> Crossed:
    """Cross-validation: learn from all parts but one and ask about that one, with all items and with fewer.

    In each part the panel's own model says which items are the most telling: the targets' traits play no
    role.

    Args:
        people: everybody, with their traits.
        views: the release of the world that asks about each part.
        part: int64[n], the part of each person.
        attack: its settings.
    """
    blank = np.zeros(len(part), np.bool_)
    own: list[str | None] = [None] * len(part)
    said: dict[str, Floats] = {}
    left: dict[str, int] = {}
    width = people.classes if people.kind == "classes" else 1
    for number, view in enumerate(views):
        x, panel, asked = matrix(view), np.flatnonzero(part != number), np.flatnonzero(part == number)
        # Weights from the panel alone: the adversary learns nothing from the people it is asked about.
        weighed = TfIdf.of(x[panel], fewest_people=attack.fewest_people)
        model = _model(people, weighed(x[panel]), panel, attack)
        # A product with the indicator of known items counts how many of them a person has.
        blank[asked] = x[asked] @ weighed.items.astype(np.float64) == 0
        texts = _own(weighed(x[asked]), model, people, asked, weighed.items)
        for one, text in zip(asked, texts, strict=True):
            own[one] = text
        order = ranked(weighed, x[panel], model)[0]
        for words, among in _choices(order, view.items):
            try:
                fewer = TfIdf.of(x[panel], fewest_people=attack.fewest_people, among=among)
            except KnowledgeError:  # no item is left to learn from
                continue
            # Trained again: with the old weights other items could not take over what the hidden ones told.
            again = _model(people, fewer(x[panel]), panel, attack)
            none = x[asked] @ fewer.items.astype(np.float64) == 0
            said.setdefault(words, np.zeros((len(part), width)))[asked] = again(fewer(x[asked]), blank=none)
            left[words] = left.get(words, 0) + int((x[asked] @ among.astype(np.float64)).sum())
    # Of each part the likes in its own world, since noise differs from world to world.
    shown = sum(int((part[view.person] == number).sum()) for number, view in enumerate(views))
    return Crossed(
        fold={words: _by_part(people, what, part) for words, what in said.items()},
        # A release may have no likes at all.
        share={words: count / max(shown, 1) for words, count in left.items()},
        blank=blank,
        own=tuple(own),
    )


def _choices(order: Ints, items: int) -> list[tuple[str, Bools]]:
    """The sets of items that the adversary may see, in words and as bool[m]."""
    found = [(t("all items"), np.ones(items, np.bool_))]
    for k in (k for k in MOST_TELLING if k < len(order)):
        kept = np.ones(items, np.bool_)
        # Both sides of the cut: one says what hiding helps, the other what these items tell alone.
        kept[order[:k]] = False
        found += [
            (t("without the {k} most telling items", k=k), kept),
            (t("the {k} most telling items alone", k=k), ~kept),
        ]
    return found


def _model(people: LikesData, x: Sparse, rows: Ints, attack: LikesTfIdf) -> TraitModel:
    return TraitModel.fit(x, people.value[rows], kind=people.kind, classes=people.classes, c=attack.c)


def _by_part(people: LikesData, said: Floats, part: Ints) -> tuple[Estimate, ...]:
    truth = holds(people.value, people.kind)
    found: list[Estimate] = []
    for number in range(int(part.max()) + 1):
        claims = claims_about(np.flatnonzero(part == number), people.kind, people.classes)
        score = log_odds(said[claims.row], claims.value, people.kind)
        yes = truth[claims.row, claims.value]
        # A part where everybody is the same has no AUC.
        if yes.any() and not yes.all():
            found.append(auc(score[yes], score[~yes]))
    return tuple(found)


def _own(
    described: Sparse, model: TraitModel, people: LikesData, asked: Ints, items: Bools
) -> list[str | None]:
    """The items of each of these people that speak most for what is true of them, best first."""
    toward = described.tocoo()
    if people.kind == "classes":
        pull = model.weights[toward.col, people.value[asked].astype(np.int64)[toward.row]]
    else:
        # With two values one weight speaks for both: it counts with the other sign for people without the
        # trait.
        true = holds(people.value, people.kind)[asked, 1]
        pull = model.weights[toward.col, 0] * np.where(true, 1.0, -1.0)[toward.row]
    frame = pl.DataFrame(
        {
            "row": toward.row,
            "item": people.item.gather(np.flatnonzero(items)[toward.col]),
            "pull": toward.data * pull,
        }
    )
    # Items that speak against the truth do not give the person away.
    best = frame.filter(pl.col("pull") > 0).sort(["row", "pull"], descending=[False, True])
    named = best.group_by("row", maintain_order=True).agg(pl.col("item").head(OWN).str.join("; "))
    text: dict[int, str] = dict(named.iter_rows())
    return [text.get(i) for i in range(len(asked))]


def targets_of(people: LikesData, found: Crossed) -> pl.DataFrame:
    """Targets and who they are, what is true of them, and which of their items speak most for it."""
    n, classes = people.items.people, people.classes
    if people.kind == "number":
        truth = [f"{value:g}" for value in people.value]
    else:
        truth = [people.labels[int(code)] for code in people.value]
    own = pl.Series("most telling of their items", found.own, dtype=pl.String)
    frame = table_of(np.arange(n), people.who, pl.Series("true", truth), own)
    if people.kind != "classes":
        return frame
    claims = pl.DataFrame({"code": np.arange(classes), "claimed": pl.Series(people.labels)})
    # With classes a target is a pair of a person and a class, numbered as in the evidence.
    every = frame.join(claims, how="cross")
    return every.with_columns(target=pl.col("target") * classes + pl.col("code")).drop("code")


def ranked(weighed: TfIdf, x: Sparse, model: TraitModel) -> tuple[Ints, Ints]:
    """The items of a model, the most telling first: int64[m'], and the class that each speaks for.

    How telling an item is: its coefficient times the standard deviation of its weight over people, that is
    how much the score varies because of it. For a number and for yes/no an item speaks for 1 or 0.
    """
    described = weighed(x)
    average = np.asarray(described.mean(axis=0))
    # The difference of two large numbers may fall below 0 by rounding.
    spread = np.sqrt(np.maximum(np.asarray((described * described).mean(axis=0)) - average**2, 0))
    moved = model.weights * spread[:, None]
    one = moved.shape[1] == 1
    strength = np.abs(moved[:, 0]) if one else moved.max(axis=1)
    toward = (moved[:, 0] > 0).astype(np.int64) if one else moved.argmax(axis=1)
    # Stable, so that ties are in the same order in every run.
    order = np.argsort(-strength, kind="stable")
    return np.flatnonzero(weighed.items)[order], toward[order]


def _joined(each: tuple[Estimate, ...]) -> Estimate | None:
    # One part has its own interval; a spread over parts needs two.
    if len(each) < 2:
        return next(iter(each), None)
    return mean(each)


def without_items(found: Crossed) -> Table:
    """The AUC on all items, without the most telling ones, and with these alone; trained again each time."""
    return Table(
        title=t("Does it help to hide the most telling items?"),
        reading=t(
            "The attack (likes-tfidf) is trained again on the items that are left. Where the AUC "
            "hardly falls, other items tell the same: to hide single items does not hide the trait. "
            "The most telling items are found in the panel, for each part of the people separately."
        ),
        head=(t("what the adversary sees"), t("AUC, mean over parts"), t("share of the likes")),
        rows=tuple(
            (words, _joined(each), round(found.share[words], 3)) for words, each in found.fold.items()
        ),
    )


def most_telling(people: LikesData, seen: Interactions, weighed: TfIdf, *, attack: LikesTfIdf) -> Table:
    """The most telling items by name, for internal use, and what each tells alone."""
    truth, x = holds(people.value, people.kind), matrix(seen)
    model = _model(people, weighed(x), np.arange(seen.people), attack)
    # By columns, because the people who have an item are asked for.
    x, (items, towards) = x.tocsc(), ranked(weighed, x, model)
    rows: list[tuple[Cell, ...]] = []
    for item, toward in zip(items[:NAMED], towards[:NAMED], strict=True):
        having = np.zeros(seen.people, np.bool_)
        # The rows of one column, without making the column.
        having[x.indices[x.indptr[item] : x.indptr[item + 1]]] = True
        yes = truth[:, toward]
        rows.append(
            (
                people.item[int(item)],
                _speaks_for(people, int(toward)),
                int(having.sum()),
                proportion(int(yes[having].sum()), int(having.sum()), confidence=0.95),
                proportion(int(yes[~having].sum()), int((~having).sum()), confidence=0.95),
                auc(having[yes].astype(np.float64), having[~yes].astype(np.float64)),
            )
        )
    return Table(
        title=t("The most telling items"),
        reading=t(
            "Items by coefficient times spread (how much the score varies over people because of "
            "this item), in the model of everybody. The two shares say of how many people with the "
            "item, and of how many without it, this is true. The AUC is what the item tells alone. "
            "This table names items: do not pass it on."
        ),
        head=(
            t("item"),
            t("speaks for"),
            t("people"),
            t("among those who have it"),
            t("among the others"),
            t("AUC alone"),
        ),
        rows=tuple(rows),
        internal=True,
    )


def _speaks_for(people: LikesData, toward: int) -> str:
    if people.kind == "number":
        name = people.labels[0]
        return (
            t("{trait} above the middle", trait=name)
            if toward
            else t("{trait} not above the middle", trait=name)
        )
    return people.labels[toward]


def own_likes(
    people: LikesData, seen: Interactions, weighed: TfIdf, *, attack: LikesTfIdf, rng: Rng
) -> Table:
    """How far the prediction about a person moves if they alone are left out of the panel."""
    described = weighed(matrix(seen))
    # A random sample: people stand in the order of their ids, and ids often follow the date of joining.
    asked = np.sort(rng.permutation(seen.people)[:SAMPLE])
    truth, claim = holds(people.value, people.kind), 1
    if people.kind == "classes":
        claim = int(truth.sum(axis=0).argmax())
    yes = truth[:, claim]
    model = TraitModel.fit(described, yes.astype(np.float64), kind="binary", classes=2, c=attack.c)
    shift = own_shift(described, yes, model, asked, c=attack.c)
    middle, far, most = np.quantile(shift, (0.5, 0.95, 1.0))
    return Table(
        title=t("What hangs on a person's own likes"),
        reading=t(
            "How far the predicted probability of {claim!r} moves for a person if they alone are "
            "left out of the people from whom the adversary learns. The people are drawn at random. "
            "Only this is leakage about the individual: everything else that the adversary finds, it "
            "would find of anybody with these likes. The shift is computed by one Newton step from "
            "the model of everybody (likes-tfidf, item weights held fixed), not by training again.",
            claim=_speaks_for(people, claim),
        ),
        head=(t("people asked"), t("median shift"), t("95 in 100 shift less than"), t("largest shift")),
        rows=(
            (
                len(asked),
                Quantile(value=round(float(middle), 4), beyond=len(asked) // 2),
                Quantile(value=round(float(far), 4), beyond=len(asked) // 20),
                Quantile(value=round(float(most), 4), beyond=0),
            ),
        ),
        of=len(asked),
    )


def counterfactuals(
    people: LikesData, seen: Interactions, found: Crossed, *, attack: LikesTfIdf, rng: Rng
) -> tuple[Table, ...]:
    """The three tables of counterfactuals, for one release."""
    weighed = TfIdf.of(matrix(seen), fewest_people=attack.fewest_people)
    return (
        without_items(found),
        own_likes(people, seen, weighed, attack=attack, rng=rng),
        most_telling(people, seen, weighed, attack=attack),
    )
