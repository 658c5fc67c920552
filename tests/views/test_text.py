"""Templates: which secrets are possible, and how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from confide.views.text import Template


def test_a_template_lists_its_secrets_by_hand() -> None:
    template = Template.of("pin ", "7é", "!")
    assert template.form == "dé" and template.size == 10
    assert template.all() == [f"{d}é" for d in range(10)]
    assert template.text("3é") == "pin 3é!"
    assert Template.of("", "aZ9").size == 26 * 26 * 10


def test_secrets_of_one_form_share_a_template() -> None:
    assert Template.of("x", "12") == Template.of("x", "98") != Template.of("x", "1a")


@pytest.mark.parametrize(("secret", "count"), [("12", 60), ("123456", 60), ("12", 1_000)])
def test_draws_differ_from_each_other_and_from_those_that_are_left_out(secret: str, count: int) -> None:
    template, without = Template.of("", secret), frozenset({secret, "1" * len(secret)})
    drawn = template.draw(count, rng=np.random.default_rng(0), without=without)
    assert len(set(drawn)) == len(drawn) == min(count, template.size - 2)
    assert not without & set(drawn) and all(len(s) == len(secret) and s.isdigit() for s in drawn)


@pytest.mark.parametrize("secret", ["12", "1234"])
def test_draws_are_uniform(secret: str) -> None:
    """Chi-square of the last digit over 2,000 draws of 9: below 1e-6 by chance, and a lean is seen."""
    from scipy.stats import chisquare

    template, rng = Template.of("", secret), np.random.default_rng(1)
    counts = np.zeros(10)
    for _ in range(2_000):
        for found in template.draw(9, rng=rng):
            counts[int(found[-1])] += 1
    assert chisquare(counts).pvalue > 1e-6
    assert chisquare(counts + np.where(np.arange(10) == 0, 400, 0), counts + 40).pvalue < 1e-6


def test_an_enormous_space_is_drawn_from_without_listing_it() -> None:
    template = Template.of("", "1" * 400)
    assert len(set(template.draw(5, rng=np.random.default_rng(0)))) == 5
