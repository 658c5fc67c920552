"""Weights from a file are those that were saved, and whatever does not fit is named."""

from __future__ import annotations

import hashlib
import re
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import nn

from confide.core.errors import ModelError
from confide.models.checkpoints import digest_of, name_of, with_snapshots, with_weights
from confide.models.torch.model import TorchModel

X = np.random.default_rng(0).standard_normal((7, 4)).astype(np.float32)


def net(seed: int, hidden: int = 5) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, 3))


class Tied(nn.Module):
    """Two layers that share their weight."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.relu(self.first(x)))


def same(a: nn.Module, b: nn.Module) -> bool:
    return bool(np.array_equal(TorchModel(a).predict(X), TorchModel(b).predict(X)))


@pytest.mark.parametrize("kind", ["file", "text", "state dict", "module"])
def test_the_copy_answers_as_the_saved_model_and_the_original_is_untouched(tmp_path: Path, kind: str) -> None:
    saved, fresh, before = net(1), net(2), net(2)
    path = tmp_path / "net.safetensors"
    save_file(saved.state_dict(), path)
    given = {"file": path, "text": str(path), "state dict": saved.state_dict(), "module": saved}[kind]
    filled = with_weights(fresh, given)
    assert same(filled, saved)
    assert same(fresh, before)
    assert not same(fresh, saved)
    filled[0].weight.data.zero_()
    assert not same(filled, saved)  # nor does the copy share memory with what was given


def test_tied_weights_are_saved_once_and_loaded_twice(tmp_path: Path) -> None:
    saved, path = Tied(1), tmp_path / "tied.safetensors"
    save_model(saved, str(path))
    assert same(with_weights(Tied(2), path), saved)


def test_half_precision_is_loaded_as_it_is_and_whole_numbers_are_refused() -> None:
    saved = net(1)
    halves = {k: v.half() if v.is_floating_point() else v for k, v in saved.state_dict().items()}
    assert np.allclose(
        TorchModel(with_weights(net(2), halves)).predict(X), TorchModel(saved).predict(X), atol=0.02
    )
    coarse = {k: v.char() if k == "0.weight" else v for k, v in saved.state_dict().items()}
    with pytest.raises(ModelError, match=r"0\.weight holds int8.* \(undo the quantisation\)\. Give"):
        with_weights(net(2), coarse)


def test_what_does_not_fit_is_named_with_its_shape(tmp_path: Path) -> None:
    state = net(1).state_dict()
    del state["3.bias"]
    state["head.weight"] = torch.zeros(2)
    state["0.weight"] = torch.zeros(5, 9)
    path = tmp_path / "other.safetensors"
    save_file(state, path)
    with pytest.raises(ModelError) as error:
        with_weights(net(2), path)
    said = str(error.value)
    assert said.startswith("other.safetensors does not fit the architecture Sequential: it lacks 3.bias; ")
    assert "the architecture has not, head.weight; " in said
    assert "0.weight is (5, 9), not (5, 4)." in said
    assert "1.weight" not in said


def test_many_faults_are_cut_short() -> None:
    with pytest.raises(ModelError, match=r"it lacks 0\.weight, .* and 3 more"):
        with_weights(net(1), {})


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".PT"])
def test_a_pickle_is_refused_unread_with_what_to_do(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    torch.save(net(1).state_dict(), path)
    with pytest.raises(
        ModelError, match=r"are pickles, which can run any code.*safetensors\.torch\.save_model"
    ):
        with_weights(net(2), path)


def test_files_that_hold_no_weights(tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{")
    for name, says in (
        ("gone.safetensors", "there is no file"),
        ("cut.safetensors", "cannot be read as safetensors"),
        ("net.onnx", "is not a .safetensors file"),
    ):
        with pytest.raises(ModelError, match=re.escape(says)):
            with_weights(net(1), tmp_path / name)
    for given in (3, {"0.weight": [1.0]}, [torch.zeros(2)]):
        with pytest.raises(ModelError, match=r"an object of type .* holds no weights"):
            with_weights(net(1), given)


def test_snapshots_are_views_of_the_same_kind_oldest_first() -> None:
    view = TorchModel(net(1), loss_function=nn.CrossEntropyLoss(label_smoothing=0.1), chunk=3)
    shown = with_snapshots(view, [net(2), net(3).state_dict()])
    assert shown.module is view.module
    assert [same(s.module, net(seed)) for s, seed in zip(shown.snapshots, (2, 3), strict=True)] == [
        True,
        True,
    ]
    assert all(s.loss_function is view.loss_function and s.chunk == 3 for s in shown.snapshots)
    assert not view.snapshots


def test_a_view_on_a_module_takes_weights_too() -> None:
    view = with_weights(TorchModel(net(1), chunk=3), net(2))
    assert same(view.module, net(2))
    assert view.chunk == 3


@pytest.mark.parametrize("model", [object(), lambda x: x])
def test_only_a_module_has_weights(model: object) -> None:
    for put in (lambda: with_weights(model, {}), lambda: with_snapshots(model, [{}])):
        with pytest.raises(ModelError, match=r"a torch module, but this is of type (object|function)"):
            put()


def test_checkpoints_are_called_by_their_files() -> None:
    assert [name_of(Path("a/epoch0.safetensors"), number=1), name_of(net(1), number=2)] == [
        "epoch0",
        "checkpoint 2",
    ]


def test_a_digest_knows_parameters_again_and_nothing_else() -> None:
    """By the bytes of the state dict: another last bit, buffer or type gives another digest."""
    kept = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    digest = digest_of(TorchModel(kept))
    assert re.fullmatch("[0-9a-f]{12}", digest)
    assert digest_of(TorchModel(deepcopy(kept).requires_grad_(False))) == digest
    sha = hashlib.sha256()
    for name, tensor in sorted(kept.state_dict().items()):
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + tensor.numpy().tobytes())
    assert digest == sha.hexdigest()[:12]
    others = [deepcopy(kept) for _ in range(3)]
    with torch.no_grad():
        others[0][0].weight[0, 0] = torch.nextafter(kept[0].weight[0, 0], torch.tensor(9.0))
        others[1][1].running_mean += 1
        others[2].half()
    assert len({digest, *(digest_of(TorchModel(n)) for n in others)}) == 4
    assert digest_of(TorchModel(kept).predict) == ""
