"""Folders of pictures: prepared by a transform or as a graph says; a sentence for what nothing says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import polars as pl
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from confide.core.errors import ConfideError, DataError, ModelError
from confide.inputs.model import Model
from confide.inputs.model_data import ModelData, read_model

CLASSES = ("ant", "bee", "cat")
EACH = 16


def pixels_of(kind: int, number: int, shape: tuple[int, ...] = (6, 4, 3)) -> NDArray[np.uint8]:
    """A picture whose class a mean shows: dark, grey or bright."""
    rng = np.random.default_rng([kind, number])
    return rng.integers(80 * kind, 80 * kind + 60, shape).astype(np.uint8)


def album(folder: Path, start: int, *, shape: tuple[int, ...] = (6, 4, 3), loose: bool = False) -> Path:
    """A folder of pictures, one sub-folder a class."""
    for kind, name in enumerate(CLASSES):
        for number in range(start, start + EACH):
            place = folder / (f"{name}{number}.png" if loose else f"{name}/{number}.png")
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels_of(kind, number, shape)).save(place)
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders `train` and `holdout` in the working folder."""
    monkeypatch.chdir(tmp_path)
    album(tmp_path / "train", 0), album(tmp_path / "holdout", 100)
    return tmp_path


def by_brightness(x: Any) -> NDArray[np.float64]:
    """Scores of dark, grey and bright for pixels of 0 to 255, in any layout."""
    mean = np.asarray(x, np.float64).reshape(len(x), -1).mean(axis=1)
    return -np.abs(mean[:, None] - np.array([30.0, 110.0, 190.0])) / 20


def array(image: Any) -> NDArray[np.float32]:
    return np.asarray(image, np.float32)


def read(
    model: Any = by_brightness, train: Any = "train", holdout: Any = "holdout", **told: Any
) -> ModelData:
    told.setdefault("transform", array)
    return read_model(Model(model, members=train, nonmembers=holdout, **told), rng=np.random.default_rng(0))


def test_each_picture_is_prepared_and_labelled_by_its_folder(desk: Path) -> None:
    data = read(classes=CLASSES)
    assert data.targets.x.shape == (6 * EACH, 6, 4, 3) and data.member.sum() == 3 * EACH
    for x, y, member, file in zip(
        data.targets.x, data.targets.y, data.member, data.who["file"].to_list(), strict=True
    ):
        side, name, number = Path(file).parts
        assert side == ("train" if member else "holdout") and CLASSES[y] == name
        np.testing.assert_array_equal(x, pixels_of(int(y), int(Path(number).stem)))
    assert "Each picture is labelled by the folder that it is in." in data.notes
    assert "Each picture was prepared by array." in data.notes


@pytest.mark.parametrize("file", ["labels.csv", "metadata.parquet"])
def test_a_table_beside_the_pictures_says_labels_and_people(file: str, tmp_path: Path) -> None:
    for side, start in (("train", 0), ("holdout", 100)):
        files = sorted(p.name for p in album(tmp_path / side, start, loose=True).iterdir())
        rows = pl.DataFrame(
            {
                "file" if file.startswith("l") else "file_name": files[::-1],
                "insect": [f[:3] for f in files[::-1]],
                "who": [f"{side}{f[:4]}" for f in files[::-1]],
            }
        )
        rows.write_csv(tmp_path / side / file) if file.endswith("csv") else rows.write_parquet(
            tmp_path / side / file
        )
    data = read(train=tmp_path / "train", holdout=tmp_path / "holdout", label="insect", user="who")
    assert [CLASSES[y] for y in data.targets.y] == [Path(f).stem[:3] for f in data.who["file"]]
    assert [f"{f.split('/')[0]}{Path(f).name[:4]}" for f in data.who["file"]] == data.who["id"].to_list()
    assert f"Each picture is labelled by the column insect of {file}." in data.notes


def test_folders_that_are_numbers_are_the_numbers_of_classes(tmp_path: Path) -> None:
    for side in ("train", "holdout"):
        for kind in range(12):  # as texts, 10 and 11 would stand before 2
            for number in range(4):
                place = tmp_path / side / str(kind)
                place.mkdir(parents=True, exist_ok=True)
                value = 20 * kind + number + (10 if side == "train" else 0)
                Image.fromarray(np.full((3, 3), value, np.uint8)).save(place / f"{number}.png")
    twelve = lambda x: -np.abs(np.asarray(x).mean(axis=(1, 2))[:, None] - np.arange(12) * 20.0 - 8) / 5  # noqa: E731
    data = read(twelve, tmp_path / "train", tmp_path / "holdout")
    kinds = [int(Path(f).parent.name) for f in data.who["file"]]
    assert data.targets.y.tolist() == kinds


