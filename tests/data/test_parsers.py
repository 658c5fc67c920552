"""Each publisher's layout, on made-up files of that layout."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from confide.core.errors import DataError
from confide.data import (
    adult,
    cifar,
    cifar100,
    diabetes130,
    fair,
    location30,
    mnist,
    purchase100,
    texas100,
)
from confide.data.locating import File


def tar(path: Path, held: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as opened:
        for name, content in held.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))


def csv(table: np.ndarray, *, quoted: bool = False) -> bytes:
    mark = '"' if quoted else ""
    return "\n".join(",".join(f"{mark}{v}{mark}" for v in row) for row in table).encode() + b"\n"


def made(rows: int, width: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.integers(0, 2, (rows, width)), rng.integers(1, classes + 1, rows)


@pytest.mark.parametrize("quoted", [True, False])
def test_location30_archive(
    machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, quoted: bool
) -> None:
    x, y = made(20, 446, 30)
    # the real archive's checksum would refuse a made-up one
    monkeypatch.setattr(location30, "ARCHIVE", File(path=location30.ARCHIVE.path))
    tar(machine[0] / location30.ARCHIVE.path, {"bangkok": csv(np.column_stack([y, x]), quoted=quoted)})
    records = location30.load()
    np.testing.assert_array_equal(records.x, x)
    np.testing.assert_array_equal(records.y, y - 1)


def test_a_wrong_location30_archive_is_refused(machine: tuple[Path, Path]) -> None:
    tar(machine[0] / location30.ARCHIVE.path, {"bangkok": b"1,0\n"})
    with pytest.raises(DataError, match=r"dataset_location\.tgz has sha256"):
        location30.load()


def test_purchase100_archive_and_its_repeats(machine: tuple[Path, Path]) -> None:
    x, y = made(30, 600, 100)
    table = np.column_stack([y, x])
    tar(machine[0] / purchase100.ARCHIVE.path, {"dataset_purchase": csv(np.concatenate([table, table[:4]]))})
    records = purchase100.load()
    np.testing.assert_array_equal(records.x, x)
    np.testing.assert_array_equal(records.y, y - 1)
    assert len(purchase100.load(distinct=False)) == 34


def test_texas100_archive(machine: tuple[Path, Path]) -> None:
    x, y = made(10, 6_169, 100)
    path = machine[1] / texas100.ARCHIVE.path
    tar(path, {"texas/100/feats": csv(x), "texas/100/labels": csv(y[:, None])})
    records = texas100.load()
    np.testing.assert_array_equal(records.x, x)
    np.testing.assert_array_equal(records.y, y - 1)
    tar(path, {"texas/100/feats": csv(x), "texas/100/labels": csv(y[:9, None])})
    with pytest.raises(DataError, match="10 stays but 9 labels"):
        texas100.load()


def test_labels_that_no_class_has_are_refused(machine: tuple[Path, Path]) -> None:
    x, y = made(10, 600, 100)
    y[3] = 101
    tar(machine[0] / purchase100.ARCHIVE.path, {"dataset_purchase": csv(np.column_stack([y, x]))})
    with pytest.raises(DataError, match=r"classes .* to 100, not 0 to 99"):
        purchase100.load()


@pytest.mark.parametrize("data", [purchase100, texas100])
def test_what_nobody_offers_with_a_checksum_is_explained(machine: tuple[Path, Path], data: object) -> None:
    with pytest.raises(DataError, match=r"https://github\.com/privacytrustlab/datasets\. Then put it at"):
        data.load()  # pyright: ignore[reportAttributeAccessIssue]


def images(n: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, 3, 32, 32)).astype(np.uint8)


def strips(path: Path, x: np.ndarray, classes: list[int]) -> None:
    """One strip a class, equal shares, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held: list[bytes] = []
    for part in np.split(x, len(classes)):
        buffer = io.BytesIO()
        Image.fromarray(part.transpose(0, 2, 3, 1).reshape(-1, 32, 3)).save(
            buffer, "WEBP", lossless=True, exact=True
        )
        held.append(buffer.getvalue())
    n = len(x) // len(classes)
    pl.DataFrame({"class_id": classes, "n": [n] * len(classes), "strip_webp": held}).write_parquet(path)


