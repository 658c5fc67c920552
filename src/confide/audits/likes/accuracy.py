"""How well an attack on likes does, in the field's own numbers: AUC by fold, accuracy, correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.inputs.likes import LikesData
from confide.measure import auc, proportion
from confide.measure.correlation import pearson
from confide.report import Exhibit, Table

BY_CLASS = 30
"""So many classes, the commonest first, have a row of their own."""


def folds_of(evidence: Evidence) -> Floats:
    """The AUC of each part in which both sides are, float64[parts]."""
    world, yes, score = (
        evidence.table["world"].to_numpy(),
        evidence.exposed,
        evidence.table["score"].to_numpy(),
    )
    found = [auc(score[at & yes], score[at & ~yes]).value for at in (world == w for w in np.unique(world))]
    return np.array([value for value in found if not np.isnan(value)])


def ascriptions(played: Sequence[tuple[str, Evidence]], people: LikesData) -> tuple[Exhibit, ...]:
    """The table of all attacks, and for several classes one of the classes.

    Args:
        played: what to call each, and its evidence.
        people: the evidence's targets.
    """
    tables: list[Exhibit] = [_overall(played, people)]
    if people.kind == "classes":
        tables.append(_each_class(played[0], people))
    return tuple(tables)


def _overall(played: Sequence[tuple[str, Evidence]], people: LikesData) -> Table:
    rows: list[tuple[Any, ...]] = []
    for name, evidence in played:
        each = folds_of(evidence)
        spread = float(each.std(ddof=1)) if len(each) > 1 else 0.0
        rows.append((name, round(float(each.mean()), 3), round(spread, 3), *_right(evidence, people)))
    number = people.kind == "number"
    last = ("r with the true number",) if number else ("right about", "right by always saying the commonest")
    how = (
        "r is Pearson's, between what is predicted and what is true, with Fisher's interval."
        if number
        else "Right about is the share of people whose class is named right; whoever knows nothing but the "
        "shares of the classes says the commonest of everybody. The AUC is another thing: the share of "
        "pairs, one with the trait and one without, that are ranked right."
    )
    if people.kind == "classes":
        alone = shares_alone(np.bincount(people.value.astype(np.int64)))
        how += f" All classes are ranked together, so that who knows their shares alone reaches {alone:.3f}."
    return Table(
        title="What the likes tell",
        reading=f"Every person is asked about once, by a model that learned from the other parts of people. "
        f"{how}",
        head=("attack", "AUC, mean over parts", "standard deviation over parts", *last),
        rows=tuple(rows),
        of=people.items.people,
    )


def shares_alone(counts: Ints) -> float:
    """The AUC of claiming each class of everybody, the surer the more frequent it is.

    Args:
        counts: int64[C], how many people each class has.

    >>> shares_alone(np.array([3, 1]))  # by hand: (3 x (3 + 1 / 2) + 1 x 3 / 2) / 16
    0.75
    """
    wrong = counts.sum() - counts
    higher = (counts[:, None] > counts) + (counts[:, None] == counts) / 2
    return float(counts @ higher @ wrong / (counts.sum() * wrong.sum()))


def _right(evidence: Evidence, people: LikesData) -> tuple[Estimate, ...]:
    target, score = evidence.table["target"].to_numpy(), evidence.table["score"].to_numpy()
    if people.kind == "number":
        return (pearson(score, people.value[target]),)
    if people.kind == "classes":
        who, truth = _matrix(target, score, people)
        right = who.argmax(axis=1) == truth
    else:
        truth = people.value[target].astype(np.int64)
        right = (score > 0) == (truth == 1)
    commonest = int(np.bincount(truth).max())
    return tuple(proportion(int(k), len(truth), confidence=0.95) for k in (right.sum(), commonest))


def _matrix(target: Ints, score: Floats, people: LikesData) -> tuple[Floats, Ints]:
    """The scores as a table, float64[people, classes], and the true classes."""
    said = np.full((people.items.people, people.classes), -np.inf)
    said[target // people.classes, target % people.classes] = score
    asked = np.unique(target // people.classes)
    return said[asked], people.value[asked].astype(np.int64)


def _each_class(named: tuple[str, Evidence], people: LikesData) -> Table:
    name, evidence = named
    said, truth = _matrix(evidence.table["target"].to_numpy(), evidence.table["score"].to_numpy(), people)
    count = np.bincount(truth, minlength=people.classes)
    named_right = said.argmax(axis=1) == truth
    rows: list[tuple[Any, ...]] = []
    for code in np.argsort(-count, kind="stable")[:BY_CLASS]:
        his = truth == code
        found = proportion(int((named_right & his).sum()), int(his.sum()), confidence=0.95)
        rows.append((people.labels[code], int(count[code]), auc(said[his, code], said[~his, code]), found))
    return Table(
        title="Class by class",
        reading=f"By {name}: how well people of this class are ranked above all others (AUC), and how many "
        "of them are named right when one class is named for everybody.",
        head=("class", "people", "AUC against the rest", "named right"),
        rows=tuple(rows),
        of=int(count.min()),
    )