TRANSFORMS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "shapes": (
        lambda i: array(i)[: 3 + array(i)[0, 0, 0].astype(int) % 2],
        "bring all to the same .cut, resize",
    ),
    "types": (
        lambda i: array(i).astype("f8" if array(i)[0, 0, 0] > 99 else "f4"),
        "and ant/0.png after the tr",
    ),
    "infinite": (
        lambda i: array(i) * np.nan,
        "ant/0.png after the transform has .* values that are not finite",
    ),
    "picture": (lambda i: i, "ant/0.png after the transform is still a picture, and no array"),
    "nothing": (lambda i: None, r"after the transform is nothing \(None\)"),
    "text": (lambda i: "x", "after the transform is of type str"),
    "objects": (lambda i: np.array([object()]), "after the transform is an array of object"),
    "empty": (lambda i: array(i)[:0], "without any value"),
    "fails": (lambda i: 1 / 0, r"fails for ant/0.png \(RGB, 6x4\) \(ZeroDivisionError"),
    "random": (lambda i: array(i)[:: np.random.choice([1, -1])], "gives other values for the same record"),  # noqa: NPY002
    "exits": (lambda i: exit(3), "ends the process"),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_that_cannot_be_used_gets_a_sentence(name: str, desk: Path) -> None:
    transform, words = TRANSFORMS[name]
    with pytest.raises(ConfideError, match=words):
        read(transform=transform)


def damaged(desk: Path) -> None:
    path = desk / "train/bee/3.png"
    path.write_bytes(path.read_bytes()[:70])


def table(rows: dict[str, list[Any]]) -> Callable[[Path], None]:
    return lambda desk: pl.DataFrame(rows).write_csv(desk / "train/labels.csv")


ALL = [f"{name}/{n}.png" for name in CLASSES for n in range(EACH)]
FOLDERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "damaged": (damaged, "bee/3.png cannot be read as a picture"),
    "loose": (
        lambda d: (d / "train/ant/0.png").rename(d / "train/0.png"),
        "what is the label of 0.png in train",
    ),
    "nameless": (
        table({"file": ALL[1:], "label": [1] * 47}),
        "labels.csv has no label for ant/0.png: add rows",
    ),
    "unknown": (table({"file": [*ALL, "z.png"], "label": [1] * 49}), "names z.png, not to be found in train"),
    "twice": (table({"file": [*ALL, ALL[0]], "label": [1] * 49}), "names ant/0.png more than once"),
    "no file": (table({"picture": ALL, "label": [1] * 48}), "has no column 'file'"),
    "no label": (
        table({"file": ALL, "a": [1] * 48, "b": [1] * 48}),
        "no column 'label' for the label: it has",
    ),
    "two tables": (
        lambda d: [
            (d / "train" / name).write_text("file,label\n") for name in ("labels.csv", "metadata.csv")
        ],
        "holds labels.csv, metadata.csv: leave the one",
    ),
    "empty": (lambda d: [p.unlink() for p in (d / "train").rglob("*.png")], "train holds no pictures"),
    "another": (lambda d: (d / "holdout/ant").rename(d / "holdout/dog"), "dog"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_does_not_say_what_it_shows_gets_a_sentence(name: str, desk: Path) -> None:
    change, words = FOLDERS[name]
    change(desk)
    with pytest.raises(ConfideError, match=words):
        read()


def test_a_folder_of_train_and_test_is_not_taken_for_two_classes(desk: Path) -> None:
    for side in ("train", "holdout"):
        (desk / "all").mkdir(exist_ok=True)
        (desk / side).rename(desk / "all" / side)
    with pytest.raises(DataError, match="all is divided into holdout, train: give the parts by themselves"):
        read(train="all", holdout="all")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"transform": None}, "train are pictures, and this model does not show how it takes one"),
        ({"transform": 3}, "--transform int is of type int: give a function"),
        ({"user": "who"}, "train has no table, so none of its columns is called 'who'"),
        ({"label": "sort"}, "train has no table, so none of its columns is called 'sort'"),
        ({"holdout": None}, "nonmembers is of type NoneType"),
        (
            {"train": (np.zeros((9, 2)), np.zeros(9)), "holdout": (np.ones((9, 2)), np.ones(9))},
            "leave it out, or",
        ),
        ({"holdout": (np.ones((9, 6, 4, 3), np.float64), np.ones(9))}, "give both the same shape and type"),
    ],
)
def test_what_the_user_says_must_fit(told: dict[str, Any], words: str, desk: Path) -> None:
    with pytest.raises(ConfideError, match=words):
        read(**told)


