"""One feature of a person, inferred from a model of Adult: inversion beside imputation without the model.

CONFIDE_DATA=... python benchmarks/attribute_inversion.py [--write]

4,000 people of Adult, of whom a fair coin puts each into the training data of a random forest or of a linear
model, and 4,000 others whom the adversary knows. Text enters as the number of its value. The adversary knows
all of a person but the secret, the income included, and asks the model for its decisions alone.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from confide.attacks.attribute.model import AttributeInversion, Imputation
from confide.core.play import play
from confide.data import adult
from confide.games.attribute.models import ModelInference
from confide.knowledge.inferring import InferringKnowledge
from confide.learners.estimator import SklearnLearner
from confide.measure import proportion
from confide.mechanisms.learn.fit import Fit
from confide.views.records import Records

PEOPLE, WORLDS = 4_000, 3
SECRETS = ("marital_status", "race", "sex")
MODELS = {
    "random forest": RandomForestClassifier(100, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
}


def coded() -> tuple[Records, list[str]]:
    """People with numbers in all columns, and the columns' names."""
    everybody = adult.load()
    table = everybody.x
    assert isinstance(table, pl.DataFrame)
    numbers = [
        c if c.dtype.is_numeric() else c.fill_null("unknown").rank("dense") for c in table.get_columns()
    ]
    x = np.column_stack([c.cast(pl.Float64).to_numpy() for c in numbers])
    order = np.random.default_rng(0).permutation(len(x))[: 2 * PEOPLE]
    return Records(x[order], everybody.y[order]), table.columns


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options, started = parser.parse_args(), time.perf_counter()
    people, names = coded()
    rows: list[str] = []
    same: list[bool] = []
    for secret in SECRETS:
        at = names.index(secret)
        values = tuple(float(v) for v in np.unique(np.asarray(people.x)[:, at]))
        known = InferringKnowledge(at, values, people.take(np.arange(PEOPLE, 2 * PEOPLE)))
        for name, estimator in MODELS.items():
            game = ModelInference(
                mechanism=Fit(SklearnLearner(estimator=estimator, classes=2)),
                records=people.take(np.arange(PEOPLE)),
                known=known,
            )
            found = play(
                game, [AttributeInversion(), Imputation()], worlds=WORLDS, rng=np.random.default_rng(1)
            )
            cells = [rate(e.table.filter(pl.col("exposed") == side)) for e in found for side in (True, False)]
            rows.append(row(secret, name, *cells))
            # Imputation never sees the model: members and others must look the same to it.
            inside, outside = (
                found[1].table.filter(pl.col("exposed") == side)["hit"] for side in (True, False)
            )
            gap = abs(float(inside.to_numpy().mean()) - float(outside.to_numpy().mean()))
            same.append(gap < 4 * (0.5 / len(outside)) ** 0.5)
    checks = [("imputation is as right about people in the data as about others", all(same))]
    lines = [
        "# One feature, inferred from a model of Adult",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"{WORLDS} worlds; shares of right claims, with 95 % intervals of Clopper and Pearson over all.",
        "What inversion gets right of people in the data beyond the others is what their own records add;",
        "what it gets right no more often than imputation needs no model.",
        "",
        *head(
            "secret", "model", "inversion, in the data", "inversion, not in it", "imputation, in the data",
            "imputation, not in it",
        ),
        *rows,
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - started:.0f} s.",
    ]  # fmt: skip
    publish(lines, "attribute_inversion", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


def rate(table: pl.DataFrame) -> str:
    """A share of hits with its interval."""
    found = proportion(int(table["hit"].sum()), len(table), confidence=0.95)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


if __name__ == "__main__":
    raise SystemExit(main())
