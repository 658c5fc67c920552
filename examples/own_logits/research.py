"""A researcher's own models, and an attack that no library has yet.

python research.py           trains 17 models on random halves, and keeps what they answer in data/phi.npz
python research.py attack    audits model 0 by known attacks and by an attack of their own
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from sklearn.linear_model import LogisticRegression

import confide
from confide.core.access import BlackBox
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import true_logit
from confide.views.records import Records

MODELS, PEOPLE, COLUMNS = 17, 1_400, 200


def make() -> None:
    """Train the models, as for a paper, and keep the logit of the true class of each on each record."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(PEOPLE, COLUMNS))
    y = (x[:, 0] + rng.normal(0, 1.5, PEOPLE) > 0).astype(int)
    keep = rng.random((MODELS, PEOPLE)) < 0.5
    sign = 2 * y - 1
    models = [LogisticRegression(C=10).fit(x[part], y[part]) for part in keep]
    phi = np.array([sign * model.decision_function(x) for model in models])
    Path("data").mkdir(exist_ok=True)
    np.savez("data/phi.npz", phi=phi, keep=keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Rank among references: claims a record whose logit is above that of many models without it.

    A person is compared only with models that did not train on them: hard records are no members by that.

    Score: the share of references without the record whose logit is below that of the model under audit.
    """

    name: ClassVar[str] = "rank"
    title: ClassVar[str] = "Is the model surer of this record than models without it?"
    paper: ClassVar[Paper] = Paper(
        authors="A. Researcher",
        title="Ranks among reference models",
        venue="unpublished",
        year=2026,
        url="https://example.org/ranks",
    )

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: np.random.Generator) -> Guess:
        references = case.known.need_references(self.name)
        theirs, out = references.of_targets(true_logit), ~references.included
        below = (theirs < true_logit(case.view.predict(case.targets.x), case.targets.y)) & out
        return Guess(None, below.sum(0) / np.maximum(out.sum(0), 1))


def attack() -> None:
    """Audit model 0: known attacks, and the new one beside them."""
    held = confide.Logits("data/phi.npz", target=0, coins=True)
    audit = confide.audit(held, attacks=["loss", "lira", Rank()], seed=7)
    audit.save("out/report")
    print(audit.report)
    for found in audit.sections[0].findings:
        auc = found.risk.auc
        print(f"{found.risk.attack:6} AUC {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]")


if __name__ == "__main__":
    if sys.argv[1:] == ["attack"]:
        attack()
    else:
        make()