def graph(path: Path, kind: int, shape: list[Any], **about: str) -> Path:
    """A graph that says how near the mean of a picture is to that of each class."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], axes=list(range(1, len(shape))), keepdims=0),
        helper.make_node("Unsqueeze", ["m", "one"], ["u"]),
        helper.make_node("Sub", ["u", "means"], ["d"]),
        helper.make_node("Abs", ["d"], ["a"]),
        helper.make_node("Mul", ["a", "scale"], ["y"]),
    ]
    span = {"NominalRange_0_255": 255.0, "Normalized_0_1": 1.0}.get(about.get("NominalPixelRange", ""), 255.0)
    constants = [
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("means", TensorProto.FLOAT, [3], [m / 255 * span for m in (30.0, 110.0, 190.0)]),
        helper.make_tensor("scale", TensorProto.FLOAT, [1], [-12.0 / span]),
    ]
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "near",
            [helper.make_tensor_value_info("x", kind, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [shape[0], 3])],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=9,
    )
    for key, value in about.items():
        made.metadata_props.add(key=f"Image.{key}", value=value)
    onnx.save(made, str(path))
    return path


@pytest.mark.parametrize(
    ("kind", "shape", "about", "expected"),
    [
        (TensorProto.UINT8, ["n", 6, 4, 3], {}, lambda p: p),
        (TensorProto.UINT8, ["n", 3, "h", "w"], {}, lambda p: p.transpose(2, 0, 1)),
        (TensorProto.UINT8, ["n", 6, 4, 3], {"BitmapPixelFormat": "Bgr8"}, lambda p: p[..., ::-1]),
        (
            TensorProto.FLOAT,
            ["n", 3, 6, 4],
            {"NominalPixelRange": "Normalized_0_1"},
            lambda p: p.transpose(2, 0, 1) / 255,
        ),
    ],
)
def test_a_graph_gets_the_pixels_that_it_says_it_takes(
    kind: int, shape: list[Any], about: dict[str, str], expected: Callable[[Any], Any], desk: Path
) -> None:
    data = read(str(graph(desk / "near.onnx", kind, shape, **about)), transform=None)
    for x, y, file in zip(data.targets.x, data.targets.y, data.who["file"].to_list(), strict=True):
        np.testing.assert_allclose(x, expected(pixels_of(int(y), int(Path(file).stem))), rtol=1e-6)
    assert any("given to the graph as" in note for note in data.notes)
    assert "The labels are taken for the outputs of the model in this order: ant, bee, cat." in data.notes
    assert not any("resized" in note for note in data.notes)


def test_grey_pictures_go_to_a_graph_without_channels_or_with_one(tmp_path: Path) -> None:
    album(tmp_path / "train", 0, shape=(6, 4)), album(tmp_path / "holdout", 100, shape=(6, 4))
    for shape, wanted in ((["n", 6, 4], (6, 4)), (["n", 1, 6, 4], (1, 6, 4))):
        path = graph(tmp_path / f"{len(shape)}.onnx", TensorProto.UINT8, shape)
        data = read(str(path), tmp_path / "train", tmp_path / "holdout", transform=None)
        assert data.targets.x.shape[1:] == wanted


def test_a_graph_of_a_fixed_size_gets_pictures_of_that_size_and_the_report_says_so(desk: Path) -> None:
    data = read(str(graph(desk / "near.onnx", TensorProto.UINT8, ["n", 3, 12, 8])), transform=None)
    assert data.targets.x.shape[1:] == (3, 12, 8)
    assert any(
        n.startswith("48 pictures of train were resized to 12 x 8, which the graph") for n in data.notes
    )


def turned(desk: Path) -> None:
    picture = Image.fromarray(pixels_of(0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(desk / "train/ant/0.png", exif=exif)


def mixed(desk: Path) -> None:
    Image.fromarray(pixels_of(0, 0, (5, 4, 3))).save(desk / "train/ant/0.png")


@pytest.mark.parametrize(
    ("kind", "shape", "change", "words"),
    [
        (TensorProto.FLOAT, ["n", 3, 6, 4], None, "does not say what pixels of 0 to 255 become"),
        (TensorProto.UINT8, ["n", 1, 6, 4], None, "train are in colour, and the graph takes 1 channel"),
        (
            TensorProto.UINT8,
            ["n", "c", "h", "w"],
            None,
            "takes records of .x.x., which does not show its channels",
        ),
        (TensorProto.UINT8, ["n", 72], None, "does not show its channels"),
        (TensorProto.INT64, ["n", 6, 4, 3], None, "train are pictures, and .* takes x tensor.int64."),
        (
            TensorProto.UINT8,
            ["n", "h", "w", 3],
            mixed,
            "mixed sizes, .* to one size, or give --transform, which",
        ),
        (TensorProto.UINT8, ["n", 6, 4, 3], turned, "ant/0.png of train say how the camera was held"),
    ],
)
def test_a_graph_that_leaves_open_what_it_takes_is_not_guessed_about(
    kind: int, shape: list[Any], change: Callable[[Path], None] | None, words: str, desk: Path
) -> None:
    if change is not None:
        change(desk)
    with pytest.raises((DataError, ModelError), match=words):
        read(str(graph(desk / "near.onnx", kind, shape)), transform=None)
