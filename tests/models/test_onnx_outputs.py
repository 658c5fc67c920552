"""Outputs of ONNX graphs: several scores, labels that name columns, SVMs, and graphs that answer wrongly."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from confide.core.access import BlackBox
from confide.core.errors import ModelError
from confide.models.guard import patient
from confide.models.loading import as_view
from confide.models.onnx import OnnxModel, load_onnx

RNG = np.random.default_rng(2)
X = RNG.standard_normal((300, 4)).astype(np.float32)


def labels_of(count: int) -> np.ndarray:
    return np.clip(np.round(X[:, 0] + (count - 1) / 2), 0, count - 1).astype(int)


def saved(model: Any, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def graph(nodes: list[Any], outputs: list[Any], *, consts: Any = (), inputs: Any = None) -> Any:
    given = [helper.make_tensor_value_info("x", T.FLOAT, ["n", 4])] if inputs is None else inputs
    body = helper.make_graph(nodes, "g", given, outputs, list(consts))
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def float_out(name: str, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, T.FLOAT, ["n", *shape])


def test_several_scores_ask_which(tmp_path: Path) -> None:
    two = graph(
        [helper.make_node("Identity", ["x"], ["a"]), helper.make_node("Neg", ["x"], ["b"])],
        [float_out("a", 4), float_out("b", 4)],
    )
    model = load_onnx(saved(two, tmp_path / "m.onnx"))
    with pytest.raises(
        ModelError, match=r"several outputs that could be its scores, a, b: say which with --out"
    ):
        as_view(model, classes=4, probe=X)
    with pytest.raises(ModelError, match=r"has no output 'c': choose from a, b"):
        as_view(model, classes=4, probe=X, output="c")
    chosen: Any = as_view(model, classes=4, probe=X, output="b")
    np.testing.assert_allclose(chosen.predict(X), -X)
    again = pickle.loads(pickle.dumps(chosen))  # noqa: S301 - as joblib would
    np.testing.assert_allclose(again.predict(X[:3]), -X[:3])


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
@pytest.mark.filterwarnings("ignore:Attribute `prob:FutureWarning")  # the exporter looks at old attributes
def test_scores_of_an_svm_agree_with_its_labels_or_are_not_used(
    count: int, shape: str, tmp_path: Path
) -> None:
    y = labels_of(count)
    model = SVC(decision_function_shape=shape).fit(X, y)
    raw = to_onnx(model, X[:1], options={id(model): {"zipmap": False}})
    view = as_view(load_onnx(saved(raw, tmp_path / "m.onnx")), classes=list(range(count)), probe=X)
    assert (view.labels(X) == model.predict(X)).mean() > 0.99
    if isinstance(view, BlackBox):
        assert (view.predict(X).argmax(axis=1) == model.predict(X)).mean() > 0.99


def test_labels_of_the_graph_name_the_columns_whatever_their_order(tmp_path: Path) -> None:
    names = np.array(["low", "mid", "top"])
    model = LogisticRegression().fit(X, names[labels_of(3)])
    raw = to_onnx(model, X[:1], options={id(model): {"zipmap": False}})
    for classes in (["low", "mid", "top"], ["top", "low", "mid"]):
        view: Any = as_view(load_onnx(saved(raw, tmp_path / "m.onnx")), classes=classes, probe=X)
        np.testing.assert_array_equal(np.array(classes)[view.predict(X).argmax(axis=1)], model.predict(X))


def test_labels_that_the_user_asks_for_are_used(tmp_path: Path) -> None:
    model = LogisticRegression().fit(X, labels_of(3))
    file = saved(to_onnx(model, X[:1]), tmp_path / "m.onnx")
    view = as_view(load_onnx(file), classes=[0, 1, 2], probe=X, output="output_label")
    assert not isinstance(view, BlackBox)
    np.testing.assert_array_equal(view.labels(X), model.predict(X))


def test_graphs_that_do_not_answer_each_record(tmp_path: Path) -> None:
    def view_of(made: Any) -> OnnxModel:
        return load_onnx(saved(made, tmp_path / "m.onnx"))

    fewer = graph(
        [helper.make_node("Slice", ["x", "from", "to"], ["y"])],
        [helper.make_tensor_value_info("y", T.FLOAT, ["k", 4])],
        consts=[
            numpy_helper.from_array(np.array([n], np.int64), name) for name, n in (("from", 0), ("to", 5))
        ],
    )
    scalar = graph(
        [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)],
        [helper.make_tensor_value_info("y", T.FLOAT, [])],
    )
    for made in (fewer, scalar):
        with pytest.raises(ModelError, match="does not answer each record once"):
            view_of(made).predict(X)
    nothing = graph(
        [helper.make_node("Constant", [], ["y"], value=numpy_helper.from_array(X))],
        [float_out("y", 4)],
        inputs=[],
    )
    with pytest.raises(ModelError, match="takes no input, so nothing can be asked"):
        view_of(nothing)


def test_a_graph_that_never_ends_is_stopped(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["go"]), helper.make_node("Add", ["v", "v"], ["w"])],
        "body",
        [
            helper.make_tensor_value_info("i", T.INT64, []),
            helper.make_tensor_value_info("c", T.BOOL, []),
            helper.make_tensor_value_info("v", T.FLOAT, None),
        ],
        [helper.make_tensor_value_info("go", T.BOOL, []), helper.make_tensor_value_info("w", T.FLOAT, None)],
    )
    endless = graph(
        [helper.make_node("Loop", ["times", "true", "x"], ["y"], body=body)],
        [float_out("y", 4)],
        consts=[
            onnx.helper.make_tensor("times", T.INT64, [], [2**62]),
            onnx.helper.make_tensor("true", T.BOOL, [], [True]),
        ],
    )
    with patient(1):
        model = load_onnx(saved(endless, tmp_path / "m.onnx"))
    begun = time.perf_counter()
    with pytest.raises(ModelError, match=r"took more than 1 seconds .*--timeout"):
        model.predict(X)
    assert time.perf_counter() - begun < 10
