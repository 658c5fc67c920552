"""The demo's audit: two models of a sensitive survey, on real data that comes inside a package."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from confide.audits import Audit, audit
from confide.cli.progress import progress_bar
from confide.core.errors import DataError
from confide.data import fair
from confide.inputs.model import Model
from confide.views.records import Records

ASKED = (
    "Women answered a magazine's survey about their marriages; the models predict who had an affair. "
    "An adversary that can tell that a woman's answers trained a model learns that this woman took part."
)


def run_demo(*, seed: int, quick: bool, quiet: bool = False) -> tuple[Audit, str]:
    """Fit and audit both models; with the audit comes what is to be said of the data, mostly nothing."""
    records, notice = _survey(seed)
    rng = np.random.default_rng(seed)
    # In random order: the parts must be people of one kind.
    order = rng.permutation(len(records))[: 2400 if quick else None]
    # Equal parts, because non-members and population must be like the members.
    members, nonmembers, population = (records.take(part) for part in np.array_split(order, 3))
    done: list[Audit] = []
    for name, model in _models(seed):
        with progress_bar(f"references for the {name}", quiet=quiet) as progress:
            held = Model(
                _fitted(model, members),
                members=members,
                nonmembers=nonmembers,
                population=population,
                references=4 if quick else 16,
                harm="A woman who is found is known to have answered a survey about marriage.",
            )
            # Two workers: any laptop has two cores.
            done.append(audit(held, seed=seed, jobs=2, name=name, progress=progress))
    return Audit.merge(done), notice


def asked(notice: str) -> str:
    """What the demo asks, and a notice on its data."""
    return ASKED + notice


def _survey(seed: int) -> tuple[Records, str]:
    """The survey without repeated answers; its synthetic twin where the package that holds it is missing."""
    try:
        return fair.load(), ""
    except DataError:
        twin = fair.twin(5000, rng=np.random.default_rng(seed))
        # Copies would be members and non-members at once.
        return twin.take(twin.first_of_each()), (
            "\n\nstatsmodels, which holds the survey, is not installed: this run uses a SYNTHETIC TWIN of "
            "the same shape, and says nothing about real people. For the survey itself: "
            "pip install 'confide[demo]'"
        )


def _fitted(model: Any, members: Records) -> Any:
    """The model, fitted as somebody would who stops a network when it has learnt its records by heart."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # The network is stopped on purpose; the warning would be about nothing.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(members.x, members.y)


def _models(seed: int) -> list[tuple[str, Any]]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    forest = RandomForestClassifier(100, random_state=seed)
    # Neither tolerance nor patience ends the training: 120 epochs learn the records by heart.
    network = MLPClassifier((64, 64), max_iter=120, tol=0.0, n_iter_no_change=1000, random_state=seed)
    return [("random forest", forest), ("neural network", make_pipeline(StandardScaler(), network))]
