"""One exchange of votes: what a client does to its model's outputs before it votes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def exchange() -> ModuleType:
    """The script, which imports its neighbours as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import one_exchange  # pyright: ignore[reportMissingImports]

        return one_exchange


def test_outputs_are_scaled_for_each_class_over_the_public_images(exchange: ModuleType):
    """Worked by hand: 1 and 3 have mean 2 and deviation 1; a class with one value for all stays at 0."""
    outputs = np.array([[1.0, 0.5, 10.0], [3.0, 0.5, 50.0]])
    assert exchange.scaled(outputs).tolist() == [[-1.0, 0.0, -1.0], [1.0, 0.0, 1.0]]


def test_a_class_that_a_model_sees_everywhere_no_longer_takes_all_votes(exchange: ModuleType):
    """The first class is 0.9 or 1 in every row; where it is lower, the scaled votes are for the second."""
    outputs = np.array([[1.0, 0.1], [0.9, 0.3], [1.0, 0.1], [0.9, 0.3]])
    assert outputs.argmax(axis=1).tolist() == [0, 0, 0, 0]
    assert exchange.scaled(outputs).argmax(axis=1).tolist() == [0, 1, 0, 1]


def test_the_promise_is_that_of_the_mechanism_with_the_terms_of_the_page(exchange: ModuleType):
    """A vote on each of 1,000 images moves counts by the root of 1,000: at mu 0.307 by noise of 103."""
    made = exchange.votes_once(1.0)
    assert (made.sigma, made.public, made.classes) == (103, 1_000, 10)
    assert made.budget.epsilon == 1.0 and made.budget.delta == 1e-4