def test_cifar_strips_splits_and_repeats(machine: tuple[Path, Path]) -> None:
    x = images(8)
    x[7] = x[0]  # a test image that is also a training image, under another label
    strips(machine[0] / cifar100.PACKED[0].path, x[:6], [0, 5])
    strips(machine[0] / cifar100.PACKED[1].path, x[6:], [99])
    records = cifar100.load(distinct=False)
    np.testing.assert_array_equal(records.x, (x / np.float32(255)).astype(np.float32))
    assert records.y.tolist() == [0, 0, 0, 5, 5, 5, 99, 99]
    assert [len(cifar100.load(split=part)) for part in ("all", "train", "test")] == [7, 6, 1]
    with pytest.raises(DataError, match="no split 'dev'"):
        cifar100.load(split="dev")  # pyright: ignore[reportArgumentType]


def test_cifar_strips_damaged_or_of_another_size(machine: tuple[Path, Path]) -> None:
    path = machine[0] / cifar100.PACKED[0].path
    strips(path, images(4), [1])
    table = pl.read_parquet(path)
    table.with_columns(n=pl.lit(5)).write_parquet(path)
    with pytest.raises(DataError, match="32 wide"):
        cifar.strips(path)
    table.with_columns(strip_webp=pl.lit(b"no picture")).write_parquet(path)
    with pytest.raises(DataError, match="WebP strips"):
        cifar.strips(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="WebP strips"):
        cifar.strips(path)


def test_without_pillow_the_extra_is_named(
    machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match=r"pip install 'confide\[data\]'"):
        cifar.strips(machine[0] / cifar100.PACKED[0].path)


