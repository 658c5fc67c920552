"""Exchanges of predictions by a plan: what the classes give in Python, charged once, refused in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.collaboration import (
    PATE,
    CollaborateSettings,
    CoordinateMedian,
    Cronus,
    KernelRidge,
    OneShotVotes,
    SoftmaxRegression,
    Trainee,
    Written,
    carried_out,
    load,
    read_transcript,
)
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, ConfideError
from confide.inputs.learner import encoded
from confide.inputs.public_schema import parsed_public, schema_text
from confide.mechanisms.federate.pate import Labelled
from confide.mechanisms.federate.students import one_hot
from confide.views.records import Records

PARTIES = tuple("abcdefghijkl")
BUDGET = "[budget]\nepsilon = 8.0\ndelta = 0.01\n"
LEDGER = 'ledger = "l.ledger"\nwhole = "8,0.02"\n'
LEARNER = '[learner]\nmodel = "softmax"\n'


def people(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 3))
    y = np.array(["u", "v", "w"])[(x + 0.2 * rng.normal(size=x.shape)).argmax(axis=1)]
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y})


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Twelve parties, and public records without labels; writes the plan."""
    for seed, name in enumerate(PARTIES):
        people(15, seed).write_csv(tmp_path / f"{name}.csv")
    people(60, 100).drop("y").write_csv(tmp_path / "public.csv")
    people(200, 101).write_csv(tmp_path / "test.csv")
    columns = "".join(f"[columns.{c}]\nlow = -1\nhigh = 1\nknots = 2\n" for c in "abc")
    (tmp_path / "schema.toml").write_text(columns + '[columns.y]\nvalues = ["u", "v", "w"]\n')
    monkeypatch.chdir(tmp_path)

    def write(protocol: str, more: str = "", top: str = 'public = "public.csv"') -> None:
        parties = "".join(f'{name} = "{name}.csv"\n' for name in PARTIES)
        (tmp_path / "plan.toml").write_text(
            f'{top}\nlabel = "y"\nschema = "schema.toml"\ntest = "test.csv"\n[parties]\n{parties}'
            f"{more if '[learner]' in more else LEARNER + more}\n[protocol]\n{protocol}\n"
        )

    return write


def run(**more: object) -> Written:
    return carried_out(CollaborateSettings("plan.toml", simulate=True, **{"rehearse": 3, **more}))  # pyright: ignore


def held(name: str) -> Records:
    """The records in a file, encoded as the plan says; of public ones any label."""
    public = parsed_public(schema_text(Path("schema.toml")), label="y", path=Path("schema.toml"))
    frame = pl.read_csv(f"{name}.csv")
    return encoded(frame if "y" in frame else frame.with_columns(y=pl.lit("u")), public, label="y", name=name)


def server(seed: int = 3) -> Rng:
    """The server's random numbers in a run, as the round loop draws them."""
    rng = np.random.default_rng(seed)
    rng.integers(2**63)
    return rng.spawn(1)[0]


def parameters(file: str = "model.npz") -> Array:
    with np.load(file, allow_pickle=False) as kept:
        return kept["parameters"]


def test_votes_by_a_plan_are_those_of_the_class_with_the_same_seed(plan) -> None:
    plan('name = "votes"', BUDGET + '[student]\nmodel = "kernel"\nwidth = 0.7\n')
    done = run(record=Path("t"))
    public, learner = held("public").x, SoftmaxRegression()
    ballots = []
    for name in PARTIES:
        own = held(name)
        ballots.append(learner.fit(own.x, one_hot(own.y, 3), rng=server()).labels(public))
    votes = OneShotVotes(budget=Budget(8.0, 0.01, Unit.client()), public=60, classes=3, noise="rehearsal")
    wanted = votes(ballots, rng=server()).view
    transcript = read_transcript(Path("t"))
    assert (transcript.published["counts"] == wanted.counts).all()
    student = wanted.student(KernelRidge(width=0.7), public, rng=server())
    test = held("test")
    found = load("model.npz").view
    np.testing.assert_allclose(found.predict(test.x), student.predict(test.x))
    assert done.accuracy == pytest.approx((student.labels(test.x) == test.y).mean())
    assert "kernel, a student of 12 parties by one-shot votes on 60 public records" in str(done)
    # Each party sees what it cast and what is published; a listener nothing but sizes.
    assert [m.kind for m in transcript.seen_by("c").messages] == ["question", "votes"]
    assert (transcript.seen_by("c").sent("votes")[0].payload["votes"].argmax(axis=1) == ballots[2]).all()
    assert len(transcript.seen_by("server").received("votes")) == 12


