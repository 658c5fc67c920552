"""The network needs torch, and says so; the other recognisers do not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.cases.linkage_images import game

from confide.attacks.linkage.images import Recogniser, SmallCNN
from confide.core.errors import KnowledgeError
from confide.core.play import play
from confide.mechanisms.anchors.published import Published


def test_a_network_without_torch_is_refused_and_the_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confide.attacks.linkage.images._network.find_spec", lambda name: None)
    small = game(Published(), count=4, each=4)
    with pytest.raises(KnowledgeError, match=r"pip install 'confide\[torch\]'"):
        play(small, SmallCNN(), worlds=1, rng=np.random.default_rng(7))
    assert len(play(small, Recogniser(), worlds=1, rng=np.random.default_rng(7))) == 8
