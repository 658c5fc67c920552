"""A PyTorch module seen from outside and inside: logits, losses and gradients against plain autograd."""

import numpy as np
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn
from torch.nn import functional

from confide.core.access import BlackBox, WhiteBox, access_of
from confide.core.errors import DataError, ModelError
from confide.models.torch.model import TorchModel

RNG = np.random.default_rng


def seeded(make: type[nn.Module] | None = None) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4)) if make is None else make()


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten()
        )
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


def test_it_is_a_white_box_and_does_not_drop_out() -> None:
    model, x = TorchModel(seeded(Net)), RNG(0).normal(size=(5, 2, 4, 4))
    assert isinstance(model, BlackBox)
    assert isinstance(model, WhiteBox)
    assert access_of(model) == "white-box"
    assert_array_equal(model.predict(x), model.predict(x))


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.int8, np.int64, np.uint16, np.float16, np.float64])
def test_every_kind_of_number_is_understood(dtype: type) -> None:
    module, x = seeded(), RNG(0).integers(0, 2, (7, 6))
    with torch.no_grad():
        expected = module(torch.tensor(x, dtype=torch.float32)).double().numpy()
    answer = TorchModel(module).predict(x.astype(dtype))
    assert answer.dtype == np.float64
    assert_allclose(answer, expected, rtol=1e-6)


def test_chunks_frames_and_read_only_arrays_give_the_same_answers() -> None:
    module, x = seeded(), RNG(0).normal(size=(23, 6)).astype(np.float32)
    whole = TorchModel(module).predict(x)
    assert_allclose(TorchModel(module, chunk=4).predict(x), whole, rtol=1e-6)
    assert_array_equal(TorchModel(module).predict(pl.DataFrame(x)), whole)
    x.flags.writeable = False
    assert_array_equal(TorchModel(module).predict(x), whole)
    assert TorchModel(module).predict(x[:0]).shape[0] == 0


def test_one_logit_becomes_two() -> None:
    module, x = nn.Linear(3, 1), np.eye(3)
    z = module.weight.detach().numpy()[0] + module.bias.item()
    model = TorchModel(module)
    assert_allclose(model.predict(x), np.column_stack([np.zeros(3), z]), rtol=1e-6)
    assert_array_equal(model.labels(x), (z > 0).astype(int))


def test_a_regression_answers_with_values() -> None:
    module, x, y = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)), np.eye(3), np.array([1.0, 2.0, 3.0])
    model = TorchModel(module, task="regression")
    assert model.predict(x).shape == (3, 1)
    assert_array_equal(model.labels(x), model.predict(x)[:, 0])
    assert_allclose(model.loss(x, y), (model.predict(x)[:, 0] - y) ** 2, rtol=1e-6)


def test_whole_numbers_stay_whole_for_an_embedding() -> None:
    module = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(8, 2))
    assert TorchModel(module).predict(np.array([[1, 9], [0, 3]], np.uint8)).shape == (2, 2)


@pytest.mark.parametrize("kind", ["classes", "binary", "regression", "conv", "own loss"])
@pytest.mark.parametrize("bound", [1, 2**28])
def test_losses_and_gradients_are_those_of_a_plain_loop(kind: str, bound: int) -> None:
    rng = RNG(1)
    x, y = rng.normal(size=(9, 6)), rng.integers(0, 2, 9)
    task, loss, module = "classification", functional.cross_entropy, seeded()
    if kind == "conv":
        x, module = rng.normal(size=(9, 2, 4, 4)), seeded(Net)
    elif kind == "binary":
        module = nn.Linear(6, 1)
        loss = lambda out, t: functional.binary_cross_entropy_with_logits(out[:, 0], t.double())  # noqa: E731
    elif kind == "regression":
        module, task, y = nn.Linear(6, 1), "regression", rng.normal(size=9).astype(np.float32)
        loss = lambda out, t: ((out[:, 0] - t) ** 2).mean()  # noqa: E731
    own = None
    if kind == "own loss":
        own = loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    model = TorchModel(module, task=task, loss_function=own, gradient_bytes=bound, chunk=4)  # pyright: ignore
    losses, grads = [], []
    for i in range(9):
        module.zero_grad()
        one = loss(
            module(torch.tensor(x[i : i + 1], dtype=torch.float32)).double(), torch.tensor(y[i : i + 1])
        )
        one.backward()
        losses.append(one.item())
        grads.append(np.concatenate([p.grad.numpy().ravel() for p in module.parameters()]))
    assert_allclose(model.loss(x, y), losses, rtol=1e-5)
    gradient = model.gradient(x, y)
    assert gradient.dtype == np.float64
    assert_allclose(gradient, np.stack(grads), rtol=1e-4, atol=1e-6)


def test_losses_of_records_fitted_to_the_last_bit_are_not_zero() -> None:
    module = nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[20.0], [0.0]]))
    model = TorchModel(module)  # in float32, p = 1 and its gradient 0
    assert_allclose(model.loss(np.ones((1, 1)), np.array([0])), np.log1p(np.exp(-20)), rtol=1e-6)
    assert_allclose(model.gradient(np.ones((1, 1)), np.array([0]))[0, 1], np.exp(-20), rtol=1e-6)


def test_answers_that_are_no_numbers_are_an_error() -> None:
    model, x = TorchModel(seeded()), np.zeros((9, 6))
    x[4, 1] = x[7, 2] = np.nan
    with pytest.raises(ModelError, match=r"2 of 9 records .* first in row 4.*check"):
        model.predict(x)


class Talker(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"logits": x}


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(ModelError, match=r"shape \(2, 7\).*give features of the shape"):
        TorchModel(seeded()).predict(np.zeros((2, 7)))
    with pytest.raises(ModelError, match="answers a batch with dict: wrap it"):
        TorchModel(Talker()).predict(np.zeros((2, 7)))
    with pytest.raises(ModelError, match="one output, but this module has 4"):
        TorchModel(seeded(), task="regression").predict(np.zeros((2, 6)))
    with pytest.raises(DataError, match=r"column a is String.*encode"):
        TorchModel(seeded()).predict(pl.DataFrame({"a": ["x"]}))
    with pytest.raises(DataError, match="encode them"):
        TorchModel(seeded()).predict(np.array([["x"]]))