def test_cronus_by_a_plan_is_that_of_the_class(plan) -> None:
    plan('name = "cronus"\nmean = "median"', top='public = "public.csv"\nrounds = 2')
    done = run(record=Path("t"))
    public, learner = held("public").x, SoftmaxRegression()
    trainees = [
        Trainee(learner=learner, records=held(name), classes=3).alone(rng=server()) for name in PARTIES
    ]
    wanted = Cronus(mean=CoordinateMedian(), classes=3, rounds=2)(trainees, public, rng=server()).view
    transcript = read_transcript(Path("t"))
    np.testing.assert_allclose(transcript.published["targets"], wanted.rounds[-1].targets)
    sent = [m.payload["targets"] for m in transcript.messages if m.kind == "targets" and m.payload]
    assert len(sent) == 12, "the mean of the first round, in the second one"
    np.testing.assert_allclose(sent[0], wanted.rounds[0].targets)
    student = learner.fit(public, wanted.rounds[-1].targets, rng=server())
    np.testing.assert_allclose(parameters(), student.rows.ravel(), atol=1e-6)  # pyright: ignore
    assert "promises nothing" in str(done) and "own model stays with it" in str(done)
    assert done.accuracy is not None and done.accuracy > 0.8


PATE_PLAN = 'name = "pate"\nteachers = 3\nthreshold = 24\nanswers = 30'
RECORDS = "[budget]\nepsilon = 20.0\ndelta = 0.001\n"


def teachers_votes(public: Any, made: PATE) -> list[Array]:
    """The votes of three teachers of each party, as the round loop seeds them."""
    seed = int(np.random.default_rng(3).integers(2**63))
    found: list[Array] = []
    for k, name in enumerate(PARTIES):
        own, rng = held(name), np.random.default_rng((seed, 1, 0, k))
        for part in made.parts(len(own), 3, rng=rng):
            if len(part):
                mine = own.take(part)
                fitted = SoftmaxRegression().fit(mine.x, one_hot(mine.y, 3), rng=rng)
                found.append(fitted.labels(public))
    return found


def test_pate_by_a_plan_labels_as_the_class_does_and_says_both_epsilons(plan) -> None:
    plan(PATE_PLAN, RECORDS)
    done = run(record=Path("t"))
    public = held("public").x
    made = PATE(
        budget=Budget(20.0, 0.001), classes=3, threshold=24, queries=60, answers=30, noise="rehearsal"
    )
    votes = teachers_votes(public, made)
    wanted = made(votes, rng=server()).view
    published = read_transcript(Path("t")).published
    assert (published["answered"] == wanted.answered).all() and (published["labels"] == wanted.labels).all()
    student = wanted.student(SoftmaxRegression(), public, rng=server())
    np.testing.assert_allclose(parameters(), student.rows.ravel())  # pyright: ignore
    alone = made.data_dependent(made.counts(votes)).unpublishable_epsilon
    assert f"labels cost epsilon {alone:.3g} for the votes cast, NOT FOR PUBLICATION" in str(done)
    kept = Path("t/run.json").read_text() + str(load("model.npz").card)
    assert "NOT FOR" not in kept and f"{alone:.3g} " not in kept, "nothing that leaves has it"
    assert "hiding any one record" in done.promise and "epsilon 20" in done.promise
    assert "votes" not in published and "counts" not in published


