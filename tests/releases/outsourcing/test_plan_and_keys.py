"""Plan and keys as files: whole or absent, the secret for its owner alone, and what does not fit is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file
from tests.releases.outsourcing.plans import write_plan

from confide.cli import main
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.encrypt.parameters import tenseal
from confide.releases.outsourcing.key_files import make_keys, read_keys, read_kit
from confide.releases.outsourcing.plan_file import TRUST, read_plan
from confide.releases.outsourcing.reading import read_arithmetic
from confide.releases.outsourcing.rows import rows_of

pytest.importorskip("tenseal")

WEIGHTS = np.array([[0.123456789, -0.987654321, 0.555555555]])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model, plan and keys."""
    folder = tmp_path_factory.mktemp("outsource")
    save_file({"weight": WEIGHTS}, folder / "net.safetensors", metadata={"link": "sigmoid"})
    done = run(folder, columns="age,income,debt")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(TRUST[0]) and "128 bits" in done.output
    make_keys(read_plan(folder / "plan.json"), folder / "client")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(made, tmp_path / "own")
    return tmp_path / "own"


def run(folder: Path, **given: str):
    """`confide outsource plan`, with options that are good where nothing else is given."""
    options = {
        "model": str(folder / "net.safetensors"),
        "rows": "5000",
        "bound": "2",
        "out": str(folder / "plan.json"),
        **given,
    }
    listed = [part for name, value in options.items() for part in (f"--{name}", value)]
    return CliRunner().invoke(main, ["outsource", "plan", *listed])


def test_a_plan_says_what_is_agreed_and_no_weight(made: Path) -> None:
    text = (made / "plan.json").read_text()
    held = read_plan(made / "plan.json")
    assert held.columns == ("age", "income", "debt") and held.plan.link == "sigmoid" and held.rows == 5000
    numbers = [v for v in flat(json.loads(text)) if isinstance(v, float)]
    assert all(abs(abs(w) - abs(n)) > 1e-6 for w in WEIGHTS.ravel() for n in numbers)
    assert held.plan.largest == pytest.approx(2 * np.abs(WEIGHTS).sum())


def flat(value: object) -> list[object]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inside is None else [part for one in inside for part in flat(one)]


@pytest.mark.parametrize(
    "given, words",
    [
        ({"precision": "1e-14"}, "no parameters of the table give a precision of 1e-14: the best is"),
        ({"latency": "0.0001s"}, "latency takes"),
        ({"latency": "10"}, "has no unit"),
        ({"bound": "1e30"}, "take a smaller bound"),
        ({"bound": "0"}, "bound is 0.0: give a number above 0"),
        ({"columns": "age,age,debt"}, "names a column twice"),
        ({"columns": "age,debt"}, "2 columns are named, and the model takes 3"),
        ({"model": "none.safetensors"}, "there is no file none.safetensors"),
        ({}, "is there already"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_and_none_is_written(
    folder: Path, given: dict[str, str], words: str
) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    done = run(folder, **({} if not given else {"out": str(folder / "new.json")}), **given)
    assert done.exit_code == 2 and words in " ".join(done.output.split()), done.output
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda said: said["plan"].update(bound=3.0), "was changed"),
        (lambda said: said["plan"].update(bits=[60, 40, 60, 60, 60]), "less than 128 bits of security"),
        (lambda said: said["plan"].update(bound="3"), "damaged, or of another version"),
        (lambda said: said["plan"].update(link="relu"), "damaged, or of another version"),
        (lambda said: said["plan"].update(secret=1), "damaged, or of another version"),
        (lambda said: said["plan"].update(precision=float("inf")), "damaged, or of another version"),
        (lambda said: said["plan"].update(inputs=0), "damaged, or of another version"),
        (lambda said: said["plan"].pop("model"), "damaged, or of another version"),
        (lambda said: said.update(format="other"), "is no plan of format"),
        (lambda said: said.update(columns=["age"]), "1 columns are named"),
    ],
)
def test_a_changed_plan_is_refused(folder: Path, change, words: str) -> None:
    said = json.loads((folder / "plan.json").read_text())
    change(said)
    (folder / "plan.json").write_text(json.dumps(said))
    with pytest.raises((DataError, PromiseError), match=words):
        read_plan(folder / "plan.json")


