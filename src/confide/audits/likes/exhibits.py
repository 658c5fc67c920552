"""Accuracy of the attacks on likes, in the field's own numbers: AUC by fold, share right, correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from confide.attacks.attribute import LikesSVD
from confide.audits.release import AuditedRelease
from confide.core.arrays import Floats, Ints
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.inputs.likes import LikesData
from confide.measure import auc, proportion
from confide.measure.correlation import pearson
from confide.report import Exhibit, Table
from confide.report.exhibits import Cell

BY_CLASS = 30
"""The number of classes, the commonest first, that have a row each: a longer table is not read."""

AS_PUBLISHED = later("likes-svd, directions from all people (as published)")


def named(release: AuditedRelease) -> list[tuple[str, Evidence]]:
    """The evidence with a name for each; for `likes-svd` also that of the attack as it was published."""
    found = [(e.attack, e) for e in release.evidence]
    for svd in (a for a in release.attacks if isinstance(a, LikesSVD) and not a.transductive):
        published = release.of(replace(svd, transductive=True))
        # Beside the findings and not among them: it is the same attack, and counts as one attempt.
        found += [] if published is None else [(t(AS_PUBLISHED), published)]
    return found


def folds_of(evidence: Evidence) -> Floats:
    """The AUC of each part that has people with and without the trait, float64[parts]."""
    world, yes, score = (
        evidence.table["world"].to_numpy(),
        evidence.exposed,
        evidence.table["score"].to_numpy(),
    )
    found = [auc(score[at & yes], score[at & ~yes]).value for at in (world == w for w in np.unique(world))]
    # NaN is a part that has people of one side alone.
    return np.array([value for value in found if not np.isnan(value)])


def ascriptions(played: Sequence[tuple[str, Evidence]], people: LikesData) -> tuple[Exhibit, ...]:
    """Tables of what the likes tell: a row an attack and, where there are several classes, a row a class.

    Args:
        played: what to call each, and its evidence.
        people: the evidence's targets.
    """
    tables: list[Exhibit] = [_overall(played, people)]
    if people.kind == "classes":
        tables.append(_each_class(played[0], people))
    return tuple(tables)


def _overall(played: Sequence[tuple[str, Evidence]], people: LikesData) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, evidence in played:
        each = folds_of(evidence)
        # The standard deviation of a sample; of one part there is none.
        spread = float(each.std(ddof=1)) if len(each) > 1 else 0.0
        rows.append((name, round(float(each.mean()), 3), round(spread, 3), *_right(evidence, people)))
    number = people.kind == "number"
    last = (
        (t("r with the true number"),)
        if number
        else (t("right about"), t("right by always naming the commonest"))
    )
    how = (
        t("r is Pearson's correlation of the predicted and the true number, with Fisher's interval.")
        if number
        else t(
            "'Right about' is the share of people whose class is named correctly. An adversary that knows "
            "only the shares of the classes names the commonest class for everybody. The AUC is the share of "
            "pairs, one person with the trait and one without, that are ranked correctly."
        )
    )
    if people.kind == "classes":
        # Without this number a reader would take the effect of unequal shares for what likes tell.
        alone = shares_alone(np.bincount(people.value.astype(np.int64)))
        more = t(
            "All classes are ranked together: knowledge of their shares alone reaches {alone:.2f}.",
            alone=alone,
        )
        how = f"{how} {more}"
    return Table(
        title=t("What the likes tell"),
        reading=" ".join(
            [
                t("The adversary is asked about every person once. It learned from the other parts."),
                how,
            ]
        ),
        head=(t("attack"), t("AUC, mean over parts"), t("standard deviation over parts"), *last),
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
        # A score is log odds, so above 0 the trait is the likelier answer.
        right = (score > 0) == (truth == 1)
    commonest = int(np.bincount(truth).max())
    return tuple(proportion(int(k), len(truth), confidence=0.95) for k in (right.sum(), commonest))


def _matrix(target: Ints, score: Floats, people: LikesData) -> tuple[Floats, Ints]:
    """The scores as a table, float64[people, classes], and the true classes."""
    # A class about which nothing was said is never the named one.
    said = np.full((people.items.people, people.classes), -np.inf)
    said[target // people.classes, target % people.classes] = score
    asked = np.unique(target // people.classes)
    return said[asked], people.value[asked].astype(np.int64)


def _each_class(named: tuple[str, Evidence], people: LikesData) -> Table:
    name, evidence = named
    said, truth = _matrix(evidence.table["target"].to_numpy(), evidence.table["score"].to_numpy(), people)
    count = np.bincount(truth, minlength=people.classes)
    named_right = said.argmax(axis=1) == truth
    rows: list[tuple[Cell, ...]] = []
    shown = np.argsort(-count, kind="stable")[:BY_CLASS]
    for code in shown:
        has = truth == code
        found = proportion(int((named_right & has).sum()), int(has.sum()), confidence=0.95)
        rows.append((people.labels[code], int(count[code]), auc(said[has, code], said[~has, code]), found))
    return Table(
        title=t("Class by class"),
        reading=t(
            "By {attack}: how well people of this class are ranked above all others (AUC), and how "
            "many of them get their own class when one class is named for each person.",
            attack=name,
        ),
        head=(t("class"), t("people"), t("AUC against the rest"), t("named right")),
        rows=tuple(rows),
        rests=tuple(int(count[code]) for code in shown),
    )
