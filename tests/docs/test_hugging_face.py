"""The wrapper of docs/pytorch.md makes a model of Hugging Face one that can be audited, padding left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from confide.core.access import access_of
from confide.inputs.model import Model
from confide.inputs.model_data import read_model

from .made_models import write_classifier
from .test_snippets import ROOT, blocks

pytest.importorskip("transformers")


def test_the_wrapper_answers_with_the_logits_of_the_model_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoModelForSequenceClassification

    monkeypatch.chdir(tmp_path)
    write_classifier()
    page = blocks(ROOT / "docs/pytorch.md")
    (text,) = [block.text for block in page if block.text.startswith("# classifier.py\n")]
    own: dict[str, Any] = {}
    exec(compile(text, "classifier.py", "exec"), own)
    held = Model(own["Logits"], members="ids-train.npz", nonmembers="ids-holdout.npz")
    data = read_model(held, rng=np.random.default_rng(0))
    assert access_of(data.view) == "white-box" and data.class_count == 2
    # The padding is no token: what stands there, cut off, changes no answer.
    own_model = AutoModelForSequenceClassification.from_pretrained("my-classifier").eval()
    with torch.inference_mode():
        ids = torch.tensor(np.asarray(data.targets.x)[:, :6])
        expected = own_model(input_ids=ids).logits.double().numpy()
    np.testing.assert_allclose(data.view.predict(data.targets.x), expected, atol=1e-5)
