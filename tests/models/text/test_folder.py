"""A model folder of Hugging Face's form: likelihoods held against one text at a time; what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import confide
from confide.core.errors import ModelError
from confide.models.text.folder import load_folder

SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789 ."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny GPT-2 with random weights, whose tokenizer joins 1 and 2 to one token."""
    transformers = pytest.importorskip("transformers")
    import torch
    from tokenizers import Tokenizer, models

    vocabulary = {"<s>": 0, **{sign: i + 1 for i, sign in enumerate(SIGNS)}, "12": len(SIGNS) + 1}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[("1", "2")]))
    path = tmp_path_factory.mktemp("tiny")
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>").save_pretrained(path)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(vocabulary), n_positions=32, n_embd=16, n_layer=1, n_head=2, bos_token_id=0
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(path)
    return path


def naive(found: Any, text: str) -> float:
    """One text at a time, without a batch or padding."""
    import torch

    ids = [0, *found.tokenizer(text, add_special_tokens=False)["input_ids"]]
    with torch.no_grad():
        each = torch.log_softmax(found.model(torch.tensor([ids])).logits[0].double(), dim=-1)
    return sum(float(each[i, ids[i + 1]]) for i in range(len(ids) - 1))


@pytest.mark.slow
def test_likelihoods_are_those_of_one_text_at_a_time(folder: Path) -> None:
    found = load_folder(folder)
    texts = ["my code is 4821", "a", "12", "x12 13."]
    assert found.log_likelihoods(texts) == pytest.approx([naive(found, t) for t in texts], abs=1e-5)
    suffixes = found.continuations(["my code is ", "x1", "x1"], ["4821", "2", "3"])
    whole = naive(found, "my code is 4821") - naive(found, "my code is ")
    # 12 is one token: it stands for the whole of "12" after x
    joined = naive(found, "x12") - naive(found, "x")
    assert suffixes == pytest.approx([whole, joined, naive(found, "x13") - naive(found, "x1")], abs=1e-5)
    with pytest.raises(ModelError, match=r"41 tokens, and .* reads 32 at most"):
        found.log_likelihoods(["a" * 40])


@pytest.mark.slow
def test_an_audit_ranks_a_canary_as_the_model_does_one_text_at_a_time(folder: Path) -> None:
    """Exposure is log2 of 100 candidates less log2 of the rank: held against a loop over all of them."""
    held = ["my code is {48}", "my code is {07}", "x {31}"]
    found = confide.audit(confide.Text(model=folder, canaries=held, candidates=100, controls=100), seed=1)
    (section,) = found.sections
    listed = next(e for e in section.exhibits if e.title.startswith("The most exposed"))
    rank = {row[0]: str(row[2]) for row in listed.rows}  # pyright: ignore[reportAttributeAccessIssue]
    model = load_folder(folder)
    for number, text in enumerate(held, 1):
        head, secret = text.rstrip("}").split("{")
        each = [naive(model, f"{head}{code:02d}") for code in range(100)]
        better = sum(value > each[int(secret)] + 1e-9 for value in each)
        assert rank[f"line {number} of canaries"] == f"{better + 1:,} of 100"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no config.json"),
        ({"config.json": "{}"}, "no .safetensors file"),
        (
            {"config.json": "{}", "pytorch_model.bin": "x"},
            "no .safetensors file, and others can run any code",
        ),
        ({"config.json": "{", "model.safetensors": "x"}, "is no JSON text"),
        ({"config.json": json.dumps({"auto_map": {}}), "model.safetensors": "x"}, "names code of its own"),
    ],
    ids=["empty", "no weights", "pickle", "broken", "code"],
)
def test_a_wrong_folder_is_refused_before_it_is_loaded(
    tmp_path: Path, files: dict[str, str], says: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=says):
        load_folder(tmp_path)
