"""Classes and functions that make a model are called without arguments, and say which they lack."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from torch import nn

from confide.core.errors import ModelError
from confide.models.factories import made


class Net(nn.Linear):
    def __init__(self, width: int = 4) -> None:
        super().__init__(3, width)


def make(width: int = 5) -> Net:
    return Net(width)


def needs(width: int, *, classes: int) -> Net:
    return Net(width * classes)


def only_by_name(*, width: int) -> Net:
    return Net(width)


def fails() -> Net:
    raise RuntimeError("no weights")


def predict(x: Any, batch: int = 3) -> Any:
    return x


def anything(*x: Any) -> Any:
    return x


@pytest.mark.parametrize(
    ("given", "width"), [(Net, 4), (make, 5), (partial(needs, 3, classes=2), 6), (partial(Net, 7), 7)]
)
def test_what_needs_no_argument_is_called(given: Any, width: int) -> None:
    net = made(given, "own:net")
    assert isinstance(net, Net) and net.out_features == width


@pytest.mark.parametrize("given", [predict, anything, Net(3), "text", 3, print, lambda x: x, Net().forward])
def test_what_answers_for_records_stays_as_it_is(given: Any) -> None:
    assert made(given, "own:net") is given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            nn.Linear,
            r"own:net needs the arguments in_features and out_features, .* Linear\(in_features=",
        ),
        (needs, r"needs the arguments width and classes, .*return needs\(width=..., classes=...\)"),
        (only_by_name, "needs the argument width, and the model is made without any"),
        (fails, r"own:net\(\) fails .RuntimeError: no weights."),
    ],
)
def test_what_is_missing_is_named(given: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        made(given, "own:net")
