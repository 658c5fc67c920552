"""What encrypted scores still say: the black-box audit through the encryption, and the model from scores.

python benchmarks/computation_outputs.py [--write]

Adult as 91 columns, a logistic regression of 100 people with hardly a penalty, and 3,000 people whom it was
not trained on; 5 seeds draw them. The adversary asks about all of them encrypted, in columns, and ranks
people by the loss of their label. The same is done with the model in the clear. Then the client asks about 92
rows of its choice (zero, and one column after the other at 1) and reads the weights off the scores.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from outsourced_real import people, run
from page import bars, head, machine, over_seeds, publish, row
from sklearn.linear_model import LogisticRegression

from confide.core.arrays import Floats, Ints
from confide.measure.roc import auc
from confide.mechanisms.encrypt.arithmetic import read_model
from confide.mechanisms.encrypt.plan import plan_layout

SEEDS, MEMBERS, OTHERS, FPR = 5, 100, 3000, 0.1


def likelihood(probability: Floats, labels: Ints) -> Floats:
    """The log-probability of the true label: the higher, the more likely a member."""
    return np.log(np.clip(np.where(labels == 1, probability, 1 - probability), 1e-12, 1))


def found(score: Floats) -> tuple[float, float]:
    """AUC, and the true-positive rate at a false-positive rate of 10 %, by the literature's plain rule."""
    exposed = np.arange(len(score)) < MEMBERS
    held = np.sort(score[~exposed])
    threshold = held[len(held) - 1 - int(FPR * len(held))]
    return auc(score[exposed], score[~exposed]).value, float((score[exposed] > threshold).mean())


def one(seed: int, x: Floats, y: Ints) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Rates in the clear and through the encryption, and the largest error of a weight that was read off."""
    chosen = np.random.default_rng(seed).permutation(len(x))[: MEMBERS + OTHERS]
    rows, labels = x[chosen], y[chosen]
    model = LogisticRegression(C=1e4, max_iter=5000).fit(rows[:MEMBERS], labels[:MEMBERS])
    asked = read_model(model)
    plan = plan_layout(asked, "columns", rows=len(rows), bound=1.0, precision=1e-6)
    plain, hidden = model.predict_proba(rows)[:, 1], run(plan, asked, rows).scores[:, 0]
    bare = replace(asked, link="identity")  # the client has the scores before its own sigmoid
    plan = plan_layout(bare, "columns", rows=len(rows), bound=1.0, precision=1e-6)
    answers = run(plan, bare, np.vstack([np.zeros(asked.inputs), np.eye(asked.inputs)])).scores[:, 0]
    read = np.concatenate([answers[1:] - answers[0], answers[:1]])
    truth = np.concatenate([model.coef_[0], model.intercept_])
    gap = float(np.abs(read - truth).max())
    return found(likelihood(plain, labels)), found(likelihood(hidden, labels)), gap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    x, y = people("train")
    done = [one(seed, x, y) for seed in range(SEEDS)]
    plain, hidden = np.array([d[0] for d in done]), np.array([d[1] for d in done])
    gaps = [d[2] for d in done]
    lines = head("the adversary asks", "AUC", f"TPR at FPR {FPR:.0%}")
    lines.append(row("the model in the clear", over_seeds(list(plain[:, 0])), over_seeds(list(plain[:, 1]))))
    lines.append(
        row("through the encryption", over_seeds(list(hidden[:, 0])), over_seeds(list(hidden[:, 1])))
    )
    apart = np.abs(plain - hidden).max(axis=0)
    lines += [
        "",
        f"The two differ by {apart[0]:.1e} in AUC and {apart[1]:.1e} in TPR at most, over {SEEDS} seeds. "
        f"From 92 scores the client reads all 91 weights and the offset, off by {max(gaps):.1e} at most.",
        "",
    ]
    lines += bars(
        [
            ("AUC and TPR of the audit equal the plain model's to .005", bool((apart <= 0.005).all())),
            ("91 weights from 92 scores to 1e-5", max(gaps) <= 1e-5),
        ]
    )
    lines += ["", machine()]
    publish(lines, "computation_outputs", write=given.write)


if __name__ == "__main__":
    main()
