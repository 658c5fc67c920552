"""Graphs of ONNX as arithmetic: a chain of matrices, sums and squares from one input to one output."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ModelError
from confide.mechanisms.encrypt.approximation import refusal
from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Layer, Link, Square

SKIPPED = ("Identity", "Flatten", "Dropout")
"""Nodes that leave the numbers of a flat row as they are."""
LINKS: dict[str, Link] = {"Sigmoid": "sigmoid", "Softmax": "softmax"}
TORCH_NAMES = {
    "Relu": "ReLU",
    "Gelu": "GELU",
    "LeakyRelu": "LeakyReLU",
    "Elu": "ELU",
    "BatchNormalization": "BatchNorm",
}
"""What nodes are called in PyTorch, where what is nearest to them is known."""
LARGEST = 1_000_000_000
"""Bytes of a file: what is larger cannot be computed on encrypted rows in any case."""


def read_graph(path: Path) -> Arithmetic:
    """Read a graph whose nodes follow each other: Gemm, MatMul and Add, squares, at last Sigmoid or Softmax.

    Raises:
        ModelError: if it cannot be read, branches, or has another node; says the nearest that works.
    """
    graph = _opened(path)
    constants = _constants(graph, path)
    nodes = [node for node in graph.node if node.op_type != "Constant"]
    _check_chain(graph, nodes, constants, path)
    layers, link = list[Layer](), "identity"
    for node in nodes:
        if node.op_type in SKIPPED:
            continue
        fixed = [constants[name] for name in node.input if name in constants]
        last = layers[-1] if layers else None
        if link != "identity":
            raise ModelError(f"{path}: {node.op_type} comes after its {link}: export the model up to there.")
        if node.op_type in LINKS:
            link = LINKS[node.op_type]
        elif node.op_type == "Add" and len(fixed) == 1 and isinstance(last, Affine):
            layers[-1] = _affine(last.weights, last.offset + fixed[0].reshape(-1), path)
        else:
            layers.append(_layer(node, fixed, path))
    return Arithmetic(tuple(layers), link)


def _layer(node: Any, fixed: list[Floats], path: Path) -> Layer:
    """A matrix or a square.

    Raises:
        ModelError: for any other node.
    """
    if node.op_type == "Gemm":
        return _gemm(node, fixed, path)
    if node.op_type == "MatMul" and len(fixed) == 1 and fixed[0].ndim == 2:
        return _affine(fixed[0].T, np.zeros(fixed[0].shape[1]), path)
    squared = node.op_type == "Mul" and not fixed
    if squared or (node.op_type == "Pow" and len(fixed) == 1 and bool((fixed[0] == 2).all())):
        return Square()
    raise ModelError(_refusal(node.op_type))


def _check_chain(graph: Any, nodes: list[Any], constants: dict[str, Floats], path: Path) -> None:
    """Check that each node takes what the one before gives, first of all, and fixed weights after it."""
    inputs = [i.name for i in graph.input if i.name not in constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise ModelError(
            f"{path} has {len(inputs)} inputs and {len(graph.output)} outputs: export a graph with one each; "
            "of a classifier of scikit-learn give the .skops file or an import path in its place."
        )
    value = inputs[0]
    for node in nodes:
        fed = {name for name in node.input if name and name not in constants}
        first = node.input[0] if node.input else ""
        if fed != {value} or (first != value and node.op_type != "Add"):
            raise ModelError(f"{path}: node {node.op_type} is no step of a chain: export a plain sequence.")
        value = node.output[0]
    if value != graph.output[0].name:
        raise ModelError(f"{path}: its output is not that of the last node: export a plain sequence.")


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise ModelError(f"there is no file {path}: check the path.")
    if find_spec("onnx") is None:
        raise ModelError("the layers of an .onnx file are read by onnx: pip install 'confide[encrypt]'.")
    if path.stat().st_size > LARGEST:
        raise ModelError(f"{path} is too large to be computed on encrypted rows: take a smaller model.")
    onnx = import_module("onnx")
    try:
        return onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # protobuf has errors of its own
        raise ModelError(
            f"{path} cannot be read as ONNX ({type(error).__name__}): export it again."
        ) from error


def _constants(graph: Any, path: Path) -> dict[str, Floats]:
    """Arrays that the file holds, by name."""
    held = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            held[node.output[0]] = next((a.t for a in node.attribute if a.name == "value"), None)
    helper = import_module("onnx.numpy_helper")
    try:
        return {name: np.asarray(helper.to_array(tensor), float) for name, tensor in held.items()}
    except Exception as error:  # weights in another file, text, or a type that numpy does not know
        raise ModelError(
            f"{path} holds weights that are no numbers, or stand in another file: export it in one file."
        ) from error


def _gemm(node: Any, fixed: list[Floats], path: Path) -> Affine:
    said = {a.name: a.i if a.type == 2 else a.f for a in node.attribute}
    if not 1 <= len(fixed) <= 2 or said.get("transA") or fixed[0].ndim != 2:
        raise ModelError(f"{path}: a Gemm whose weights are computed, or its rows transposed: export again.")
    weights = (fixed[0] if said.get("transB") else fixed[0].T) * said.get("alpha", 1.0)
    offset = fixed[1].reshape(-1) * said.get("beta", 1.0) if len(fixed) == 2 else np.zeros(len(weights))
    return _affine(weights, offset, path)


def _affine(weights: Floats, offset: Floats, path: Path) -> Affine:
    if weights.ndim != 2 or offset.size not in (1, len(weights)):
        raise ModelError(f"{path}: weights {weights.shape} and offset {offset.shape} are no linear layer.")
    return Affine(weights, np.broadcast_to(offset, (len(weights),)).copy())


def _refusal(kind: str) -> str:
    if kind == "Conv":
        return (
            "Conv is not read from .onnx: give the torch module by an import path, or write the convolution "
            "as a Linear layer (its matrix)."
        )
    if kind in ("LinearClassifier", "LinearRegressor", "Scaler", "Normalizer", "ZipMap"):
        return f"{kind} is not read from .onnx: give the .skops file of the estimator, or an import path."
    return refusal(TORCH_NAMES.get(kind, kind))
