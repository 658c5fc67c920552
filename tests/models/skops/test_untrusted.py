"""Files made to do harm: they are refused, and the marker that their code would leave does not appear."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from confide.core.errors import ModelError
from confide.learners.estimator import SklearnLearner
from confide.models.skops.reading import load_estimators, load_skops
from confide.views.records import Records

RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(60, 3)), np.arange(60) % 3
FITTED = LogisticRegression().fit(X, Y)


def read(model: Any, folder: Path) -> Any:
    """The estimator that is read from the file of this one."""
    skops.io.dump(model, folder / "model.skops")
    return load_skops(folder / "model.skops").estimator


class Touch:
    """A pickle that makes a file when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


def test_a_pipeline_with_a_memory_unpickles_nothing(tmp_path: Path) -> None:
    marker, steps = tmp_path / "PWNED", tmp_path / "steps"
    records = Records(X, Y)
    victim = make_pipeline(StandardScaler(), LogisticRegression(), memory=str(steps)).fit(X, Y)

    def trained(estimator: Any) -> None:
        SklearnLearner(estimator=estimator).fit(records, rng=np.random.default_rng(7))

    trained(victim)
    kept = list(steps.rglob("output.pkl"))
    assert kept
    for path in kept:
        path.write_bytes(pickle.dumps(Touch(marker)))
    with pytest.raises(ModelError):
        trained(victim)  # what the same pipeline does when it does not come from a file
    assert marker.exists(), "the attack is real"
    marker.unlink()

    loaded = read(victim, tmp_path)
    before = set(tmp_path.rglob("*"))
    trained(loaded)
    assert not marker.exists() and set(tmp_path.rglob("*")) == before


PARTS = [
    ("steps", make_pipeline(StandardScaler(), LogisticRegression())),
    ("transformer_list", FeatureUnion([("a", StandardScaler())])),
    ("transformers", ColumnTransformer([("a", StandardScaler(), [0])])),
    ("estimators", VotingClassifier([("a", LogisticRegression())])),
]


@pytest.mark.parametrize(("name", "whole"), PARTS, ids=[name for name, _ in PARTS])
def test_parts_that_are_no_pairs_of_a_name_and_a_part_are_refused(
    name: str, whole: Any, tmp_path: Path
) -> None:
    whole = clone(whole).fit(X, Y)
    if hasattr(whole, "predict"):
        assert read(whole, tmp_path) is not None, "as it is it can be read"
    for odd in ([StandardScaler()], [("a",)], [(1, StandardScaler(), [0])], "ab", None):
        setattr(whole, name, odd)
        with pytest.raises(ModelError, match=rf"has {name}=.*"):
            read(whole, tmp_path)


@pytest.mark.slow
def test_what_says_where_to_write_and_what_to_take_is_reset_everywhere(tmp_path: Path) -> None:
    inner = make_pipeline(StandardScaler(), SVC(cache_size=1e9, verbose=True), memory="here", verbose=True)
    search = GridSearchCV(inner, {"svc__C": [1.0]}, cv=2, verbose=1, pre_dispatch="3*n_jobs")
    with_jobs = BaggingClassifier(RandomForestClassifier(2, n_jobs=2, verbose=1), 2, n_jobs=2)
    for model in (search.fit(X, Y), with_jobs.fit(X, Y)):
        loaded = read(model, tmp_path)
        for name, value in loaded.get_params(deep=True).items():
            word = name.rpartition("__")[2]
            expected = {"memory": None, "n_jobs": None, "pre_dispatch": "2*n_jobs", "cache_size": 200}
            if word in (*expected, "verbose"):
                assert value == expected.get(word, 0), name
    assert loaded.estimators_[0].n_jobs is None and loaded.estimators_[0].verbose == 0


