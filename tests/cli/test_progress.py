"""What is shown of progress: a bar on a terminal, lines in a log, nothing on stdout, no thread that stays."""

from __future__ import annotations

import io
import threading
import time

import pytest

from confide.audits.progress import Stage
from confide.cli import progress
from confide.cli.progress import Watch, progress_bar

PLAYING = Stage(kind="attack", what="lira (3 of 7)", done=0.42, left=80.0)


class Clock:
    """A clock that the test turns."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def watch(*, bar: bool) -> tuple[Watch, io.StringIO, Clock]:
    out, clock = io.StringIO(), Clock()
    return Watch(label="auditing model", out=out, bar=bar, clock=clock), out, clock


def test_a_line_says_what_is_done_how_much_and_how_long() -> None:
    seen, out, clock = watch(bar=False)
    seen(PLAYING)
    assert not out.getvalue(), "a line comes with time, not with each stage"
    clock.now = 30.0
    seen.show()
    assert out.getvalue() == "auditing model: 30 s, playing lira (3 of 7), 42% done, about 50 s left\n"
    clock.now = 4000.0  # longer than it was said to take
    seen.show()
    assert out.getvalue().endswith("1 h 06 min, playing lira (3 of 7), 42% done\n")


@pytest.mark.parametrize("bar", [True, False])
def test_no_time_is_said_to_be_left_once_it_is_over_and_work_goes_on(bar: bool) -> None:
    seen, out, clock = watch(bar=bar)
    seen(Stage(kind="attack", what="lira (3 of 7)", done=0.91, left=2.4))
    for now in (1.0, 2.0, 2.4, 500.0):
        clock.now = now
        seen.show()
    lines = out.getvalue().replace("\r", "\n").strip().splitlines()[-4:]
    assert "1 s left" in lines[0] and not any("left" in line for line in lines[1:]), lines


def test_what_an_earlier_run_kept_is_named_once_and_nothing_is_said_without() -> None:
    seen, out, _ = watch(bar=False)
    seen(PLAYING)
    seen.tell_kept()
    assert not out.getvalue(), "lira was played now"
    for _ in range(2):
        seen(Stage(kind="attack", what="loss (1 of 7)", kept=True))
    seen(Stage(kind="attack", what="rmia (2 of 7)", kept=True))
    seen.tell_kept()
    assert out.getvalue() == "Found played, from an earlier run: loss (1 of 7), rmia (2 of 7).\n"


def test_a_bar_is_drawn_over_itself_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    seen, out, clock = watch(bar=True)
    seen(PLAYING)
    clock.now = 21.0
    seen.show()
    drawn = out.getvalue().split("\r")[1:]
    assert drawn[0].startswith("[#######---------]  42%  1 min 20 s left  playing lira (3 of 7)")
    assert "59 s left" in drawn[1] and all(len(line) < 70 for line in drawn)
    seen(Stage(kind="done", done=1.0))
    assert out.getvalue().endswith("\r" + " " * len(drawn[1].rstrip()) + "\r")
    seen.show()
    assert "\n" not in out.getvalue()


def test_a_warning_stands_on_a_line_of_its_own() -> None:
    seen, out, _ = watch(bar=True)
    seen(PLAYING)
    seen.around(lambda text: out.write(text + "\n"))("warning: little")
    parts = out.getvalue().split("\r")
    assert parts[2].strip() == "" and parts[3] == "warning: little\n" and parts[4].startswith("[###")


def test_a_log_is_told_within_one_long_attack_and_the_thread_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("auditing model", every=0.05) as seen:
        seen(PLAYING)
        time.sleep(0.4)
    said = capsys.readouterr()
    assert said.err.count("playing lira (3 of 7)") >= 2 and not said.out
    assert not [t for t in threading.enumerate() if t.name == "confide progress"]
    time.sleep(0.15)
    assert not capsys.readouterr().err


def test_a_short_audit_and_a_quiet_one_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("auditing model") as seen:
        seen(PLAYING)
    with progress_bar("auditing model", quiet=True, every=0.01) as seen:
        seen(PLAYING)
        time.sleep(0.1)
    assert capsys.readouterr() == ("", "")


def test_the_thread_ends_with_an_audit_that_fails() -> None:
    with pytest.raises(RuntimeError), progress_bar("auditing model") as seen:
        seen(PLAYING)
        raise RuntimeError
    assert not [t for t in threading.enumerate() if t.name == "confide progress"]


def test_a_log_whose_reader_is_gone_ends_no_audit() -> None:
    seen, out, _ = watch(bar=False)
    seen(PLAYING)
    out.close()
    seen.show()


def test_a_line_comes_every_half_minute() -> None:
    assert progress.EVERY == 30.0
