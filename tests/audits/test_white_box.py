"""`audits.model` where weights are published: access, weights, checkpoints, coverage, kinds of access."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import confide
from confide.attacks import membership
from confide.attacks.membership import Loss
from confide.audits.model import SPEC, read
from confide.audits.model.access_table import Comparison, best_of_both, compare_access
from confide.audits.model.attacks import USUAL, WHITE, asked_for
from confide.audits.protections import UNPROTECTED
from confide.audits.release import AuditedRelease
from confide.audits.settings import Settings
from confide.core.access import BlackBox, LabelOnly, WhiteBox, access_of
from confide.core.arrays import Rng
from confide.core.diagnostics import Curve, Diagnostics
from confide.core.errors import DataError, EvidenceError, ModelError
from confide.core.evidence import Evidence
from confide.core.narrowing import narrowed
from confide.core.nouns import Case, Guess
from confide.inputs.model import Model
from confide.knowledge.models import Background, SupervisedBackground
from confide.mechanisms.anchors.published import Published
from confide.models.checkpoints import digest_of
from confide.models.torch.model import TorchModel
from confide.report import Plot, Table
from confide.views.records import Records

from .door import call

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
X = RNG.standard_normal((600, 8)).astype(np.float32)
Y = (X[:, 0] + RNG.standard_normal(600) > 0).astype(np.int64)
IN, OUT = (X[:300], Y[:300]), (X[300:], Y[300:])


def architecture() -> nn.Sequential:
    torch.manual_seed(0)  # fresh weights can be wrong about more members than guessing, and are refused then
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))


@cache
def trained() -> list[dict[str, torch.Tensor]]:
    """The weights at the start, on the way, and at the end of a run that learns its records by heart."""
    net, states = architecture(), []
    optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
    x, y = torch.from_numpy(IN[0]), torch.from_numpy(IN[1])
    for step in range(151):
        if step in (0, 40, 150):
            states.append({k: v.clone() for k, v in net.state_dict().items()})
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    return states


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What every attack of these tests has on its card."""

    title: ClassVar[str] = "Is the gradient small?"
    paper: ClassVar[Any] = Loss.paper


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallGradient(Card):
    name: ClassVar[str] = "gradient-norm"
    layers: tuple[str, ...] = ("0", "2")
    conclusive: bool = True

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        norms = np.linalg.norm(case.view.gradient(case.targets.x, case.targets.y, layers=self.layers), axis=1)
        curve = Curve("Tried", "ridge", "found", (0.1, 1.0), (3.0, 4.0), 1.0)
        return Guess(None, -norms, Diagnostics(("Norms were small.",), self.conclusive, (curve,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Half(Card):
    name: ClassVar[str] = "nasr"

    def __call__(self, case: Case[WhiteBox, SupervisedBackground, Records], *, rng: Rng) -> Guess:
        score = -case.view.loss(case.targets.x, case.targets.y)
        score[case.known.told] = np.nan
        return Guess(None, score)


def audit(model: object = None, **options: Any) -> confide.audits.Audit:
    model = with_state(-1) if model is None else model
    settings = {"members": IN, "nonmembers": OUT, "seed": 3, "references": 0, "attacks": "loss", **options}
    return call(Model, model, **settings)


def compared(*attacks: Any, checkpoints: Any = ()) -> Comparison | None:
    """The kinds of access of an audit, compared."""
    settings = Settings(seed=3, attacks=attacks)
    held = Model(with_state(-1), members=IN, nonmembers=OUT, references=0, checkpoints=list(checkpoints))
    subject = read(held, settings=settings)
    mechanism = Published()
    games = subject.games(mechanism, attacks)
    release = AuditedRelease(name=UNPROTECTED, mechanism=mechanism, games=games, settings=settings)
    for attack in attacks:
        release.of(attack)
    return compare_access(release, subject.data, trusted=subject.trusted)


def with_state(number: int) -> nn.Module:
    net = architecture()
    net.load_state_dict(trained()[number])
    return net


def facts(done: confide.audits.Audit) -> dict[str, str]:
    return dict(done.report.page["sections"][0]["about"])


def coverage(done: confide.audits.Audit) -> str:
    """What is said about it, once, in every render."""
    (said,) = [line for line in done.sections[0].adversary if "overage" in line]
    assert done.report.html().count(said) == 1
    assert said in done.report.text().replace("\n  ", " ")
    return said


def test_a_narrowed_view_can_do_no_more_than_its_access() -> None:
    view = TorchModel(with_state(-1))
    for access, kind, more in (("black-box", BlackBox, WhiteBox), ("label-only", LabelOnly, BlackBox)):
        shown = narrowed(view, access)
        assert access_of(shown) == access
        assert isinstance(shown, kind)
        assert not isinstance(shown, more)
        assert np.array_equal(shown.labels(X), view.labels(X))
    assert narrowed(view, "white-box") is narrowed(view, None) is view
    labels = narrowed(view, "label-only")
    assert narrowed(labels, "black-box") is labels


@pytest.mark.parametrize(
    ("access", "ran"), [("black-box", ["loss"]), ("white-box", ["gradient-norm", "loss"])]
)
def test_access_decides_what_runs(access: str, ran: list[str]) -> None:
    done = audit(attacks=[SmallGradient(), Loss()], access=access)
    assert [f.risk.attack for f in done.sections[0].findings] == ran
    skipped = {s.attack: s.why for s in done.sections[0].skipped}
    if access == "black-box":
        assert "needs white-box access, but the release gives black-box access" in str(
            skipped["gradient-norm"]
        )
    assert facts(done)["access"] == access
    assert not done.sections[0].warnings


def test_labels_alone_are_played_on_labels_alone() -> None:
    done = audit(attacks="loss,label-only", access="label-only")
    assert [f.risk.attack for f in done.sections[0].findings] == ["label-only"]
    assert facts(done)["access"] == "label-only"


def compared_tables(done: confide.Audit) -> list[Table]:
    """The tables of kinds of access: the model's accuracy is shown by every audit."""
    tables = [e for e in done.sections[0].exhibits if isinstance(e, Table)]
    return [t for t in tables if t.title == "What each kind of access gives"]


def test_a_model_without_an_inside_is_warned_about_once_and_the_rest_runs() -> None:
    net = TorchModel(with_state(-1))
    told: list[str] = []
    done = audit(net.predict, attacks=[SmallGradient(), Half(), Loss()], access="white-box", tell=told.append)
    section = done.sections[0]
    assert [f.risk.attack for f in section.findings] == ["loss"]
    assert {s.attack for s in section.skipped} == {"gradient-norm", "nasr"}
    why = "needs white-box access, but the release gives black-box"
    assert all(why in str(skip.why) for skip in section.skipped)
    (warning,) = [w for w in section.warnings if "white-box" in w]
    assert "the model gives black-box access" in warning
    assert warning in told
    assert not compared_tables(done)


def test_an_unknown_access_is_refused() -> None:
    with pytest.raises(DataError, match="choose from white-box, black-box, label-only"):
        audit(access="grey-box")
    with pytest.raises(DataError, match="checkpoints show the inside"):
        audit(access="black-box", checkpoints=[trained()[0]])


def test_white_box_access_tries_more() -> None:
    def played(attacks: str | None, access: Any) -> list[str]:
        settings = Settings(attacks=attacks)
        held = Model(with_state(-1), members=IN, nonmembers=OUT, access=access)
        return [attack.name for attack in asked_for(SPEC.choose(settings), held, settings)]

    usual, white = ([attack.name for attack in some] for some in (USUAL, WHITE))
    assert played(None, None) == usual
    assert played(None, "white-box") == [*usual, *white]
    assert played("loss", "white-box") == ["loss"]


def test_a_layer_that_does_not_exist_is_a_named_skip() -> None:
    done = audit(attacks=[SmallGradient(layers=("9",)), Loss()])
    (skip,) = done.sections[0].skipped
    assert skip.attack == "gradient-norm"
    assert "no layer '9'" in str(skip.why)
    assert "0, 2" in str(skip.why)


def test_weights_are_put_into_the_architecture(tmp_path: Path) -> None:
    save_file(trained()[-1], tmp_path / "net.safetensors")
    fresh = audit(architecture(), attacks=[SmallGradient()])
    filled = audit(architecture(), attacks=[SmallGradient()], weights=tmp_path / "net.safetensors")
    whole = audit(with_state(-1), attacks=[SmallGradient()])
    aucs = [a.sections[0].headline.risk.auc.value for a in (fresh, filled, whole)]
    assert aucs[1] == aucs[2] > 0.6
    assert aucs[0] < 0.6


def test_weights_of_another_model_are_refused_before_any_work() -> None:
    with pytest.raises(ModelError, match=r"0\.weight is \(32, 8\), not \(4, 8\)"):
        audit(nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2)), weights=trained()[-1])
    with pytest.raises(ModelError, match="go into a torch module"):
        audit(TorchModel(with_state(-1)).predict, weights=trained()[-1])
    with pytest.raises(ModelError, match="go into a torch module"):
        audit(TorchModel(with_state(-1)).predict, checkpoints=[trained()[0]])


@pytest.mark.parametrize(
    ("trained_on", "says"),
    [
        (300, "The audited list holds 300 of the 300 records that trained it (coverage 100 %)."),
        (400, "The audited list holds 300 of the 400 records that trained it (coverage 75 %)."),
        (None, "Coverage unknown: say with --trained-on"),
    ],
)
def test_the_coverage_is_printed(trained_on: int | None, says: str) -> None:
    done = audit(attacks=[SmallGradient()], trained_on=trained_on)
    assert coverage(done).startswith(says)


def test_coverage_is_nobodys_question_without_white_box_attacks() -> None:
    assert not any("overage" in line for line in audit().sections[0].adversary)


def test_more_members_than_trained_it_are_refused() -> None:
    with pytest.raises(DataError, match="there are 300 members, but trained_on is 299"):
        audit(trained_on=299)


def test_the_public_does_not_learn_a_count_from_the_coverage() -> None:
    done = audit(members=(X[:293], Y[:293]), attacks=[SmallGradient()], trained_on=397, audience="public")
    assert coverage(done) == (
        "The audited list holds about 290 of the about 390 records that trained it (coverage 73 %)."
    )


def test_the_rungs_are_measured_on_the_same_people_in_their_order() -> None:
    found = compared(Half(), SmallGradient(), Loss())
    assert found is not None
    assert [r.risk.attack for r in found.rungs] == ["loss", "nasr", "gradient-norm"]
    counts = {(r.risk.exposed_count, r.risk.control_count) for r in found.rungs}
    assert len(counts) == 1
    assert sum(counts.pop()) == 300  # the attack knows half of 600
    assert [r.risk.confidence for r in found.rungs] == pytest.approx([1 - 0.05 / 3] * 3)
    done = audit(attacks=[Half(), SmallGradient(), Loss()])
    alone = {f.risk.attack: f.risk.exposed_count for f in done.sections[0].findings}
    (table,) = compared_tables(done)
    assert [row[1] for row in table.rows] == [r.risk.balanced_accuracy for r in found.rungs]
    assert alone["loss"] == 300  # while the attack itself is measured on everybody
    outputs = TorchModel(with_state(-1)).predict(X).argmax(axis=1) == Y
    assert found.right is not None
    assert [e.value for e in found.right] == pytest.approx([outputs[:300].mean(), outputs[300:].mean()])


def test_a_comparison_needs_an_inside_and_an_outside_row() -> None:
    assert not compared_tables(audit(attacks=[SmallGradient()]))
    assert not compared_tables(audit(attacks="loss"))


def test_rungs_with_too_few_people_in_common_are_left_out() -> None:
    exposed = np.repeat([True, False], 20)

    def of(name: str, access: str, keep: np.ndarray) -> Evidence:
        kept = np.flatnonzero(keep)
        return replace(Evidence.of(exposed[kept], kept * 1.0, attack=name, target=kept), access=access)

    first, last = np.arange(40) % 2 == 0, np.arange(40) % 2 == 1
    apart = SimpleNamespace(
        evidence=(of("loss", "black-box", first), of("decoder", "white-box", last)), attacks=()
    )
    assert compare_access(apart, None, trusted="") is None  # type: ignore[arg-type]


def test_what_was_told_and_noticed_is_on_the_card() -> None:
    done = audit(attacks=[Half(), SmallGradient(conclusive=False)], limits=["auc=0.99"])
    page = done.report.page
    cards = {f["attack"]: f for f in page["findings"]}
    assert "of half of the people" in cards["nasr"]["told"]
    assert cards["gradient-norm"]["remarks"] == ["Norms were small."]
    assert page["verdict"] == "not settled"
    assert done.exit_code == 1
    assert audit(attacks=[SmallGradient(conclusive=False)], limits=["auc=0.99"]).exit_code == 1
    assert audit(attacks=[SmallGradient()], limits=["auc=0.99"]).report.page["verdict"] == "within"


def test_an_informed_adversary_can_be_played_and_what_he_knew_is_said() -> None:
    done = audit(attacks="residual,loss")
    page = done.report.page
    assert not page["skipped"]
    assert page["findings"][0]["told"] == "for each person all other records that trained the model"


def test_gradient_norms_over_training_are_those_of_each_state(tmp_path: Path) -> None:
    for number, state in enumerate(trained()[:2]):
        save_file(state, tmp_path / f"epoch{number}.safetensors")
    files = [tmp_path / f"epoch{number}.safetensors" for number in range(2)]
    (plot,) = plots(audit(attacks=[SmallGradient()], checkpoints=files))
    assert plot.places == ("checkpoint 1", "checkpoint 2", "published")
    members, others = plot.lines
    for at, state in enumerate(trained()):
        net = architecture()
        net.load_state_dict(state)
        total = np.linalg.norm(TorchModel(net).gradient(X, Y), axis=1)
        for line, norms in ((members, total[:300]), (others, total[300:])):
            assert line.y[at] == pytest.approx(np.median(norms), rel=1e-4, abs=1e-7)
            for band, low in zip(line.bands, (0.05, 0.25), strict=True):
                ends = np.quantile(norms, [low, 1 - low])
                assert (band.low[at], band.high[at]) == pytest.approx(tuple(ends), rel=1e-4, abs=1e-7)
    assert members.y[-1] < 0.5 * members.y[0]
    assert members.y[-1] < 0.5 * others.y[-1]


def plots(done: confide.audits.Audit) -> list[Plot]:
    return [e for e in done.sections[0].exhibits if isinstance(e, Plot)]


def test_checkpoints_of_one_name_stay_apart() -> None:
    (plot,) = plots(audit(attacks=[SmallGradient()], checkpoints=[trained()[0], with_state(1)]))
    assert plot.places == ("checkpoint 1", "checkpoint 2", "published")


def test_without_checkpoints_nothing_is_drawn() -> None:
    assert plots(audit(attacks=[SmallGradient()])) == []


def test_a_module_frozen_for_inference_is_audited_from_inside() -> None:
    frozen = with_state(-1).requires_grad_(False)
    found = [audit(net, attacks=[SmallGradient()]).sections[0].findings for net in (frozen, with_state(-1))]
    assert found[0][0].risk.auc == found[1][0].risk.auc
    assert not any(p.requires_grad for p in frozen.parameters())


def test_the_report_says_which_weights_it_is_about(tmp_path: Path) -> None:
    for name, state in zip(("epoch0", "epoch5", "net"), trained(), strict=True):
        save_file(state, tmp_path / f"{name}.safetensors")
    files = [tmp_path / f"{name}.safetensors" for name in ("epoch0", "epoch5", "net")]
    digests = [digest_of(TorchModel(with_state(i))) for i in range(3)]
    assert len(set(digests)) == 3
    for audience in ("internal", "public"):
        done = audit(
            architecture(),
            weights=files[2],
            checkpoints=files[:2],
            attacks=[SmallGradient(), Loss()],
            audience=audience,
        )
        told = facts(done)
        assert told["parameters"] == f"sha256 {digests[2]}..."
        assert told["checkpoints"] == f"1 (sha256 {digests[0]}...), 2 (sha256 {digests[1]}...)"
        named = "Sequential with net.safetensors" if audience == "internal" else "model"
        assert done.report.page["release"] == named
        assert "The adversary holds 2 earlier states of the run." in done.sections[0].adversary
        assert digests[2] in done.report.html()
        # Where the inputs are stands in one place, for internal use.
        public = {**done.report.page, "made": None}
        assert str(tmp_path) not in json.dumps(public)
    assert facts(audit())["parameters"] == f"sha256 {digests[2]}..."
    assert audit(weights=trained()[-1], name="ours").report.page["release"] == "ours"


def test_what_was_told_is_said_and_that_the_others_were_not_told() -> None:
    said = audit(attacks=[Half(), SmallGradient(), Loss()]).sections[0].adversary
    of_half = "of half of the people whether they were in the data, and is judged on the others alone"
    assert f"nasr knew {of_half}." in said
    assert "The other attacks knew of nobody whether they were in the data." in said
    both = audit(attacks=[Half(), membership.Supervised()]).sections[0].adversary
    assert f"Each of nasr, supervised knew {of_half}." in both
    assert not any("other attacks" in line for line in both)
    assert not any("knew of" in line for line in audit().sections[0].adversary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(SmallGradient):
    name: ClassVar[str] = "decoder"


def test_a_row_says_from_where_it_started() -> None:
    for checkpoints, means in (([], "nobody's membership known"), ([trained()[0]], "from a known start")):
        found = compared(Named(), Loss(), checkpoints=checkpoints)
        assert found is not None
        assert [r.means for r in found.rungs][-1] == f"decoder, {means}"


def test_inside_is_held_against_outside_person_by_person() -> None:
    found = compared(Half(), SmallGradient(), Loss())
    assert found is not None
    pair = best_of_both(found)
    assert pair is not None
    assert found.supervised
    assert pair.outside.risk.attack == "loss"
    best = max((r for r in found.rungs if r.risk.access == "white-box"), key=lambda r: r.risk.auc.value)
    assert pair.inside is best
    assert pair.auc.value == pytest.approx(best.risk.auc.value - pair.outside.risk.auc.value)
    assert pair.auc.confidence == pytest.approx(1 - 0.05 / 2)  # two pairs might have been chosen
    alone = compared(SmallGradient(), Loss())
    assert alone is not None
    assert not alone.supervised


class Net(nn.Sequential):
    """What a user names without the weights that belong to it."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))


def guessing() -> nn.Sequential:
    """One class for everybody: right about as many as guessing, every time it is made."""
    net = architecture()
    with torch.no_grad():
        net[2].weight.zero_()
        net[2].bias[:] = torch.tensor([0.0, 1.0])
    return net


class Coin:
    """A model that is no module and knows nothing."""

    def predict_proba(self, x: Any) -> Any:
        one = 0.5 + 0.1 * np.sin(1000.0 * np.asarray(x)[:, 0])
        return np.column_stack([1 - one, one])


def untrained_says(found: confide.audits.Audit) -> list[str]:
    section = found.sections[0]
    return [w for w in section.warnings if "an attack finds nothing in it says nothing" in w]


@pytest.mark.parametrize(
    "model", [Net, guessing(), guessing, Coin], ids=["class", "module", "factory", "own"]
)
def test_no_limit_counts_as_kept_on_a_model_that_was_never_trained(model: Any) -> None:
    torch.manual_seed(0)  # an architecture that is right about fewer than guessing is refused
    found = audit(model, limits=["auc=0.99"])
    page, section = found.report.page, found.sections[0]
    assert len(untrained_says(found)) == 1
    assert section.unsettled == ("a model that seems never to have been trained",)
    assert found.verdict == "not settled" and found.exit_code == 1
    assert "never to have been trained" in page["glance"]["next"][0]
    assert page["sections"][0]["next"][0] == page["glance"]["next"][0]


def test_a_class_that_guesses_well_by_luck_is_not_taken_for_trained() -> None:
    """By 200 draws of its weights one is right about more than guessing for certain."""
    states = []
    for seed in range(200):
        torch.manual_seed(seed)
        states.append(float((Net()(torch.from_numpy(IN[0])).argmax(1).numpy() == IN[1]).mean()))
    torch.manual_seed(int(np.argmax(states)))
    assert max(states) > 0.6
    found = audit(Net, limits=["auc=0.99"])
    assert "draws other weights each time" in untrained_says(found)[0] and found.exit_code == 1


def test_with_its_weights_the_same_class_is_judged() -> None:
    ways = ((Net, {"weights": trained()[-1]}), (with_state(-1), {}), (lambda: with_state(-1), {}))
    for model, options in ways:
        found = audit(model, limits=["auc=0.9999"], **options)
        assert not untrained_says(found) and not found.sections[0].unsettled
        assert found.verdict == "within" and found.exit_code == 0


def test_a_model_that_knows_its_members_alone_is_judged() -> None:
    """At chance about everybody else: overfitted, and trained all the same."""

    def knows_members() -> Any:
        known = {row.tobytes(): y for row, y in zip(*IN, strict=True)}

        def predict(x: Any) -> Any:
            right = np.array([known.get(np.asarray(row, np.float32).tobytes(), 0) for row in x])
            return np.column_stack([1.0 - right, right]) * 0.8 + 0.1

        return predict

    assert not untrained_says(audit(knows_members))


def test_where_nothing_ran_each_reason_is_said_once() -> None:
    with pytest.raises(EvidenceError) as caught:
        audit(attacks="decoder,nasr,lira,rmia", access="black-box")
    said = str(caught.value)
    assert "decoder, nasr: needs white-box access, but the release gives black-box access" in said
    assert "lira, rmia: needs at least 1 reference model and has 0" in said
    assert said.count("decoder") == said.count("rmia") == 1


@pytest.mark.parametrize(("trained_on", "runs"), [(300, True), (400, False), (None, True)])
def test_who_lacks_some_of_the_rest_is_not_played(trained_on: int | None, runs: bool) -> None:
    section = audit(attacks="residual,iha,loss", trained_on=trained_on).sections[0]
    assert {f.risk.attack for f in section.findings} == {"loss", *(["residual", "iha"] if runs else [])}
    for skip in section.skipped:
        assert "to know all other records that trained the model, and here not all are known" in str(skip.why)
