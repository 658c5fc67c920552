"""How often the model itself is right: what can be noticed from outside, whatever the access."""

from __future__ import annotations

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Array, Bools
from confide.core.estimate import Estimate
from confide.core.language import number, parts, t
from confide.inputs.model_data import ModelData
from confide.inputs.probe import r2
from confide.measure import difference, proportion
from confide.report import Rate, Reading, Table


def decided(data: ModelData) -> Array:
    """The class code, or the value, that the model gives to each target."""
    # Its answers were kept when it was asked first: no query is made again.
    if not isinstance(data.view, BlackBox):
        return data.view.labels(data.targets.x)
    outputs = data.view.predict(data.targets.x)
    return outputs[:, 0] if data.classes is None else outputs.argmax(axis=1)


def right_on(data: ModelData) -> tuple[Estimate, Estimate] | None:
    """The model's accuracy on members and on others, each with its interval; None in a regression."""
    if data.classes is None:
        return None
    right = decided(data) == data.targets.y

    def share(who: Bools) -> Estimate:
        return proportion(int(right[who].sum()), int(np.count_nonzero(who)), confidence=0.95)

    return share(data.member), share(~data.member)


def accuracy_table(data: ModelData) -> Table:
    """How often the model is right about members and about others; in a regression, how close it is."""
    sides = ((t("members"), data.member), (t("non-members"), ~data.member))
    fewest = min(int(np.count_nonzero(who)) for _, who in sides)
    found = right_on(data)
    if found is None:
        values, y = decided(data), data.targets.y
        return Table(
            title=t("How close the model itself is"),
            reading=t(
                "R2 is the share of the variance of the values that the model explains: "
                "1 is exact, 0 no better than the mean. The more it differs between the "
                "two, the more can be noticed from outside."
            ),
            head=(t("records"), t("R2")),
            rows=tuple((name, number(r2(values[who], y[who]), ".2f")) for name, who in sides),
            of=fewest,
        )
    return Table(
        title=t("How often the model itself is right"),
        reading=[gap(*found, of=fewest)],
        head=(t("records"), t("right")),
        rows=tuple((name, share) for (name, _), share in zip(sides, found, strict=True)),
        of=fewest,
    )


def gap(train: Estimate, test: Estimate, *, of: int) -> Reading:
    """How much better the model does on its members; `of` is the number of people on the smaller side."""
    return parts(
        "The model itself is right on {train} of its members and on {test} of the others: "
        "a generalisation gap of {gap}.",
        train=Rate(estimate=train, of=of),
        test=Rate(estimate=test, of=of),
        gap=Rate(estimate=difference(train, test), difference=True),
    )
