"""Warnings of other packages reach the user once, as one line; those that confide causes do not."""

from __future__ import annotations

import warnings

import pytest

from confide.cli.exits import in_sentences, warn


def test_a_warning_is_passed_on_once_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = warnings.showwarning
    with in_sentences(warn):
        warnings.simplefilter("always", UserWarning)
        for _ in range(3):
            warnings.warn("the step divides by 0\nsee the manual", stacklevel=1)
    assert capsys.readouterr().err == "warning: the step divides by 0\n"
    assert warnings.showwarning is before


@pytest.mark.parametrize(
    "text",
    [
        "X has feature names, but Step was fitted without feature names",
        "X does not have valid feature names, but LGBMClassifier was fitted with feature names",
    ],
)
def test_that_columns_have_or_lack_names_is_not_said(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with in_sentences(warn):
        warnings.warn(text, stacklevel=1)
    assert not capsys.readouterr().err
