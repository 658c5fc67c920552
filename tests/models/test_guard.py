"""Code of the user's that exits, prints, hangs, interrupts itself or seeds: contained, and named."""

import os
import random
import signal
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
import torch

from confide.core.errors import ConfideError, ModelError
from confide.core.foreign import in_one_line
from confide.models.guard import Guard, patient
from confide.models.loading import load_object
from confide.models.remote import Line


def call(code):
    guard = Guard("`predict`")
    return guard(code), guard.noticed


class PanicError(BaseException):
    """As the one of polars, which is no Exception."""


def interrupt():
    raise KeyboardInterrupt


def panic():
    raise PanicError("index out of bounds")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (lambda: sys.exit(0), "SystemExit: 0"),
        (lambda: exit("enough"), "SystemExit: enough"),
        (lambda: os._exit(0), r"Left: os._exit\(0\)"),
        (interrupt, "KeyboardInterrupt"),
        (panic, "PanicError: index out of bounds"),
    ],
)
def test_whatever_ends_a_process_becomes_a_sentence(code, says):
    exit_before = os._exit
    with pytest.raises(ModelError, match=rf"`predict` ends the process .{says}.*let it return its answer"):
        call(code)
    assert os._exit is exit_before


def test_ordinary_errors_and_our_own_pass():
    with pytest.raises(ZeroDivisionError):
        call(lambda: 1 / 0)
    with pytest.raises(ConfideError, match="ours"):
        call(lambda: (_ for _ in ()).throw(ConfideError("ours")))


def test_the_users_own_interrupt_passes():
    with pytest.raises(KeyboardInterrupt):
        call(lambda: (os.kill(os.getpid(), signal.SIGINT), time.sleep(5)))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_it_prints_goes_to_the_messages(capsys):
    answer, noticed = call(lambda: print("loading") or 7)
    assert answer == 7
    assert capsys.readouterr() == ("", "loading\n")
    assert any("prints" in what for what in noticed)


@pytest.mark.parametrize(
    "seeds",
    [
        lambda: np.random.seed(3),  # noqa: NPY002
        lambda: random.seed(3),
        lambda: torch.manual_seed(3),
        lambda: np.random.rand(),  # noqa: NPY002
    ],
)
def test_global_random_states_are_put_back(seeds):
    def draws():
        return np.random.get_state()[1][:5].tolist(), random.getstate()[1][:5], torch.get_rng_state().tolist()  # noqa: NPY002

    before = draws()
    _, noticed = call(seeds)
    assert draws() == before
    assert any("global random state" in what for what in noticed)
    assert not call(lambda: 1)[1]


def test_what_hangs_is_stopped_and_the_clock_is_put_back():
    with patient(0.2):
        guard = Guard("`train`")
    begun = time.perf_counter()

    def stubborn():
        while True:
            with suppress(Exception):  # as code that tries again whatever happens
                time.sleep(60)

    with pytest.raises(ModelError, match=r"`train` took more than 0.2 seconds .*--timeout"):
        guard(stubborn)
    assert time.perf_counter() - begun < 5
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_model_that_works_in_place_changes_nothing():
    def shifts(x):
        answer = 1 / (1 + np.exp(-x[:, 0]))
        x -= 1
        return answer

    x = np.ones((5, 2))
    line = Line(shifts)
    assert line(x).tolist() == line(x).tolist()
    assert (x == 1).all()


def test_a_module_that_exits_at_its_import_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "leavespkg.py").write_text(
        "import argparse\nargparse.ArgumentParser().parse_args(['--no'])\n"
    )
    with pytest.raises(ModelError, match=r"importing leavespkg ends the process .SystemExit: 2"):
        load_object("leavespkg:net")


def test_files_here_do_not_stand_in_for_parts_of_an_installed_package(tmp_path, monkeypatch):
    """A file of the working folder must not run because an installed package looks for an optional part."""
    installed, here = tmp_path / "installed", tmp_path / "here"
    installed.mkdir()
    here.mkdir()
    (installed / "goodpkg.py").write_text(
        "try:\n    import absentpart\nexcept ImportError:\n    pass\nok = len\n"
    )
    (here / "absentpart.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [str(installed), *(p for p in sys.path if p not in ("", str(here)))])
    assert load_object("goodpkg:ok") is len
    assert not (here / "ran").exists()


def test_foreign_texts_are_one_short_line_without_control_characters():
    assert in_one_line(ValueError("\x1b[2J\u202efoo\nbar")) == r"\x1b[2J\u202efoo"
    assert len(in_one_line("x" * 10_000)) == 200
    assert in_one_line(KeyError()) == "KeyError"
