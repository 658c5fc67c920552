"""ONNX files from scikit-learn and torch, as they come."""

import pickle
import sys
import warnings

import numpy as np
import onnx
import polars as pl
import pytest
import torch
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from torch import nn

from confide.core.access import BlackBox
from confide.core.errors import ModelError
from confide.models.loading import as_view
from confide.models.onnx import load_onnx

LABELS = ["no", "yes", "maybe"]


@pytest.fixture
def data():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(90, 4)).astype(np.float32)
    return x, np.digitize(x[:, 0] + 0.3 * rng.normal(size=90), [-0.5, 0.5])


def write(model, path):
    path.write_bytes(model.SerializeToString())
    return path


def torch_file(module, shape, path, *, batch="free"):
    free = {"dynamic_axes": {"x": {0: "n"}}} if batch == "free" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the old exporter needs no further package
        torch.onnx.export(module.eval(), (torch.zeros(shape),), path, input_names=["x"], dynamo=False, **free)
    return path


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("kind", [LogisticRegression, RandomForestClassifier])
def test_probabilities_of_scikit_learn(kind, zipmap, data, tmp_path):
    x, y = data
    model = kind(random_state=0).fit(x, np.array(LABELS)[y])
    file = write(to_onnx(model, x[:1], options={id(model): {"zipmap": zipmap}}), tmp_path / "m.onnx")
    view = load_onnx(file, classes=sorted(LABELS))
    assert isinstance(view, BlackBox)
    assert view.task == "classification"
    np.testing.assert_allclose(np.exp(view.predict(x)), model.predict_proba(x), atol=1e-5)
    np.testing.assert_array_equal(np.array(sorted(LABELS))[view.labels(x)], model.predict(x))


def test_a_zipmap_names_its_classes_so_any_order_of_labels_is_right(data, tmp_path):
    x, y = data
    model = LogisticRegression().fit(x, np.array(LABELS)[y])
    view = load_onnx(write(to_onnx(model, x[:1]), tmp_path / "m.onnx"), classes=LABELS)
    assert (view.labels(x) == y).mean() > 0.8
    np.testing.assert_allclose(np.exp(view.predict(x)), model.predict_proba(x)[:, [1, 2, 0]], atol=1e-5)
    with pytest.raises(ModelError, match="knows 3 classes, the labels need 4: it does not know never"):
        load_onnx(tmp_path / "m.onnx", classes=[*LABELS, "never"]).predict(x)


def test_scores_that_are_no_probabilities_are_logits(data, tmp_path):
    x, y = data
    model = LinearSVC(random_state=0).fit(x, y)
    view = load_onnx(write(to_onnx(model, x[:1]), tmp_path / "m.onnx"))
    np.testing.assert_allclose(view.predict(x), model.decision_function(x), atol=1e-4)


def test_one_input_a_column(data, tmp_path):
    rng = np.random.default_rng(7)
    frame = pl.DataFrame({"age": rng.normal(size=60), "job": rng.choice(["a", "b"], 60)})
    y = (frame["age"].to_numpy() > 0).astype(int)
    model = make_pipeline(
        ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])]),
        LogisticRegression(),
    ).fit(frame, y)
    types = [("age", DoubleTensorType([None, 1])), ("job", StringTensorType([None, 1]))]
    graph = to_onnx(model, initial_types=types, options={"zipmap": False})
    view = load_onnx(write(graph, tmp_path / "m.onnx"))
    np.testing.assert_allclose(
        np.exp(view.predict(frame.select("job", "age"))), model.predict_proba(frame), atol=1e-6
    )
    with pytest.raises(ModelError, match="takes the columns age, job; the records have no job: give"):
        view.predict(frame.drop("job"))
    with pytest.raises(ModelError, match="takes 2 columns, the records have shape"):
        view.predict(np.zeros((3, 4)))
    with pytest.raises(ModelError, match=r"takes age as tensor.double., but the records have another type"):
        view.predict(frame.with_columns(age=pl.lit("old")))


def test_a_regression(data, tmp_path):
    x, _ = data
    model = LinearRegression().fit(x, x[:, 0] * 3)
    view = load_onnx(write(to_onnx(model, x[:1]), tmp_path / "m.onnx"))
    assert view.task == "regression"
    np.testing.assert_allclose(view.predict(x)[:, 0], x[:, 0] * 3, atol=1e-4)


def test_logits_of_torch_in_any_batch(data, tmp_path):
    x, _ = data
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    with torch.inference_mode():
        expected = net(torch.from_numpy(x)).numpy()
    free = load_onnx(torch_file(net, (2, 4), tmp_path / "free.onnx"))
    fixed = load_onnx(torch_file(net, (7, 4), tmp_path / "fixed.onnx", batch="fixed"))
    for view in (free, fixed):
        assert view.task == "classification"
        np.testing.assert_allclose(view.predict(x), expected, atol=1e-5)
        np.testing.assert_allclose(view.predict(x.astype(np.float64)[:3]), expected[:3], atol=1e-5)