def test_the_loss_of_pate_s_votes_is_published_within_the_budget_of_the_run(plan) -> None:
    plan(f"{PATE_PLAN}\npublish = {{ epsilon = 2.0 }}", RECORDS)
    done = run(record=Path("t"))
    number = float(read_transcript(Path("t")).published["epsilon"])
    assert f"epsilon {number:.3g} of these votes" in done.promise and "for publication" in done.promise
    kept = parsed_promise(done)
    assert 2.0 < kept <= 20.0, "labels and number together, within what the plan gives"
    plan(f"{PATE_PLAN}\npublish = {{ epsilon = 25.0 }}", RECORDS)
    with pytest.raises(ConfideError, match="leaves no labels in epsilon 20"):
        run(out=Path("second.npz"))


def parsed_promise(done: Written) -> float:
    return float(done.promise.split("it would be epsilon ")[1].split(",")[0])


def test_a_run_in_which_teachers_never_agreed_draws_no_noise_again(plan, monkeypatch) -> None:
    """Noise that is drawn until a label comes of it would show more than the exchange that was charged."""
    pytest.importorskip("sqlalchemy")
    drawn: list[int] = []

    def none(self, counts, rng):
        drawn.append(1)
        return Labelled(np.zeros(0, np.int64), np.zeros(0, np.int64), len(counts), 3)

    monkeypatch.setattr(PATE, "_labelled", none)
    plan(PATE_PLAN, RECORDS + 'ledger = "l.ledger"\nwhole = "20,0.002"\n')
    for _ in range(2):
        with pytest.raises(ConfideError, match=r"agreed on no public .* delete model.npz.unfinished"):
            run(rehearse=None)
    assert len(drawn) == 1 and not Path("model.npz").exists()


def test_votes_in_a_secure_sum_give_the_same_and_hide_who_cast_which(plan) -> None:
    pytest.importorskip("cryptography")
    plan('name = "votes"', BUDGET)
    run(out=Path("plain.npz"))
    plan('name = "votes"', BUDGET + "[secure]\n")
    done = run(out=Path("summed.npz"), record=Path("t"))
    assert (parameters("plain.npz") == parameters("summed.npz")).all(), "counts are whole: nothing is rounded"
    assert not [m for m in read_transcript(Path("t")).messages if m.kind == "votes"]
    assert "hides which client sent what" in str(done)
    plan('name = "votes"', BUDGET + "[secure]\nlimit = 3\n")
    with pytest.raises(ConfideError, match="are not rounded: leave limit out"):
        run(out=Path("limited.npz"))


def test_the_ledger_is_charged_once_and_before_anything_leaves(plan, monkeypatch) -> None:
    pytest.importorskip("sqlalchemy")
    from confide.mechanisms.federate.vote_exchange import VoteExchange

    plan('name = "votes"', BUDGET + LEDGER)
    asked: list[bool] = []
    work = VoteExchange.work

    def watched(self, jobs, learner):
        asked.append(Path("l.ledger").exists())
        return work(self, jobs, learner)

    class Killed(BaseException):
        """What no code of ours catches."""

    def killed(self, state, *, rng):
        raise Killed

    monkeypatch.setattr(VoteExchange, "work", watched)
    with monkeypatch.context() as patch:
        patch.setattr(VoteExchange, "ended", killed)
        with pytest.raises(Killed) as stopped:
            run(rehearse=None)
    assert asked == [True]
    assert any("was charged epsilon 8" in note for note in stopped.value.__notes__)
    assert not Path("model.npz").exists()
    done = run(rehearse=None)  # goes on, and pays nothing more
    assert "Spent epsilon 8, delta 0.01;" in done.ledger and Path("model.npz").exists()
    with pytest.raises(BudgetError):
        run(rehearse=None, out=Path("second.npz"))
    assert not Path("second.npz").exists()


NO = 'public = "public.csv"'