def test_cifar100_binary_archive(machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    x, fine = images(5), np.array([0, 99, 7, 7, 3], dtype=np.uint8)
    raw = np.column_stack([fine // 5, fine, x.reshape(5, -1)]).astype(np.uint8)
    monkeypatch.setattr(cifar100, "ARCHIVE", File(path=cifar100.ARCHIVE.path))
    path = machine[0] / cifar100.ARCHIVE.path
    tar(
        path,
        {"cifar-100-binary/train.bin": raw[:3].tobytes(), "cifar-100-binary/test.bin": raw[3:].tobytes()},
    )
    records = cifar100.load(split="test")
    np.testing.assert_array_equal(records.x, (x[3:] / np.float32(255)).astype(np.float32))
    assert records.y.tolist() == [7, 3]
    tar(path, {"cifar-100-binary/train.bin": b"123", "cifar-100-binary/test.bin": b""})
    with pytest.raises(DataError, match="not a multiple of 3074"):
        cifar100.load()


@pytest.mark.parametrize("letter", ["x", "X"])
def test_mnist_as_packed_and_as_keras_has_it(machine: tuple[Path, Path], letter: str) -> None:
    x = np.random.default_rng(4).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    path = machine[0] / mnist.PACKED.path
    path.parent.mkdir()
    np.savez(
        path, **{f"{letter}_train": x[:3], f"{letter}_test": x[3:]}, y_train=np.arange(3), y_test=np.arange(2)
    )
    records = mnist.load()
    np.testing.assert_array_equal(records.x, (x[:, None] / np.float32(255)).astype(np.float32))
    assert records.y.tolist() == [0, 1, 2, 0, 1]
    assert mnist.load(split="test").y.tolist() == [0, 1]
    np.savez(path, X_train=x[:3], X_test=x[3:], y_train=np.arange(2), y_test=np.arange(2))
    with pytest.raises(DataError, match="28 x 28"):
        mnist.load()


def row(age: int, work: str, income: str) -> str:
    middle = "9, Bachelors, 13, Divorced, Sales, Wife, White, Female, 0, 0, 40"
    return f"{age}, {work}, {middle}, Peru, {income}"


def test_adult_as_uci_has_it(machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRAIN", "TEST"):
        monkeypatch.setattr(adult, name, File(path=getattr(adult, name).path))
    train = [row(30, "Private", ">50K"), row(31, "?", "<=50K"), row(30, "Private", ">50K")]
    test = ["|1x3 Cross validator", row(30, "Private", ">50K."), row(40, "Private", "<=50K.")]
    (machine[0] / "tabular").mkdir()
    for file, lines in ((adult.TRAIN, train), (adult.TEST, test)):
        (machine[0] / file.path).write_text("\n".join(lines) + "\n\n")
    records = adult.load(distinct=False)
    assert isinstance(records.x, pl.DataFrame)
    assert records.x.schema == adult.twin(1, rng=np.random.default_rng(1)).x.schema  # pyright: ignore[reportAttributeAccessIssue]
    assert records.x["workclass"].to_list() == ["Private", None, "Private", "Private", "Private"]
    assert records.y.tolist() == [1, 0, 1, 1, 0]
    assert adult.load().y.tolist() == [1, 0, 0]
    assert adult.load(split="test").y.tolist() == [0]
    (machine[0] / adult.TRAIN.path).write_text("30, Private\n")
    with pytest.raises(DataError, match="UCI's Adult table"):
        adult.load()


def test_a_damaged_adult_parquet_is_said(machine: tuple[Path, Path]) -> None:
    (machine[0] / "tabular").mkdir()
    (machine[0] / adult.PACKED.path).write_bytes(b"PAR1 no more")
    with pytest.raises(DataError, match="Adult table"):
        adult.load()


def test_diabetes130_as_uci_has_it(machine: tuple[Path, Path]) -> None:
    plain = {
        **dict.fromkeys(diabetes130.ONE_OF, "?"),
        **dict.fromkeys(diabetes130.DRUGS.split(), "No"),
        **dict.fromkeys(diabetes130.FROM, "0"),
    }
    stays = [
        {"encounter_id": 20, "patient_nbr": 1, "diag_1": "414", "diag_2": "?", "diag_3": "?"},
        {"encounter_id": 9, "patient_nbr": 1, "diag_1": "8", "diag_2": "250.02", "diag_3": "V45"},
        {"encounter_id": 30, "patient_nbr": 2, "diag_1": "V57", "diag_2": "E849", "diag_3": "E849"},
        {"encounter_id": 31, "patient_nbr": 3, "diag_1": "999", "diag_2": "?", "diag_3": "?"},
    ]
    stays[1] |= {"num_medications": 49, "insulin": "Up", "number_diagnoses": 16, "gender": "Female"}
    (machine[0] / "tabular").mkdir()
    pl.DataFrame([plain | stay for stay in stays], strict=False).write_csv(machine[0] / diabetes130.UCI.path)
    records = diabetes130.load()
    assert [diabetes130.CARD.classes[c] for c in records.y] == ["008", "V57"]  # first stays, listed reasons
    names = [f"{name} {code}" for name, codes in diabetes130.ONE_OF.items() for code in codes]
    names += [f"{name} {edge}" for name, edges in diabetes130.FROM.items() for edge in edges]
    names += list(diabetes130.DIAGNOSES)
    yes = [{names[j] for j in np.flatnonzero(row)} for row in np.asarray(records.x)]
    zeros = {f"{name} 0" for name in diabetes130.FROM if name not in ("num_medications", "number_diagnoses")}
    told = {"gender Female", "insulin Up", "num_medications 45", "number_diagnoses 10", "250", "V45"}
    assert yes == [zeros | told, zeros | {"num_medications 0", "E849"}]
    (machine[0] / diabetes130.UCI.path).write_text("encounter_id\n1\n")
    with pytest.raises(DataError, match="table of stays"):
        diabetes130.load()


def test_without_statsmodels_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    with pytest.raises(DataError, match=r"pip install 'confide\[demo\]'"):
        fair.load()
