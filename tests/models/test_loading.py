"""What a user holds, and what bad input gets."""

import sys

import numpy as np
import pytest
import skops.io
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression
from torch import nn

from confide import models
from confide.core.access import BlackBox, LabelOnly, WhiteBox, access_of
from confide.core.errors import ModelError
from confide.models.loading import as_view, import_object, load_model, load_train
from confide.models.remote import RemoteModel
from confide.models.sklearn.model import SklearnModel

CODE = """
import numpy as np
from sklearn.linear_model import LogisticRegression

X = np.arange(12.0).reshape(6, 2)
y = np.array([0, 0, 0, 1, 1, 1])
fitted = LogisticRegression().fit(X, y)

class Holder:
    inside = fitted

class Net:
    pass

def make():
    return fitted

def broken():
    raise RuntimeError("weights are gone")

def chances(X):
    return fitted.predict_proba(X)

def labels(X):
    return fitted.predict(X)

def train(X, y, *, rng):
    return LogisticRegression().fit(X, y)

def train_once(X, y=None, *, rng=None):
    return make()

def train_wrong(X, y):
    return None
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a package of the user's own, gone from the interpreter afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    package = tmp_path / "userpkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "code.py").write_text(CODE)
    (package / "fails.py").write_text("import no_such_library\n")
    (package / "sick.py").write_text("1 / 0\n")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("userpkg"):
            del sys.modules[name]


X = np.arange(12.0).reshape(6, 2)


@pytest.mark.parametrize("name", ["fitted", "make", "Holder.inside", "chances"])
def test_import_paths_find_the_model(here, name):
    view = load_model(f"userpkg.code:{name}", classes=2, probe=X)
    assert access_of(view) == ("black-box" if name == "chances" else "white-box")
    assert view.labels(X).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.slow
def test_worker_processes_find_the_users_module_even_if_they_ran_before(here):
    from confide.scale import processes

    assert list(processes(2)(abs, [-1, 2])) == [1, 2]
    train = load_train("userpkg.code:train_once")
    assert [type(m).__name__ for m in processes(2)(train, range(2))] == ["LogisticRegression"] * 2
    assert sys.path.count(str(here)) == 1


def test_a_function_of_labels_is_label_only(here):
    view = load_model("userpkg.code:labels", probe=X)
    assert access_of(view) == "label-only"
    assert not isinstance(view, BlackBox)
    assert access_of(load_model("userpkg.code:labels", answers="labels")) == "label-only"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("model.pkl", r"model.pkl is refused, because .pkl files can run any code: .*skops.io.dump"),
        ("model.joblib", "skops.io.dump"),
        ("model.pickle", "skops.io.dump"),
        ("model.pt", "torch.onnx.export.*import path"),
        ("model.PTH", "torch.onnx.export"),
        ("model.ckpt", "torch.onnx.export"),
        ("model.h5", "export it to ONNX"),
        ("model.keras", "export it to ONNX"),
        ("model.onnx", "there is no file model.onnx: check the path"),
        ("model.skops", "there is no file model.skops: check the path"),
        ("model.txt", "there is no file model.txt: check the path"),
        ("model.bin", "nor an import path: write it like mypkg.mymodel:net"),
        ("userpkg.code", "write it like mypkg.mymodel:net"),
        ("nopkg.code:net", "there is no module 'nopkg', neither installed nor in"),
        ("userpkg.cod:net", "there is no module 'userpkg.cod'"),
        ("userpkg.fails:net", "importing userpkg.fails fails .*no_such_library"),
        ("userpkg.sick:net", "importing userpkg.sick fails .ZeroDivisionError"),
        ("userpkg.code:fited", "userpkg.code has no 'fited': it has fitted"),
        ("userpkg.code:broken", r"broken\(\) fails .RuntimeError: weights are gone"),
        ("userpkg.code:Net", "the class Net is not a model that can be queried: give a torch module"),
        ("userpkg.code:y", "the model .ndarray. is not a model that can be queried"),
    ],
)
def test_refusals(here, spec, words):
    with pytest.raises(ModelError, match=words):
        load_model(spec, probe=X)


def test_corrupt_files(here):
    for name in ("model.onnx", "model.skops"):
        (here / name).write_bytes(b"rubbish" * 50)
        with pytest.raises(ModelError, match=f"{name} is not a readable"):
            load_model(name)


def test_files(here):
    fitted = LogisticRegression().fit(X, [0, 0, 0, 1, 1, 1])
    skops.io.dump(fitted, here / "model.skops")
    np.testing.assert_array_equal(load_model("model.skops").predict(X), SklearnModel(fitted).predict(X))


def test_load_train(here):
    assert load_train("userpkg.code:train")(X, np.array([0, 0, 1, 1, 1, 1]), rng=None).coef_.shape == (1, 2)
    with pytest.raises(
        ModelError, match=r"cannot be called as train\(X, y, rng=...\).*def train\(X, y, \*, rng\)"
    ):
        load_train("userpkg.code:train_wrong")
    with pytest.raises(ModelError, match="cannot be called"):
        load_train("userpkg.code:X")
    assert import_object("math:pi") > 3


def test_every_kind_gets_its_strongest_view():
    module = nn.Linear(2, 3)
    assert isinstance(as_view(module), WhiteBox)
    assert isinstance(as_view(LinearRegression().fit(X, X[:, 0])), SklearnModel)
    view = as_view(lambda x: np.column_stack([-x[:, 0], x[:, 0]]), probe=X)
    assert isinstance(view, RemoteModel)
    assert view.kind == "logits"
    assert as_view(view) is view

    class Served:
        def predict(self, x):
            return np.full((len(x), 4), 0.25)

    served = as_view(Served(), probe=X)
    np.testing.assert_allclose(np.exp(served.predict(X)), 0.25)
    assert isinstance(as_view(lambda x: x[:, 0] > 3, answers="labels"), LabelOnly)


def test_class_counts_are_checked_at_the_door():
    with pytest.raises(
        ModelError, match=r"the model .Linear. knows 3 classes, the labels need 5 .codes 0 to 4"
    ):
        as_view(nn.Linear(2, 3), classes=5, probe=X.astype(np.float32))
    with pytest.raises(ModelError, match="knows 2 classes, the labels need 3"):
        as_view(lambda x: np.full((len(x), 2), 0.5), classes=["a", "b", "c"], probe=X)
    with torch.no_grad():
        sick = nn.Linear(2, 3)
        sick.bias.fill_(torch.nan)
    with pytest.raises(ModelError, match="NaN or infinite"):
        as_view(sick, classes=3, probe=X)


def test_the_package_offers_loading_lazily():
    assert (models.as_view, models.load_model) == (as_view, load_model)
    with pytest.raises(AttributeError, match="no 'load'; it has as_view, load_model"):
        models.load  # noqa: B018 - the access is the test
