"""A person without known likes gets the shares of the panel, from every attack on likes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.contracts.cases.attribute_likes import game

from confide.attacks.attribute import LikesSVD, LikesTfIdf
from confide.core.play import play
from confide.mechanisms.anchors.published import Published


@pytest.mark.parametrize(
    "attack", [LikesTfIdf(), LikesSVD(), LikesSVD(transductive=True)], ids=["tfidf", "svd", "published"]
)
def test_a_person_without_known_likes_gets_the_shares_of_the_panel(attack: Any) -> None:
    dealt = game("binary", Published())
    bare = int(np.flatnonzero(dealt.part == 0)[0])
    dealt = replace(dealt, items=dealt.items.rows(dealt.items.person != bare))
    panel = dealt.value[dealt.part != 0].mean()
    evidence = play(dealt, attack, worlds=5, rng=np.random.default_rng(5), only=[0])
    score = dict(evidence.table.select("target", "score").iter_rows())
    assert score[bare] == pytest.approx(np.log(panel / (1 - panel)))