@pytest.mark.parametrize(
    ("protocol", "more", "top", "says"),
    [
        ('name = "votes"', "", NO, "keeps a budget, and there is none"),
        ('name = "votes"', "[budget]\nepsilon = 1\ndelta = 0.2\n", NO, "delta is 0.2 for 12 clients"),
        ('name = "votes"', BUDGET, "", "public is missing"),
        ('name = "votes"', BUDGET, f"{NO}\nrounds = 3", "rounds is 3, and votes are exchanged once"),
        ('name = "votes"\nmean = "median"', BUDGET, NO, "has no setting 'mean'"),
        ('name = "votes"', "[budget]\nepsilon = 1e-9\ndelta = 1e-9\n", NO, "would drown any vote"),
        ('name = "votes"', BUDGET, 'public = "a.csv"', "a file of records of a party"),
        ('name = "votes"', BUDGET, 'public = "test.csv"', "which is test too"),
        ('name = "votes"', BUDGET, 'public = "few.csv"', "has 2 public records for 3 classes"),
        ('name = "votes"', BUDGET, 'public = "narrow.csv"', "has no column 'b'"),
        ('name = "cronus"\nmean = "median"', "", NO, "rounds is missing"),
        ('name = "cronus"', "", f"{NO}\nrounds = 2", "cronus needs mean"),
        ('name = "cronus"\nmean = "plain"', BUDGET, f"{NO}\nrounds = 2", "cronus promises nothing"),
        (
            'name = "cronus"\nmean = "plain"',
            "[secure]\n",
            f"{NO}\nrounds = 2",
            "looks at each upload by itself",
        ),
        (
            'name = "cronus"\nmean = { name = "krum", poisoned = 5 }',
            "",
            f"{NO}\nrounds = 2",
            "cannot be taken of 12 uploads",
        ),
        ('name = "pate"', RECORDS, NO, "threshold is missing"),
        ('name = "pate"\nthreshold = 13', RECORDS, NO, "threshold is 13 of 12 teachers"),
        ('name = "pate"\nthreshold = 9\nqueries = 61', RECORDS, NO, "queries is 61, and there are 60 public"),
        ('name = "pate"\nthreshold = 9\nanswers = 0', RECORDS, NO, "answers is 0: give a whole"),
        ('name = "pate"\nthreshold = 9\nanswers = 61', RECORDS, NO, "no more of them than queries"),
        ('name = "pate"\nthreshold = 9', BUDGET, NO, "delta is 0.01 for 180 records"),
        ('name = "pate"\nthreshold = 9\nrate = 1', RECORDS, NO, "has no setting 'rate'"),
        ('name = "pate"\nthreshold = 9\npublish = 3', RECORDS, NO, "publish is 3: write a table"),
        ('name = "pate"\nthreshold = 9\npublish = { miss = 0.1 }', RECORDS, NO, "publish needs epsilon"),
        ('name = "pate"\nthreshold = 9', "", NO, "delta below one over the records"),
        ('name = "fedavg"', "", f"{NO}\nrounds = 2", "are for protocols that exchange predictions"),
        ('name = "fedavg"', "", "rounds = 2", "fitted whole, and there are no updates"),
        ('name = "vote"', '[learner]\nmodel = "logistic"\n', "rounds = 2", "you may mean 'votes'"),
        ('name = "votes"', '[learner]\nmodel = "kernel"\n' + BUDGET, NO, "kernel machine needs width"),
        (
            'name = "votes"',
            '[learner]\nmodel = "softmax"\npenalty = 0.0\n' + BUDGET,
            NO,
            "penalty is 0.0: give a finite",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_nothing_written(plan, protocol, more, top, says) -> None:
    people(2, 5).write_csv("few.csv")
    people(9, 5).drop("b").write_csv("narrow.csv")
    plan(protocol, more, top)
    before = set(Path().iterdir())
    with pytest.raises(ConfideError, match=says):
        run()
    assert set(Path().iterdir()) == before
