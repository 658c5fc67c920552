"""A causal language model from a local folder of Hugging Face's form; nothing is fetched, no code is run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ModelError
from confide.models.guard import guarded_error
from confide.models.text.function import checked

BATCH = 64
"""Texts of one pass."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderText:
    """A causal language model with its tokenizer.

    A text's likelihood is that of its tokens, after the sign for the beginning where the tokenizer has one.
    A suffix's likelihood is that of the tokens in which prefix and suffix together differ from the prefix
    alone, since a tokenizer may join the last sign of one and the first of the other.

    Args:
        model: of `transformers`, in eval mode.
        tokenizer: that goes with it.
        name: for messages.
    """

    model: Any
    tokenizer: Any
    name: str
    shown: ClassVar[str] = "likelihoods of texts"

    def log_likelihoods(self, texts: Sequence[str]) -> Floats:
        """The log-likelihood of each text, float64[n].

        Raises:
            ModelError: if a text is longer than the model can read, or an answer is not finite.
        """
        return self._sums([self._tokens(text) for text in texts], [0] * len(texts))

    def continuations(self, prefixes: Sequence[str], suffixes: Sequence[str]) -> Floats:
        """The log-likelihood of each suffix after its prefix, float64[n].

        Raises:
            ModelError: as above.
        """
        both = [self._tokens(p + s) for p, s in zip(prefixes, suffixes, strict=True)]
        known = {prefix: self._tokens(prefix) for prefix in set(prefixes)}
        shared = [_shared(known[prefix], whole) for prefix, whole in zip(prefixes, both, strict=True)]
        return self._sums(both, shared)

    def _tokens(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        if text and not found:
            raise ModelError(f"the tokenizer of {self.name} has no sign for a text: is it the model's own?")
        return found

    def _sums(self, tokens: list[list[int]], first: list[int]) -> Floats:
        found = np.zeros(len(tokens))
        order = np.argsort([len(t) for t in tokens], kind="stable")  # little padding in a batch
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            found[rows] = self._batch([tokens[i] for i in rows], [first[i] for i in rows])
        return checked(found, self.name)

    def _batch(self, tokens: list[list[int]], first: list[int]) -> Floats:
        import torch

        begin = self.tokenizer.bos_token_id
        # Without a sign for the beginning nothing comes before the first token: it has no probability.
        lead = [] if begin is None else [int(begin)]
        whole = [lead + t for t in tokens]
        longest = max(len(t) for t in whole)
        most = getattr(self.model.config, "max_position_embeddings", None)
        if most is not None and longest > most:
            raise ModelError(
                f"a text has {longest:,} tokens, and {self.name} reads {most:,} at most: give shorter texts."
            )
        if longest < 2:
            return np.zeros(len(tokens))
        ids = torch.zeros((len(whole), longest), dtype=torch.long)
        seen = torch.zeros((len(whole), longest), dtype=torch.long)
        counted = np.zeros((len(whole), longest - 1))
        for i, row in enumerate(whole):
            ids[i, : len(row)] = torch.tensor(row)
            seen[i, : len(row)] = 1
            counted[i, max(first[i] + len(lead) - 1, 0) : len(row) - 1] = 1.0
        with torch.no_grad():
            scores = self.model(input_ids=ids, attention_mask=seen).logits[:, :-1].float()
            each = torch.log_softmax(scores, dim=-1).gather(2, ids[:, 1:, None])[..., 0]
        return (each.double().numpy() * counted).sum(axis=1)


def _shared(first: list[int], whole: list[int]) -> int:
    """How many tokens both begin with; not all of the whole, so that something is left to be foretold."""
    same = next((i for i, (a, b) in enumerate(zip(first, whole, strict=False)) if a != b), len(first))
    return min(same, len(whole) - 1)


def load_folder(path: Path) -> FolderText:
    """Load a model and its tokenizer from a folder: config.json, *.safetensors, tokenizer.json.

    Raises:
        ModelError: if the folder lacks one, brings code of its own, or cannot be loaded.
    """
    if not (path / "config.json").is_file():
        raise ModelError(f"{path} has no config.json: give the folder that `save_pretrained` wrote.")
    if not any(path.glob("*.safetensors")):
        raise ModelError(
            f"{path} has no .safetensors file, and others can run any code when they are read: write the "
            "model again with `save_pretrained`."
        )
    _refuse_code(path)
    try:
        from transformers import (  # pyright: ignore[reportMissingImports]
            AutoModelForCausalLM,
            AutoTokenizer,
        )
    except ImportError as error:
        raise ModelError(
            "a model folder needs transformers: pip install 'confide[text]', or give a function "
            "(mypkg.lm:score)."
        ) from error
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(path), **local)
        model: Any = AutoModelForCausalLM.from_pretrained(str(path), use_safetensors=True, **local)
    except Exception as error:
        raise ModelError(
            f"{path} cannot be loaded as a causal language model ({guarded_error(error)}): try "
            "`AutoModelForCausalLM.from_pretrained` on it."
        ) from error
    return FolderText(model.eval(), tokenizer, path.name or str(path))


def _refuse_code(path: Path) -> None:
    for name in ("config.json", "tokenizer_config.json"):
        try:
            text = (path / name).read_text(encoding="utf-8") if (path / name).is_file() else "{}"
            given = json.loads(text)
        except (OSError, ValueError) as error:
            raise ModelError(f"{path / name} is no JSON text ({error}): write the model again.") from error
        if "auto_map" in given:
            raise ModelError(
                f"{path / name} names code of its own (auto_map), which is not run: give a function "
                "(mypkg.lm:score) that asks the model."
            )
