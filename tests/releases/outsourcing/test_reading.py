"""Models become arithmetic with the same scores, from every file; what cannot is refused with the nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from confide.core.errors import ModelError
from confide.mechanisms.encrypt.arithmetic import Square
from confide.releases.outsourcing.reading import read_arithmetic

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 3)), RNG.normal(size=(2, 5))
A0, B0 = RNG.normal(size=5), RNG.normal(size=2)
ROWS = RNG.normal(size=(20, 3))
NET = (ROWS @ A.T + A0) ** 2 @ B.T + B0
TENSORS = {"0.weight": A, "0.bias": A0, "10.weight": B, "10.bias": B0}


def graph(path: Path, *nodes: tuple[str, list[str], dict[str, object]], outputs: int = 2) -> Path:
    """A chain of nodes on rows [n, 3], with the weights above under the names A, A0, B, B0 and two."""
    made, value = [], "x"
    for number, (kind, fed, said) in enumerate(nodes):
        to = f"v{number}" if number < len(nodes) - 1 else "y"
        made.append(helper.make_node(kind, [name or value for name in fed], [to], **said))
        value = to
    held = {"A": A, "A0": A0, "B": B, "B0": B0, "At": A.T, "Bt": B.T, "two": np.array(2.0)}
    weights = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in held.items()]
    ends = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", w]) for n, w in (("x", 3), ("y", outputs))
    ]
    onnx.save(helper.make_model(helper.make_graph(made, "net", ends[:1], ends[1:], weights)), str(path))
    return path


GEMM = ("Gemm", ["", "A", "A0"], {"transB": 1})
LAST = ("Gemm", ["", "B", "B0"], {"transB": 1})
SQUARES = {
    "product": ("Mul", ["", ""], {}),
    "power": ("Pow", ["", "two"], {}),
}


@pytest.mark.parametrize("square", SQUARES)
def test_a_graph_has_the_scores_that_onnxruntime_finds(tmp_path: Path, square: str) -> None:
    import onnxruntime

    path = graph(tmp_path / "net.onnx", GEMM, SQUARES[square], LAST)
    model = read_arithmetic(path)
    session = onnxruntime.InferenceSession(str(path))
    found = session.run(None, {"x": ROWS.astype(np.float32)})[0]
    assert np.allclose(model.scores(ROWS), found, atol=1e-4)
    assert np.allclose(model.scores(ROWS), NET, atol=1e-4)


def test_products_with_sums_and_a_link_are_read_too(tmp_path: Path) -> None:
    nodes = (
        ("Flatten", [""], {}),
        ("MatMul", ["", "At"], {}),
        ("Add", ["", "A0"], {}),
        ("Mul", ["", ""], {}),
        ("MatMul", ["", "Bt"], {}),
        ("Add", ["B0", ""], {}),
        ("Softmax", [""], {"axis": 1}),
    )
    model = read_arithmetic(graph(tmp_path / "net.onnx", *nodes))
    assert model.link == "softmax" and np.allclose(model.scores(ROWS), NET, atol=1e-4)


@pytest.mark.parametrize(
    "nodes, words",
    [
        ((GEMM, ("Relu", [""], {}), LAST), "ReLU cannot be computed on encrypted rows: train with squares"),
        ((GEMM, ("Sigmoid", [""], {}), LAST), "Gemm comes after its sigmoid"),
        ((GEMM, ("Mul", ["", "two"], {}), LAST), "Mul cannot be computed"),
        ((GEMM, ("Pow", ["", "A0"], {}), LAST), "Pow cannot be computed"),
        ((("MatMul", ["A", ""], {}),), "no step of a chain"),
        ((GEMM, SQUARES["product"]), "first and the last layer must be linear"),
    ],
)
def test_other_graphs_are_refused(tmp_path: Path, nodes: tuple, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_arithmetic(graph(tmp_path / "net.onnx", *nodes))


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x80\x04 not a graph")
    with pytest.raises(ModelError, match="cannot be read as ONNX"):
        read_arithmetic(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="there is no file"):
        read_arithmetic(tmp_path / "none.onnx")


def test_weights_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file(TENSORS, path, metadata={"layers": "linear square linear", "link": "softmax"})
    model = read_arithmetic(path)
    assert model.link == "softmax" and np.allclose(model.scores(ROWS), NET)


def test_one_layer_needs_no_metadata_and_takes_its_link(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file({"weight": A}, path)
    assert np.allclose(read_arithmetic(path, link="sigmoid").scores(ROWS), ROWS @ A.T)
    assert read_arithmetic(path, link="sigmoid").link == "sigmoid"
    assert read_arithmetic(path).link == "identity"


@pytest.mark.parametrize(
    "tensors, said, words",
    [
        (TENSORS, {}, "holds 2 linear layers, and what stands between them is not said"),
        (TENSORS, {"layers": "linear relu linear"}, "ReLU cannot be computed .* train with squares"),
        (TENSORS, {"layers": "linear square linear", "link": "relu"}, "has the link 'relu'"),
        (TENSORS | {"1.running_mean": A0}, {}, "holds 1.running_mean"),
        ({"0.weight": np.zeros((2, 2, 3, 3))}, {}, "no linear layer"),
    ],
)
def test_weights_that_do_not_say_their_layers_are_refused(
    tmp_path: Path, tensors: dict, said: dict, words: str
) -> None:
    save_file(tensors, tmp_path / "net.safetensors", metadata=said)
    with pytest.raises(ModelError, match=words):
        read_arithmetic(tmp_path / "net.safetensors")


def test_a_damaged_file_and_one_that_can_run_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(ModelError, match="cannot be read as safetensors"):
        read_arithmetic(tmp_path / "net.safetensors")
    (tmp_path / "net.pkl").write_bytes(b"\x80\x04")
    with pytest.raises(ModelError, match="can run any code"):
        read_arithmetic(tmp_path / "net.pkl")


def test_weights_of_a_module_are_put_into_it(tmp_path: Path) -> None:
    from safetensors.torch import save_file as save_tensors
    from torch import nn

    class Squared(nn.Module):
        pass

    Squared.__name__ = "Square"
    net = nn.Sequential(nn.Linear(3, 4), Squared(), nn.Linear(4, 2), nn.Softmax(1))
    save_tensors(net.state_dict(), tmp_path / "net.safetensors")
    model = read_arithmetic(tmp_path / "net.safetensors", architecture=net)
    assert model.link == "softmax" and isinstance(model.layers[1], Square)
    with pytest.raises(ModelError, match="leave it out"):
        read_arithmetic(net, architecture=net)
    with pytest.raises(ModelError, match="ReLU cannot be computed on encrypted rows: train with squares"):
        read_arithmetic(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))
    with pytest.raises(ModelError, match="LayerNorm cannot be computed"):
        read_arithmetic(nn.Sequential(nn.Linear(3, 4), Squared(), nn.LayerNorm(4), nn.Linear(4, 2)))


def test_the_command_takes_the_name_of_an_architecture(tmp_path: Path, monkeypatch) -> None:
    from click.testing import CliRunner
    from safetensors.torch import save_file as save_tensors
    from torch import nn

    from confide.cli import main

    lines = ("from torch import nn", "def build():", "    return nn.Sequential(nn.Linear(3, 2))")
    (tmp_path / "built_here.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    save_tensors(nn.Sequential(nn.Linear(3, 2)).state_dict(), tmp_path / "net.safetensors")
    words = ["outsource", "plan", "--rows", "9", "--bound", "1", "--architecture", "built_here:build"]
    places = ["--model", str(tmp_path / "net.safetensors"), "--out", str(tmp_path / "plan.json")]
    done = CliRunner().invoke(main, [*words, *places])
    assert done.exit_code == 0, done.output


def test_a_pipeline_is_refused_with_what_to_give() -> None:
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import Pipeline

    with pytest.raises(ModelError, match=r"pipeline\[-1\]"):
        read_arithmetic(Pipeline([("model", LinearRegression())]))
