"""`confide collaborate` and the audit of its transcript, end to end: plan, model, transcript, report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main
from confide.collaboration import load
from confide.core.kept_transcript import read_transcript
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_data import read_collaboration
from confide.inputs.local_training import LocalTraining
from confide.learners.local import LocalLearner

WIDTH = 30
Run = Callable[..., Result]


def people(n: int, seed: int) -> pl.DataFrame:
    """Records whose labels are a coin: what a model learns of them is learned by heart."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {f"f{i}": rng.uniform(-1, 1, n) for i in range(WIDTH)}
    return pl.DataFrame({**columns, "y": rng.choice(["a", "b"], n)})


PLAN = """\
rounds = 3
label = "y"
schema = "schema.toml"
test = "holdout.parquet"

[parties]
north = "north.parquet"
south = "south.parquet"
east = "east.parquet"
west = "west.parquet"

[learner]
model = "mlp"
hidden = [64]
epochs = 10
batch = 8
rate = 0.2

[protocol]
name = "fedavg"
"""
PRIVATE = """
[budget]
epsilon = 4.0
delta = 0.01
ledger = "clients.ledger"
whole = "4,0.02"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four hospitals, people that nobody trains on, and a plan."""
    for seed, name in enumerate(("north", "south", "east", "west", "holdout")):
        people(200 if name == "holdout" else 50, seed).write_parquet(tmp_path / f"{name}.parquet")
    columns = "".join(f"[columns.f{i}]\nlow = -1\nhigh = 1\nknots = 2\n" for i in range(WIDTH))
    (tmp_path / "schema.toml").write_text(columns + '[columns.y]\nvalues = ["a", "b"]\n')
    (tmp_path / "plan.toml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "ownnet", raising=False)
    return tmp_path


@pytest.fixture
def run(desk: Path) -> Run:
    """`confide` with these words, in that folder."""
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def collaborate(run: Run, *more: str) -> Result:
    return run("collaborate", "plan.toml", "--simulate", *more)


def audit(run: Run, party: str, *more: str) -> Result:
    return run(
        "audit", "collaboration", "transcript", "--as", party, "--controls", "holdout.parquet", "-v", *more
    )


def page_of(desk: Path) -> dict:
    (file,) = (desk / "report").glob("*.json")
    return json.loads(file.read_text())


def test_a_plan_is_run_recorded_and_audited_as_each_party(desk, run):
    done = collaborate(run, "--record", "transcript", "--rehearse", "1")
    assert done.exit_code == 0, done.output
    assert "trained by 4 clients in 3 rounds of FedAvg" in done.output
    assert "promises nothing" in done.output and "of the test records right" in done.output
    held = read_transcript(desk / "transcript")
    assert held.parties == ("server", "north", "south", "east", "west")
    assert (desk / "transcript").stat().st_mode & 0o077 == 0 and (
        desk / "model.npz"
    ).stat().st_mode & 0o077 == 0
    with np.load(desk / "model.npz", allow_pickle=False) as model:
        assert (model["parameters"] == held.published["parameters"]).all()
    assert load("model.npz").predict_proba(people(3, 9)).sum(axis=1) == pytest.approx(1)

    seen = audit(run, "server", "--attacks", "update-decoder,update-loss", "--out", "report")
    assert seen.exit_code == 0, seen.output
    text = " ".join(seen.output.split())
    assert (
        "updates of 4 clients, each by itself" in text and "Nothing bounds what this party may learn" in text
    )
    (decoder,) = [f for f in page_of(desk)["findings"] if f["attack"] == "update-decoder"]
    assert decoder["auc"]["value"] > 0.7, "labels are coins, so that a client's update holds its records"

    seen = audit(run, "client:north", "--attacks", "update-loss", "--out", "as-client")
    assert seen.exit_code == 0 and "its own records and messages" in " ".join(seen.output.split())
    seen = audit(run, "eavesdropper", "--out", "as-listener")
    assert seen.exit_code == 0, seen.output
    assert "No attack here reads sizes and times" in " ".join(seen.output.split())


def test_a_promise_is_printed_and_charged_before_anything_is_sent(desk, run):
    plan = PLAN.replace('name = "fedavg"', 'name = "dp-fedavg"\nclip = 0.5\nsample = 0.8') + PRIVATE
    (desk / "plan.toml").write_text(plan)
    done = collaborate(run, "--record", "transcript")
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "hiding everything any one client holds" in text and "does not hold against the server" in text
    assert "Spent epsilon" in text and "a new ledger was made" in text
    shown = audit(run, "server", "--attacks", "update-loss", "--out", "r1")
    assert "The promise of DP-FedAvg does not hold against this party" in " ".join(shown.output.split())
    before = (desk / "model.npz").read_bytes()
    again = collaborate(run, "--force")
    assert again.exit_code == 2 and "epsilon" in again.output, "the whole budget is spent"
    assert (desk / "model.npz").read_bytes() == before


def test_an_exchange_of_predictions_is_run_recorded_and_audited(desk, run):
    people(40, 7).drop("y").write_parquet(desk / "public.parquet")
    learner = PLAN.partition("[learner]\n")[2].partition("[protocol]")[0]
    plan = PLAN.replace("rounds = 3", 'public = "public.parquet"').replace(learner, 'model = "softmax"\n\n')
    protocol = 'name = "pate"\nteachers = 2\nthreshold = 1\nanswers = 20'
    budget = "[budget]\nepsilon = 6\ndelta = 0.001\n"
    plan = plan.replace('name = "fedavg"', protocol)
    (desk / "plan.toml").write_text(f"{plan}\n{budget}")
    done = collaborate(run, "--record", "transcript", "--rehearse", "1")
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "a student of 4 parties by PATE on 40 public records" in text
    assert "hiding any one record" in text and "NOT FOR PUBLICATION" in text
    seen = audit(run, "client:north", "--limit", "auc=0.9", "--out", "report")
    assert seen.exit_code == 1, "nothing is an all-clear"
    text = " ".join(seen.output.split())
    assert "epsilon 6, delta 0.001, hiding any one record" in text and "Not settled" in text
    assert "No attack here reads predictions or votes" in text
    assert [found["attack"] for found in page_of(desk)["findings"]] == ["update-loss"]
    assert "about a single record, and what was found about records was held against it" in str(page_of(desk))


def test_a_secure_sum_shows_the_server_no_update(desk, run):
    (desk / "plan.toml").write_text(PLAN + "\n[secure]\nlimit = 10_000\n")
    assert collaborate(run, "--record", "transcript", "--rehearse", "1").exit_code == 0
    held = read_transcript(desk / "transcript")
    assert not [m for m in held.messages if m.kind == "update"]
    seen = audit(run, "server", "--attacks", "update-decoder", "--out", "report")
    assert "the sum of the updates of each, not who sent what" in " ".join(seen.output.split())
    (found,) = page_of(desk)["findings"]
    assert found["auc"]["value"] > 0.6, "it hides the client, not the people"


def test_noise_of_clients_holds_against_the_server_and_no_larger_coalition(desk, run):
    """The mean of two promises: what a report says must change with who looks."""
    noisy = 'name = "distributed-dp-fedavg"\nclip = 1.0\ncohort = 4\ntimes = 3\ncolluding = 1\n'
    more = "[secure]\n[budget]\nepsilon = 9.0\ndelta = 0.01\n"
    (desk / "plan.toml").write_text(PLAN.replace('name = "fedavg"\n', noisy) + more)
    done = collaborate(run, "--record", "transcript", "--rehearse", "1")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "while at least 3 clients remain in each sum and at most 1 of them collude with the server" in said
    assert "does not hold against" not in said
    for seen_by, promised in (
        ("server", "epsilon 9, delta 0.01"),
        ("server,client:north", "epsilon 9, delta 0.01"),
        ("server,client:north,client:south", "nothing: more clients look together"),
    ):
        audited = audit(run, seen_by, "--attacks", "update-loss", "--out", seen_by.replace(":", "-"))
        assert audited.exit_code in (0, 1), audited.output
        first = json.loads((desk / seen_by.replace(":", "-") / "report.json").read_text())
        assert promised in json.dumps(first), seen_by


def test_a_client_without_records_is_left_out_counted_and_named(desk, run):
    people(50, 1).clear().write_parquet(desk / "east.parquet")
    done = collaborate(run)
    assert done.exit_code == 0, done.output
    assert "Left out, no records: 3 uploads of 1 clients (east)" in done.output
    (desk / "plan.toml").write_text(PLAN.replace("rounds = 3", "rounds = 3\ncohort = 4"))
    done = collaborate(run, "--force")
    assert done.exit_code == 2 and "Without records: east" in done.output


def test_updates_that_are_not_finite_or_of_another_shape_are_left_out(desk, run):
    (desk / "ownnet.py").write_text(OWN)
    (desk / "plan.toml").write_text(PLAN.replace('"mlp"', '"ownnet:build"'))
    done = collaborate(run)
    assert done.exit_code == 0, done.output
    assert "numbers that are not finite: 3 uploads of 1 clients (south)" in done.output


OWN = """
import numpy as np
from confide.collaboration import LocalTraining

class Spoilt:
    def __init__(self, inner):
        self.inner, self.shapes = inner, inner.shapes
        self.start, self.gradients, self.model = inner.start, inner.gradients, inner.model

    def train(self, starts, records, *, rngs):
        ends = self.inner.train(starts, records, rngs=rngs)
        ends[1] = np.nan  # of south
        return ends

def build(features, classes):
    return Spoilt(LocalTraining(epochs=1).learner(features=features, classes=classes))
"""


def test_a_round_beyond_its_deadline_stops_the_run_without_a_model(desk, run):
    slow = "import time\n" + OWN.replace("ends[1] = np.nan  # of south", "time.sleep(1.2)")
    (desk / "ownnet.py").write_text(slow)
    late = PLAN.replace('"mlp"', '"ownnet:build"') + '\n[deadlines]\nround = "1s"\n'
    (desk / "plan.toml").write_text(late)
    done = collaborate(run, "--record", "transcript")
    assert done.exit_code == 2 and "round 1 took 1." in done.output and "allows 1 s" in done.output
    assert not (desk / "model.npz").exists() and not (desk / "transcript").exists()


def test_clients_of_one_file_are_told_apart_by_its_column(desk, run):
    parts = [pl.read_parquet(f"{name}.parquet").with_columns(at=pl.lit(name)) for name in ("north", "south")]
    pl.concat(parts).write_csv("all.csv")
    start, end = PLAN.index("[parties]"), PLAN.index("[learner]")
    plan = PLAN[:start] + 'records = "all.csv"\nclient = "at"\n\n' + PLAN[end:]
    (desk / "plan.toml").write_text(plan)
    assert collaborate(run, "--record", "transcript").exit_code == 0
    held = read_transcript(desk / "transcript")
    assert held.parties == ("server", "north", "south")
    assert [len(held.inputs[name]["y"]) for name in ("north", "south")] == [50, 50]
    assert audit(run, "server", "--attacks", "update-loss", "--out", "report").exit_code == 0


WRONG = {
    "an unknown key": ("rounds = 3", "round = 3", "did you mean rounds"),
    "an unknown option": ('name = "fedavg"', 'name = "fedavg"\nshares = 1.0', "did you mean share"),
    "an unknown protocol": ('name = "fedavg"', 'name = "fedavgg"', "you may mean 'fedavg'"),
    "no rounds": ("rounds = 3", "rounds = 0", "a whole number from 1"),
    "a budget that nobody keeps": (
        'name = "fedavg"\n',
        'name = "fedavg"\n[budget]\nepsilon=1.0\ndelta=0.01',
        "promises",
    ),
    "no budget": ('name = "fedavg"', 'name = "dp-fedavg"\nclip=1.0\nsample=0.5', "epsilon and delta"),
    "a delta of a whole client": (
        'name = "fedavg"\n',
        'name = "dp-fedavg"\nclip=1.0\nsample=0.5\n[budget]\nepsilon=1.0\ndelta=0.5',
        "Give less than 0.25",
    ),
    "weights by records": (
        'name = "fedavg"\n',
        'name = "dp-fedavg"\nclip=1.0\nsample=0.5\nweights="records"\n[budget]\nepsilon=1.0\ndelta=0.01',
        "Say 'equal'",
    ),
    "rounds beyond the budget": (
        'name = "fedavg"\n',
        'name = "dp-fedavg"\nclip=1.0\nsample=0.5\nmultiplier=0.5\n[budget]\nepsilon=1.0\ndelta=0.01',
        "not one round fits",
    ),
    "a threshold of more than there are": (
        'name = "fedavg"\n',
        'name = "fedavg"\n[secure]\nthreshold=5\nlimit=9.0',
        "lower its threshold",
    ),
    "noise of clients without a secure sum": (
        'name = "fedavg"\n',
        'name = "distributed-dp-fedavg"\nclip=1.0\ncohort=4\ntimes=5\n[budget]\nepsilon=9.0\ndelta=0.01',
        "add [secure]",
    ),
    "noise for fewer rounds than there are": (
        'name = "fedavg"\n',
        'name = "distributed-dp-fedavg"\nclip=1.0\ncohort=4\ntimes=1\n[secure]\n[budget]\nepsilon=9.0\n'
        "delta=0.01",
        "1 rounds fit",
    ),
    "a sum that more collude in than noise is made for": (
        'name = "fedavg"\n',
        'name = "distributed-dp-fedavg"\nclip=1.0\ncohort=4\ntimes=5\n[secure]\ncolluding=1\n[budget]\n'
        "epsilon=9.0\ndelta=0.01",
        "leave it out there",
    ),
    "a new ledger that would not pay": (
        'name = "fedavg"\n',
        'name = "dp-fedavg"\nclip=1.0\nsample=0.5\n[budget]\nepsilon=2.0\ndelta=0.01\nledger="new.ledger"\n'
        'whole="1,0.02"',
        "left",
    ),
    "an analyst that a new ledger does not have": (
        'name = "fedavg"\n',
        'name = "dp-fedavg"\nclip=1.0\nsample=0.5\n[budget]\nepsilon=2.0\ndelta=0.01\nledger="new.ledger"\n'
        'whole="4,0.02"\nanalyst="ada"',
        "name one of",
    ),
    "a threshold that lets a server tell two stories": (
        'name = "fedavg"\n',
        'name = "fedavg"\n[secure]\nthreshold=2\nlimit=9.0',
        "Give 3 or more",
    ),
    "a sum without a bound": ('name = "fedavg"\n', 'name = "fedavg"\n[secure]\n', "give limit"),
    "a sum of chosen parameters": (
        'name = "fedavg"\n',
        'name = "selective-sgd"\n[secure]\nlimit=1.0',
        "leave out [secure]",
    ),
    "a bare deadline": ('name = "fedavg"\n', 'name = "fedavg"\n[deadlines]\nround="10"', "has no unit"),
    "a lost file": ("north.parquet", "nowhere.parquet", "cannot be read"),
    "one party": (
        'south = "south.parquet"\neast = "east.parquet"\nwest = "west.parquet"\n',
        "",
        "two clients",
    ),
    "a party called server": ("north =", "server =", "cannot name a party"),
    "no model": ('"mlp"', '"mlpp"', "say logistic or mlp"),
    "no rate": ("rate = 0.2", "rate = 0.0", "above 0"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused_with_what_to_change_and_nothing_is_written(desk, run, wrong):
    old, new, said = WRONG[wrong]
    assert old in PLAN
    (desk / "plan.toml").write_text(PLAN.replace(old, new))
    before = sorted(desk.iterdir())
    done = collaborate(run, "--record", "transcript")
    assert done.exit_code == 2 and said in done.output and "plan.toml" in done.output, done.output
    assert sorted(desk.iterdir()) == before


def test_a_run_whose_numbers_are_not_finite_stops_and_leaves_nothing(desk, run):
    (desk / "plan.toml").write_text(PLAN.replace("rate = 0.2", "rate = 1e30"))
    before = sorted(desk.iterdir())
    done = collaborate(run, "--record", "transcript")
    assert done.exit_code == 2 and "lower the rate" in done.output, done.output
    assert sorted(desk.iterdir()) == before


def test_places_are_checked_before_anything_runs(desk, run):
    assert "add --simulate" in run("collaborate", "plan.toml").output
    (desk / "transcript").mkdir()
    assert "is there already" in collaborate(run, "--record", "transcript").output
    (desk / "model.npz").write_bytes(b"mine")
    done = collaborate(run, "--force")
    assert (
        done.exit_code == 2 and "is no model" in done.output and (desk / "model.npz").read_bytes() == b"mine"
    )


def test_an_audit_refuses_who_is_no_party_and_controls_that_were_used(desk, run):
    assert collaborate(run, "--record", "transcript", "--rehearse", "1").exit_code == 0
    assert "no party 'nobody'" in audit(run, "nobody").output
    assert "look alone" in audit(run, "server,eavesdropper").output
    used = run("audit", "collaboration", "transcript", "--as", "server", "--controls", "north.parquet")
    assert used.exit_code == 2 and "every control is a record of a client" in used.output
    lost = audit(run, "client:north", "--about", "north")
    assert lost.exit_code == 2 and "does not look itself" in " ".join(lost.output.split())
    file = desk / "transcript" / "run.json"
    file.write_text(file.read_text().replace("FedAvg", "DP-FedAvg"))
    assert "was changed or cut" in audit(run, "server").output


def test_a_property_is_read_from_a_column_that_no_client_trains_on(desk: Path, run: Run) -> None:
    """In csv and parquet files; too few auxiliary records are named with how many are needed."""
    plan = desk / "plan.toml"
    plan.write_text(PLAN.replace("epochs = 10", "epochs = 1").replace("rounds = 3", "rounds = 1"))
    smokes = [pl.Series("smokes", [word] * 50) for word in ("yes", "no", "no")]
    own = zip(("north", "south", "east"), smokes, strict=True)
    members = pl.concat([pl.read_parquet(f"{name}.parquet").with_columns(told) for name, told in own])
    members.with_columns(smokes=pl.when(pl.int_range(150) != 149).then("smokes")).write_parquet(
        "members.parquet"
    )
    others = people(400, 8).with_columns(smokes=pl.Series([" yes", "no", "", "no"] * 100))
    others.write_csv("others.csv")
    assert collaborate(run, "--record", "transcript").exit_code == 0
    asked = ("--property", "smokes=yes", "--auxiliary", "others.csv")
    done = audit(run, "server", *asked, "--attacks", "property-forest,update-loss")
    assert done.exit_code == 0 and "Give at least 500 auxiliary records" in " ".join(done.output.split())
    held = {
        "seen_by": "server",
        "controls": "holdout.parquet",
        "auxiliary": "others.csv",
        "trait": "smokes=yes",
    }
    read = Collaboration("transcript", records="members.parquet", **held)  # type: ignore[arg-type]
    trait = read_collaboration(read, rng=np.random.default_rng(0)).trait
    # Of east one record does not say it, and west is not in the file.
    assert trait is not None and trait.truth == {"north": True, "south": False}
    assert (len(trait.people), trait.has.sum()) == (300, 100)
    assert "100 auxiliary records do not say the property" in " ".join(trait.notes)
    for wrong, says in (
        ("smoke=yes", "no column 'smoke'"),
        ("smokes=often", "say one of yes, no"),
        ("smokes", "="),
    ):
        refused = audit(run, "server", *asked[2:], "--property", wrong)
        assert refused.exit_code == 2 and says in " ".join(refused.output.split())


def sent(folder: str, name: str) -> list[np.ndarray]:
    """The models that a client was sent."""
    seen = read_transcript(Path(folder)).seen_by(name)
    return [m.payload["parameters"].astype(np.float64) for m in seen.received("model")]


@pytest.mark.slow
def test_ray_and_processes_train_the_model_of_one_process(desk: Path, run: Run) -> None:
    pytest.importorskip("ray")
    models = []
    for how in ([], ["--map", "ray", "--jobs", "2"]):
        done = collaborate(run, "--rehearse", "1", "--record", f"t{len(how)}", "--force", *how)
        assert done.exit_code == 0, done.output
        models.append(read_transcript(desk / f"t{len(how)}").published)
    assert all((models[0][name] == models[1][name]).all() for name in models[0])


def test_a_server_that_leaves_the_protocol_is_rehearsed_and_audited(desk: Path, run: Run) -> None:
    """It sends others what the protocol says; with one seed runs differ by the server alone."""
    plan = desk / "plan.toml"
    plan.write_text(PLAN.replace("epochs = 10", "epochs = 1").replace("rounds = 3", "rounds = 2"))
    assert collaborate(run, "--rehearse", "7", "--record", "passive").exit_code == 0
    (desk / "model.npz").unlink()
    how = ("--rehearse", "7", "--victim", "north")
    targets = ("--targets", "north.parquet", "--targets", "holdout.parquet")
    ascent = collaborate(run, *how, "--record", "ascent", "--active", "ascent", *targets)
    isolate = collaborate(run, *how, "--record", "isolate", "--active", "isolate")
    assert (ascent.exit_code, isolate.exit_code) == (0, 0) and "No model was written" in ascent.output
    assert not list(desk.glob("model*"))
    assert np.array_equal(sent("ascent", "south")[0], sent("passive", "south")[0])
    # One step up the mean loss of 250 records, by the rate 1.
    learner = LocalTraining(model="mlp", hidden=[64]).learner(features=sent_x("north"), classes=2)
    (start, *_), (moved, *_) = sent("passive", "north"), sent("ascent", "north")
    assert loss(learner, moved) > loss(learner, start) + 0.01
    changed = read_transcript(Path("isolate")).seen_by("north").sent("update")[0].payload
    own = changed["update"].astype(np.float64) / float(changed["records"])
    assert np.allclose(sent("isolate", "north")[1], sent("isolate", "north")[0] + own, atol=1e-6)
    assert np.array_equal(sent("isolate", "south")[1], sent("passive", "south")[1])
    for folder, says in (("ascent", "up the loss of its targets"), ("isolate", "its own model back")):
        words = (
            "--as",
            "server",
            "--controls",
            "holdout.parquet",
            "--attacks",
            "update-loss",
            "--out",
            f"r-{folder}",
        )
        done = run("audit", "collaboration", folder, *words)
        assert done.exit_code == 0 and says in (desk / f"r-{folder}" / "report.json").read_text()


def sent_x(name: str) -> int:
    """How wide an encoded record is."""
    return read_transcript(Path("passive")).inputs[name]["x"].shape[1]


def loss(learner: LocalLearner, parameters: np.ndarray) -> float:
    """The mean loss of the targets: all of a client, and the holdout, encoded as the clients' are."""
    data = read_collaboration(
        Collaboration("passive", seen_by="server", controls="holdout.parquet", about="north"),  # type: ignore[arg-type]
        rng=np.random.default_rng(0),
    )
    said = np.asarray(learner.model(parameters).predict(data.targets.x), np.float64)
    return float((np.logaddexp(said[:, 0], said[:, 1]) - said[np.arange(len(said)), data.targets.y]).mean())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--active", "ascent", "--targets", "north.parquet"], "--rehearse SEED and --record FOLDER"),
        (["--active", "ascent", "--rehearse", "1", "--record", "t"], "give them by --targets"),
        (["--active", "isolate", "--rehearse", "1", "--record", "t"], "give --victim CLIENT"),
        (["--active", "isolate", "--rehearse", "1", "--record", "t", "--victim", "x"], "no client 'x'"),
        (["--victim", "north"], "add --active"),
        (
            ["--active", "ascent", "--rehearse", "1", "--record", "t", "--targets", "plan.toml"],
            "plan.toml",
        ),
    ],
)
def test_an_active_server_that_cannot_be_is_refused(
    desk: Path, run: Run, words: list[str], says: str
) -> None:
    before = sorted(desk.iterdir())
    done = collaborate(run, *words)
    assert done.exit_code == 2 and says in " ".join(done.output.split())
    assert sorted(desk.iterdir()) == before


def test_an_exchange_has_no_model_for_an_active_server_to_change(desk: Path, run: Run) -> None:
    people(40, 7).drop("y").write_parquet(desk / "public.parquet")
    plan = PLAN.replace("rounds = 3", 'rounds = 1\npublic = "public.parquet"').replace("fedavg", "cronus")
    (desk / "plan.toml").write_text(plan)
    words = ("--rehearse", "1", "--record", "t", "--active", "ascent", "--targets", "north.parquet")
    done = collaborate(run, *words)
    assert done.exit_code == 2 and "cronus exchanges predictions" in " ".join(done.output.split())
    assert not (desk / "t").exists()


def test_a_secure_sum_hides_what_isolation_needs(desk: Path, run: Run) -> None:
    (desk / "plan.toml").write_text(PLAN + "\n[secure]\nlimit = 100.0\n")
    done = collaborate(run, "--rehearse", "1", "--record", "t", "--active", "isolate", "--victim", "north")
    assert done.exit_code == 2 and "a secure sum hides that" in " ".join(done.output.split())
    assert not (desk / "t").exists()