def test_keys_are_for_their_owner_and_the_kit_has_no_secret(made: Path) -> None:
    client = made / "client"
    assert all(not p.stat().st_mode & 0o077 for p in (client, *client.rglob("*")))
    assert {p.name for p in (client / "kit").iterdir()} == {"kit.bin", "kit.json"}
    public = tenseal().context_from((client / "kit" / "kit.bin").read_bytes(), n_threads=1)
    assert not public.has_secret_key()
    planned, secret = read_keys(client)
    kit = read_kit(client / "kit", planned.plan)
    assert kit.key == secret.key


def test_keys_are_never_written_over(made: Path) -> None:
    before = (made / "client" / "secret.key").read_bytes()
    done = CliRunner().invoke(
        main, ["outsource", "keys", str(made / "plan.json"), "--out", str(made / "client")]
    )
    assert done.exit_code == 2 and "keys are never written over" in done.output
    assert (made / "client" / "secret.key").read_bytes() == before


def test_keys_are_whole_or_absent(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("confide.releases.outsourcing.key_files.keep_on_disk", full)
    with pytest.raises(OSError, match="No space left"):
        make_keys(read_plan(made / "plan.json"), tmp_path / "client")
    assert list(tmp_path.iterdir()) == []


def test_a_kit_with_a_secret_key_is_refused_and_named(folder: Path) -> None:
    plan = read_plan(folder / "plan.json").plan
    with pytest.raises(PromiseError, match=r"holds the secret key .*secret\.key"):
        read_kit(folder / "client", plan)
    kit = folder / "client" / "kit"
    secret = (folder / "client" / "secret.key").read_bytes()
    (kit / "kit.bin").write_bytes(secret)
    shutil.copy(folder / "client" / "keys.json", kit / "kit.json")
    with pytest.raises(PromiseError, match=r"the kit of key [0-9a-f]{8} holds a secret key"):
        read_kit(kit, plan)


def test_keys_and_kits_that_do_not_fit_are_refused(folder: Path) -> None:
    plan = read_plan(folder / "plan.json").plan
    other = write_plan(read_arithmetic(folder / "net.safetensors"), folder / "other.json", bound=3.0).plan
    with pytest.raises(DataError, match="of another plan"):
        read_kit(folder / "client" / "kit", other)
    (folder / "client" / "kit" / "kit.bin").write_bytes(b"x")
    with pytest.raises(DataError, match=r"kit\.bin was damaged"):
        read_kit(folder / "client" / "kit", plan)
    with pytest.raises(DataError, match=r"holds no kit\.bin"):
        read_kit(folder, plan)
    shutil.copy(folder / "other.json", folder / "client" / "plan.json")
    (folder / "client" / "plan.json").chmod(0o600)
    with pytest.raises(DataError, match="of another plan"):
        read_keys(folder / "client")
    (folder / "client" / "secret.key").chmod(0o644)
    with pytest.raises(DataError, match="others on this machine may read"):
        read_keys(folder / "client")
    with pytest.raises(DataError, match=r"holds no secret\.key"):
        read_keys(folder / "client" / "kit")


def test_rows_are_taken_by_the_names_of_the_plan(made: Path) -> None:
    planned = read_plan(made / "plan.json")
    frame = pl.DataFrame({"id": ["x", "y"], "debt": [0.5, 1], "income": [1, 2], "age": [True, False]})
    assert rows_of(frame, planned, name="r").tolist() == [[1, 1, 0.5], [0, 2, 1]]


@pytest.mark.parametrize(
    "column, values, words",
    [
        (
            "income",
            [1.0, 2.5, 1987.6],
            r"in 2 rows the value of column 'income' is beyond the plan's bound of 2",
        ),
        ("income", [1.0, None, float("nan")], r"in 2 rows the value of column 'income' is no number"),
        ("income", ["1", "2", "x"], r"column 'income' is of type String"),
        ("age", [9.0, 9.0, 9.0], r"column 'age' \(and of 1 more columns\) is beyond"),
        ("income", None, "r lacks income"),
    ],
)
def test_rows_that_leave_the_bound_are_named_and_not_shown(
    made: Path, column: str, values: list | None, words: str
) -> None:
    planned = read_plan(made / "plan.json")
    good = {
        "age": [0.0, 1.0, 2.0],
        "income": [0.0, 1.0, 2.0],
        "debt": [0.0, 9.0 if column == "age" else 1, 2.0],
    }
    held = {n: v for n, v in (good | {column: values}).items() if v is not None}
    with pytest.raises(DataError, match=words) as refused:
        rows_of(pl.DataFrame(held), planned, name="r")
    assert "1987" not in str(refused.value) and "2.5" not in str(refused.value)