def crafted(path: Path, **node: Any) -> Path:
    """A skops file of one node that is written by hand."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("schema.json", json.dumps({**node, "protocol": 2, "_skops_version": "0.16.0"}))
    return path


def text(value: Any) -> dict[str, Any]:
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
    }


def several(kind: str, *items: Any) -> dict[str, Any]:
    return {
        "__class__": kind,
        "__module__": "builtins",
        "__loader__": f"{kind.title()}Node",
        "content": list(items),
    }


def harmful_nodes(marker: Path) -> dict[str, dict[str, Any]]:
    """Nodes that call something when they are built, of the kinds that skops knows."""
    command = several("tuple", several("list", *map(text, ("touch", str(marker)))))
    shell = {"__module__": "sklearn.utils._testing", "__class__": "check_output"}
    nothing = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {}}
    nothing["key_types"] = several("list")
    function = {**shell, "__loader__": "FunctionNode"}
    return {
        "reduce": {**shell, "__loader__": "ConstructorFromReduceNode", "content": command},
        "object": {**shell, "__loader__": "ObjectNode", "content": nothing},
        "function": function,
        "type": {**shell, "__loader__": "TypeNode"},
        "tuple": {**shell, "__loader__": "TupleNode", "content": command["content"]},
        "list": {**shell, "__loader__": "ListNode", "content": command["content"][0]["content"]},
        "loss": {**shell, "__loader__": "LossNode", "__reduce__": {"args": command}, "content": nothing},
        "number": {**shell, "__loader__": "NdArrayNode", "type": "numpy", "file": "a.npy"},
        "state": {**shell, "__loader__": "RandomStateNode", "content": nothing},
        "partial": {
            **{"__module__": "functools", "__class__": "partial", "__loader__": "PartialNode"},
            "content": {"func": function, "args": command, "kwds": nothing, "namespace": text(None)},
        },
        "operator": {
            **{"__module__": "operator", "__class__": "methodcaller", "__loader__": "OperatorFuncNode"},
            "attrs": several("tuple", text("fit")),
        },
        "os": {
            **{"__module__": "os", "__class__": "system", "__loader__": "ConstructorFromReduceNode"},
            "content": several("tuple", text(f"touch {marker}")),
        },
    }


@pytest.mark.parametrize("kind", sorted(harmful_nodes(Path())))
def test_no_node_calls_what_its_file_names(kind: str, tmp_path: Path) -> None:
    marker = tmp_path / "PWNED"
    node = harmful_nodes(marker)[kind]
    for inside in (node, several("list", several("list", node, several("list")))):
        path = crafted(tmp_path / "model.skops", **inside)
        with pytest.raises(ModelError, match="cannot be trusted"):
            load_skops(path)
        # The same in the cache, which once trusted all of scikit-learn.
        with pytest.raises(ModelError, match="cannot be trusted"):
            load_estimators(path, like=make_pipeline(StandardScaler(), LogisticRegression()))
    assert not marker.exists()


def test_a_function_that_the_estimator_in_memory_holds_is_not_called_by_its_file(tmp_path: Path) -> None:
    marker = tmp_path / "PWNED"
    like = make_pipeline(FunctionTransformer(os.system), LogisticRegression())
    node = harmful_nodes(marker)["os"]
    node["__module__"] = os.system.__module__
    path = crafted(tmp_path / "kept", **node)
    with pytest.raises(ModelError, match=r"posix.system \(ConstructorFromReduceNode\)|nt.system"):
        load_estimators(path, like=like)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (TfidfVectorizer(input="filename"), "input=filename, which a file may not say"),
        (RandomForestClassifier(10**7), "n_estimators=10000000, |at most 1,000,000 are trained"),
        (BaggingClassifier(RandomForestClassifier(5000), 5000), "at most 1,000,000 are trained"),
        (
            GridSearchCV(FITTED, {"C": list(map(float, range(1, 1500))), "tol": [1e-4] * 300}),
            "at most 1,000,000",
        ),
        (MLPClassifier((10_000, 10_000, 10_000)), "more than 100,000,000 weights"),
        (FunctionTransformer(np.log1p, kw_args={"out": 1}), "kw_args="),
        (KNeighborsClassifier(metric_params={"w": 1}), "metric_params="),
        (GradientBoostingClassifier(init=FITTED), "init=LogisticRegression, which is not None or 'zero'"),
        (LogisticRegression(C="a\x1b[2J lot"), r"argument=.*which scikit-learn does not take"),
        (
            FeatureUnion([("a", StandardScaler())], verbose_feature_names_out="{x:>999999999}"),
            "verbose_feature",
        ),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "get_params") else None,
)
def test_an_argument_that_could_do_harm_is_refused(model: Any, words: str, tmp_path: Path) -> None:
    for holder in (model, make_pipeline(model, FITTED)):
        with pytest.raises(ModelError, match=words) as refusal:
            read(holder, tmp_path)
        assert "\x1b" not in str(refusal.value)


def fitted(model: Any, **changed: Any) -> Any:
    """This model, fitted, with other attributes."""
    made = model.fit(X, Y)
    vars(made).update(changed)
    return made


def narrow_start() -> Any:
    model = GradientBoostingClassifier(n_estimators=2).fit(X, Y)
    model.init_ = clone(model.init_).set_params(strategy="prior").fit(X, Y > 0)
    return model


def far_coefficients() -> Any:
    model = clone(FITTED).fit(X, Y).sparsify()
    model.coef_ = sparse.csr_matrix(
        (model.coef_.data, model.coef_.indices + 10**6, model.coef_.indptr), (3, 10**7)
    )
    model.coef_._shape = (3, 3)
    return model


def shapes(model: Any, **arrays: Any) -> Any:
    made = fitted(model)
    for name, change in arrays.items():
        setattr(made, name, change(getattr(made, name)))
    return made


OUTSIDE = {
    "boosting that starts from fewer columns than it has trees": narrow_start,
    "neighbours with a label far outside": lambda: shapes(
        KNeighborsClassifier(algorithm="brute", metric="manhattan"), _y=lambda y: y + 7
    ),
    "neighbours in a radius with a label far outside": lambda: shapes(
        RadiusNeighborsClassifier(9.0), _y=lambda y: y + 10**9
    ),
    "fewer points than are asked for": lambda: fitted(KNeighborsClassifier(), _fit_X=X[:1]),
    "an encoder of fewer columns than categories": lambda: fitted(
        OneHotEncoder(), _n_features_outs=[1, 1, 1]
    ),
    "an encoder of unordered categories": lambda: shapes(
        OneHotEncoder(), categories_=lambda c: [a[::-1] for a in c]
    ),
    "a machine with less than no vectors": lambda: shapes(
        SVC(), _n_support=lambda n: np.array([-(2**30), 2**30 + n[0] + n[1], n[2]], np.int32)
    ),
    "a machine of another kind": lambda: fitted(SVC(), _impl="nu_svr"),
    "a machine of fewer coefficients": lambda: shapes(SVC(), _dual_coef_=lambda c: c[:1]),
    "coefficients in columns that do not exist": far_coefficients,
    "a method that is a value": lambda: fitted(clone(FITTED), predict=3),
    "a function among the numbers": lambda: fitted(clone(FITTED), intercept_=np.log1p),
}
HARMLESS = ("an encoder of fewer columns than categories",)
"""Computed again: what the file says of it is not used."""


@pytest.mark.parametrize("case", OUTSIDE)
def test_a_state_that_leads_out_of_its_arrays_is_refused(case: str, tmp_path: Path) -> None:
    model = OUTSIDE[case]()
    if case in HARMLESS:
        np.testing.assert_array_equal(
            read(make_pipeline(model, FITTED), tmp_path)[0].transform(X).toarray(),
            OneHotEncoder().fit_transform(X).toarray(),
        )
        return
    with pytest.raises(ModelError, match=r"damaged or made to do harm|cannot be trusted|not a readable"):
        read(model, tmp_path)


def test_a_tree_of_other_sizes_than_its_arrays_is_never_built(tmp_path: Path) -> None:
    skops.io.dump(DecisionTreeClassifier().fit(X, Y), tmp_path / "tree.skops")
    with zipfile.ZipFile(tmp_path / "tree.skops") as file:
        schema = json.loads(file.read("schema.json"))
        rest = {name: file.read(name) for name in file.namelist() if name != "schema.json"}

    def with_size(name: str, value: int) -> Path:
        whole = json.loads(json.dumps(schema))
        tree = next(part for part in parts(whole) if part.get("__loader__") == "TreeNode")
        arguments = dict(
            zip(("features", "classes", "outputs"), tree["__reduce__"]["args"]["content"], strict=True)
        )
        size = {**tree["content"]["content"], **arguments}[name]
        size["content"] = str(value)
        del size["__id__"]  # else it is the same number as another one
        with zipfile.ZipFile(tmp_path / "changed.skops", "w") as file:
            file.writestr("schema.json", json.dumps(whole))
            for entry, content in rest.items():
                file.writestr(entry, content)
        return tmp_path / "changed.skops"

    for name, value in (("node_count", 10**6), ("node_count", 1), ("outputs", 10**6), ("features", 10**9)):
        with pytest.raises(ModelError, match="made to do harm"):
            load_skops(with_size(name, value))


def parts(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from parts(part)
    elif isinstance(value, list):
        for part in value:
            yield from parts(part)


def npy(shape: str, content: bytes = b"", kind: str = "<f8") -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + content


@pytest.mark.parametrize(
    "raw",
    [
        npy("(1000000000000,)"),
        npy("(4,)", b"\0" * 24),
        npy("(2,)", b"\0" * 24),
        npy("(-1,)", b"\0" * 8),
        npy("(1000000000000,)", kind="|S0"),
        npy("(1,)", b"\0" * 8, kind="|O"),
    ],
)
def test_an_array_takes_no_more_room_than_its_bytes(raw: bytes, tmp_path: Path) -> None:
    node = {"__module__": "numpy", "__class__": "ndarray", "__loader__": "NdArrayNode", "type": "numpy"}
    path = crafted(tmp_path / "model.skops", **node, file="a.npy")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("a.npy", raw)
    with pytest.raises(ModelError, match="not a readable skops file"):
        load_skops(path)


def test_a_small_file_cannot_fill_the_memory(tmp_path: Path) -> None:
    path, array = tmp_path / "model.skops", io.BytesIO()
    np.save(array, np.zeros(10**7))
    node = {"__module__": "numpy", "__class__": "ndarray", "__loader__": "NdArrayNode", "type": "numpy"}
    with zipfile.ZipFile(crafted(path, **node, file="a.npy"), "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", array.getvalue())
    assert path.stat().st_size < 10**6
    with pytest.raises(ModelError, match="its contents are more than 100 times larger than the file"):
        load_skops(path)
    # The same array, asked for again and again.
    crafted(path, **several("list", *[{**node, "file": "a.npy"}] * 5000))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("a.npy", npy("(100000,)", b"\0" * 800_000))
    with pytest.raises(ModelError, match="its arrays take more than 100 times the size of the file"):
        load_skops(path)


def test_a_file_that_holds_itself_is_refused(tmp_path: Path) -> None:
    inner = {**several("list"), "__id__": 1}
    for number in range(2, 40):
        again = {**several("list"), "__id__": number - 1}
        inner = {**several("list", inner, again, again), "__id__": number}
    with pytest.raises(ModelError, match="holds itself more often than it is long"):
        load_skops(crafted(tmp_path / "model.skops", **inner))
    deep = several("list")
    for _ in range(200):
        deep = several("list", deep)
    with pytest.raises(ModelError, match="nested more than 150 deep"):
        load_skops(crafted(tmp_path / "model.skops", **deep))


@pytest.mark.parametrize("protocol", [0, 3, True, None, "2"])
def test_a_version_that_is_not_known_is_named(protocol: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as file:
        file.writestr("schema.json", json.dumps({**text(1), "protocol": protocol}))
    with pytest.raises(ModelError, match="of the skops format; 1 to 2 can be read"):
        load_skops(tmp_path / "model.skops")


def test_only_a_few_functions_are_taken_each_for_its_argument(tmp_path: Path) -> None:
    ok = make_pipeline(FunctionTransformer(np.log1p, inverse_func=np.expm1), LogisticRegression()).fit(
        X**2, Y
    )
    np.testing.assert_allclose(read(ok, tmp_path).predict_proba(X**2), ok.predict_proba(X**2))
    for other in (np.save, np.fromfile, np.add, os.remove):
        with pytest.raises(ModelError, match="cannot be trusted"):
            read(make_pipeline(FunctionTransformer(other), FITTED), tmp_path)
    words = TfidfVectorizer(tokenizer=np.log1p)
    with pytest.raises(ModelError, match="a function that is not on the list"):
        read(make_pipeline(words, FITTED), tmp_path)


def test_a_number_with_which_training_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="further from 0 than"):
        read(LinearSVC().fit(X, Y).set_params(C=1e110), tmp_path)