def test_one_logit_is_two_classes_if_the_task_says_so(data, tmp_path):
    x, _ = data
    file = torch_file(nn.Linear(4, 1), (2, 4), tmp_path / "m.onnx")
    values = load_onnx(file).predict(x)
    view = load_onnx(file, task="classification")
    np.testing.assert_allclose(view.predict(x), np.column_stack([np.zeros(90), values]))


def test_what_the_output_means_is_settled_by_the_first_answer(tmp_path):
    """Later logits that happen to look like probabilities are still logits."""
    view = load_onnx(torch_file(nn.Identity(), (2, 2), tmp_path / "m.onnx"))
    view.predict(np.array([[5.0, -3.0], [0.5, 0.5]]))
    np.testing.assert_allclose(view.predict(np.array([[0.25, 0.75]])), [[0.25, 0.75]])
    certain = load_onnx(tmp_path / "m.onnx", answers="logits")
    np.testing.assert_allclose(certain.predict(np.array([[0.25, 0.75]])), [[0.25, 0.75]])
    assumed = load_onnx(tmp_path / "m.onnx")
    np.testing.assert_allclose(assumed.predict(np.array([[0.25, 0.75]])), np.log([[0.25, 0.75]]))


def test_a_model_travels_to_another_process(data, tmp_path):
    view = load_onnx(torch_file(nn.Linear(4, 3), (2, 4), tmp_path / "m.onnx"), classes=3)
    again = pickle.loads(pickle.dumps(view))  # noqa: S301 - as joblib would
    np.testing.assert_array_equal(again.predict(data[0]), view.predict(data[0]))


@pytest.mark.parametrize("where", ["../weights.bin", "/etc/hostname"])
def test_weights_outside_the_folder_are_refused(where, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    model = onnx.load(torch_file(nn.Linear(4, 3), (2, 4), tmp_path / "m.onnx"))
    onnx.save(model, folder / "m.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert load_onnx(folder / "m.onnx").predict(np.zeros((1, 4))).shape == (1, 3)
    (folder / "weights.bin").rename(tmp_path / "weights.bin")
    model = onnx.load(folder / "m.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = where if entry.key == "location" else entry.value
    write(model, folder / "m.onnx")
    with pytest.raises(ModelError, match=r"weights in a file outside its own folder.*into one file"):
        load_onnx(folder / "m.onnx")


def test_refusals(data, tmp_path):
    x, _ = data
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a graph" * 20)
    with pytest.raises(ModelError, match=r"broken.onnx is not a readable ONNX model .*export it again"):
        load_onnx(broken)
    with pytest.raises(ModelError, match=r"there is no file .*none.onnx: check"):
        load_onnx(tmp_path / "none.onnx")
    net = load_onnx(torch_file(nn.Linear(4, 3), (2, 4), tmp_path / "m.onnx"), classes=5)
    with pytest.raises(ModelError, match="knows 3 classes, the labels need 5"):
        net.predict(x)
    with pytest.raises(ModelError, match=r"cannot deal with these records .*exported with: x tensor.float"):
        net.predict(np.zeros((3, 9)))
    bare = nn.Linear(4, 3)
    bare.weight.data[0, 0] = np.nan
    with pytest.raises(ModelError, match="90 NaN or infinite answers on 90 of 90 records"):
        load_onnx(torch_file(bare, (2, 4), tmp_path / "nan.onnx")).predict(x)
    graph = helper.make_graph(
        [helper.make_node("ArgMax", ["x"], ["label"], axis=1, keepdims=0)],
        "labels",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, [None])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    alone = as_view(load_onnx(write(model, tmp_path / "labels.onnx")), classes=3, probe=np.eye(3)[[2, 0]])
    assert not isinstance(alone, BlackBox)
    assert alone.labels(np.eye(3)).tolist() == [0, 1, 2]


def test_without_onnxruntime_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs onnxruntime: `pip install 'confide\[onnx\]'`"):
        load_onnx(tmp_path / "m.onnx")


def test_a_loaded_view_is_told_task_and_labels_later(data, tmp_path):
    x, y = data
    model = LogisticRegression().fit(x, np.array(LABELS)[y])
    loaded = load_onnx(write(to_onnx(model, x[:1]), tmp_path / "m.onnx"))
    told = as_view(loaded, classes=LABELS, probe=x)
    assert (told.labels(x) == y).mean() > 0.8
    with pytest.raises(ModelError, match="knows 3 classes, the labels need 4"):
        as_view(loaded, classes=[*LABELS, "never"], probe=x)
    one = load_onnx(torch_file(nn.Linear(4, 1), (2, 4), tmp_path / "one.onnx"))
    assert as_view(one, probe=x).task == "regression"
    assert as_view(one, task="classification", probe=x).predict(x).shape == (90, 2)
