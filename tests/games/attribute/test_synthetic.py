"""Attribute inference from synthetic files: coins, scores of one claim, a promise about a cell, refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from confide.attacks.attribute import CorrectAttribution, LinearReconstruction, NearestRecord
from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Case, Guess, Release
from confide.core.play import play
from confide.games.attribute.synthetic import RandomisedSecrets, SyntheticInference, in_one_cell
from confide.games.attribute.table import NOTHING
from confide.knowledge.table import Knowing, TableKnowledge
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.views.table import Domain, Table

SIZES = (50, 6, 3)
BITS, CELL = Domain("bit", ("no", "yes")), Unit.cells(["bit"])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def records(n: int = 600, seed: int = 0) -> Table:
    """Two columns without a law, and a secret of three values of which the last one is rare."""
    draw = rng(seed).random((n, 3)) ** (1, 1, 2)
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(SIZES)]
    return Table.of(domains, (draw * SIZES).astype(np.int32))


def coins(**settings: Any) -> RandomisedSecrets:
    usual = {
        "mechanism": Published(),
        "records": records(),
        "known": ("c0", "c1"),
        "secret": "c2",
        "targets": np.arange(0, 600, 2),
    }
    return RandomisedSecrets(**(usual | settings))


def files(**settings: Any) -> SyntheticInference:
    usual = {
        "synthetic": records(),
        "real": records(),
        "control": records(300, seed=1),
        "known": ("c0", "c1"),
        "secret": "c2",
    }
    return SyntheticInference(**(usual | settings))


def test_a_fair_coin_writes_one_of_two_secrets_and_nobody_elses() -> None:
    one = coins()
    dealt = one.deal(0, rng=rng(1))
    assert one.two == (0, 1)  # the commonest two of three
    assert (dealt.secrets == dealt.exposed).all() and set(dealt.secrets.tolist()) == {0, 1}
    # 300 coins: by chance further than 4 standard deviations once in 16,000 seeds.
    assert abs(dealt.exposed.sum() - 150) < 4 * np.sqrt(75)
    expected = records().low.copy()
    expected[one.targets, 2] = dealt.secrets
    assert sorted(map(tuple, expected)) == sorted(map(tuple, dealt.case.view.low))
    assert (dealt.ids == one.targets).all()


def test_the_coins_are_drawn_again_in_each_world_and_follow_the_generator() -> None:
    one = coins()
    assert (one.deal(0, rng=rng(1)).secrets == one.deal(0, rng=rng(1)).secrets).all()
    assert (one.deal(0, rng=rng(1)).secrets != one.deal(0, rng=rng(2)).secrets).any()


def test_the_register_holds_everybody_and_no_secret_in_another_order_than_the_file() -> None:
    for dealt in (coins().deal(0, rng=rng(1)), files().deal(0, rng=rng(1))):
        register = dealt.case.known.everybody
        assert register is not None and register.names == dealt.case.targets.names == ("c0", "c1")
        real = records().low[:, :2]
        people = real if len(register) == 600 else np.concatenate([real, records(300, seed=1).low[:, :2]])
        assert sorted(map(tuple, register.low)) == sorted(map(tuple, people))
        assert (register.low[:100] != people[:100]).any()
        assert dealt.case.known.secret == "c2"


def test_the_facts_and_the_register_share_their_wrong_cells() -> None:
    dealt = coins(knowing=Knowing(wrong=0.3)).deal(0, rng=rng(1))
    told = set(map(tuple, dealt.case.known.everybody.low))
    assert set(map(tuple, dealt.case.targets.low)) <= told
    assert (dealt.case.targets.low != records().low[dealt.ids, :2]).any()


def test_a_score_is_that_of_the_claim_that_is_asked_about() -> None:
    one = coins(values=(2, 1))
    guess = Guess(np.array([1, 2, 0, NOTHING]), np.array([0.9, 0.7, 0.8, 0.0]))
    assert one.scored(guess).tolist() == [0.9, -0.7, 0.0, 0.0]
    assert one.scored(Guess(None, guess.score)).tolist() == guess.score.tolist()
    assert one.hits(guess, np.zeros(4)).all()


@dataclass(frozen=True)
class Names:
    """Names the secret of each target with one score, whatever it is; or nothing where nothing is read."""

    name = "names"

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        rows = {(a, b): c for a, b, c in case.view.low.tolist()}
        said = [rows[a, b] for a, b in case.targets.low.tolist()]
        return Guess(np.array(said), np.full(len(said), 0.6))


def test_evidence_has_the_scores_of_the_claim_and_perfect_names_have_an_auc_of_1() -> None:
    apart = Table.of(
        (Domain("c0", tuple(map(str, range(40)))), Domain("c1", ("",)), BITS),
        np.column_stack([np.arange(40), np.zeros(40), np.arange(40) % 2]),
    )
    evidence = play(coins(records=apart, secret="bit", targets=np.arange(40)), Names(), worlds=2, rng=rng())
    assert set(evidence.table["score"].to_list()) == {0.6, -0.6} and evidence.randomised
    assert ((evidence.table["score"] > 0) == evidence.table["exposed"]).all()
    assert measure(evidence).auc.value == 1.0


@dataclass(frozen=True)
class Told:
    """Randomised response on the secret: it promises log(keep / (1 - keep)) about what its unit says."""

    keep: float
    unit: Unit = CELL

    @property
    def budget(self) -> Budget:
        return Budget(float(np.log(self.keep / (1 - self.keep))), unit=self.unit)

    def __call__(self, data: Table, *, rng: Rng) -> Release[Table]:
        codes = data.low.copy()
        codes[:, 2] ^= rng.random(len(codes)) >= self.keep
        return Release(Table.of(data.domains, codes), self.budget, "Told")


def bits(n: int) -> Table:
    domains = (Domain("c0", tuple(map(str, range(n)))), Domain("c1", ("",)), BITS)
    return Table.of(domains, np.column_stack([np.arange(n), np.zeros(n), np.arange(n) % 2]))


def test_randomised_response_is_found_at_its_rate_and_below_its_promise() -> None:
    """The AUC of one answer that is kept with probability q is q: 4 standard errors at 4,000 people."""
    one = coins(records=bits(4_000), secret="bit", targets=np.arange(4_000), mechanism=Told(0.8))
    evidence = play(one, CorrectAttribution(), worlds=1, rng=rng(3))
    risk = measure(evidence)
    assert abs(risk.auc.value - 0.8) < 4 * np.sqrt(0.8 * 0.2 / 4_000)
    # The certified bound is below epsilon, and has power: it is above half of it.
    assert np.log(4) / 2 < max(bound.low for bound in risk.epsilon if bound.certified) <= np.log(4)


def test_a_promise_about_a_record_is_two_about_a_cell() -> None:
    once = Budget(0.5, 1e-6)
    twice = in_one_cell(once, "bit")
    assert twice == Budget(1.0, 1e-6 * (1 + np.exp(0.5)), Unit.cells(["bit"]))
    place = Budget(0.5, unit=Unit.place(within_m=10))
    assert in_one_cell(place, "bit") is place
    one = coins(records=bits(50), secret="bit", targets=np.arange(50))
    promise = replace(one, mechanism=Told(0.8, Unit.record())).deal(0, rng=rng()).promise
    assert promise is not None and promise.epsilon == pytest.approx(2 * np.log(4))
    with pytest.raises(PromiseError, match="tells apart what any one row holds in bit"):
        play(replace(one, mechanism=Told(0.8, Unit.client())), CorrectAttribution(), worlds=1, rng=rng())


@pytest.mark.parametrize("attack", [LinearReconstruction(), CorrectAttribution(), NearestRecord()])
def test_other_peoples_files_say_nothing_of_a_drawn_secret(attack: Any) -> None:
    """Each person's row is another person's, with the secret: the AUC is that of a coin, within 4 errors."""

    @dataclass(frozen=True)
    class Others:
        budget: Any = None

        def __call__(self, data: Table, *, rng: Rng) -> Release[Table]:
            codes = data.low.copy()
            codes[:, 2] = rng.permutation(codes[:, 2])
            return Release(Table.of(data.domains, codes), None, "Others")

    for mechanism in (Others(), Bootstrap(noise="rehearsal")):
        evidence = play(coins(mechanism=mechanism, targets=np.arange(600)), attack, worlds=4, rng=rng(5))
        away = abs(measure(evidence).auc.value - 0.5)
        # 4 worlds are 2,400 coins. The bootstrap is found: or the test would have no power.
        assert (away < 4 / np.sqrt(12 * 600)) == (not isinstance(mechanism, Bootstrap))


def test_files_that_exist_ask_about_both_sides_and_count_right_claims() -> None:
    one = files(most=200)
    dealt = one.deal(0, rng=rng(1))
    assert dealt.exposed.sum() == 200 and len(dealt.exposed) == 400 and not one.randomised
    both = np.concatenate([records().low, records(300, seed=1).low])
    assert (dealt.exposed == (dealt.ids < 600)).all() and len(set(dealt.ids.tolist())) == 400
    assert (dealt.secrets == both[dealt.ids, 2]).all()
    assert (dealt.case.targets.low == both[dealt.ids, :2]).all()
    guess = Guess(np.array([2, 1, NOTHING]), np.ones(3))
    assert one.hits(guess, np.array([2, 0, 0])).tolist() == [True, False, False]


def test_a_copy_gives_away_the_people_behind_it_and_another_file_does_not() -> None:
    """300 of each side: five standard errors of a difference of rates are .2, once in 1.7 million runs."""
    for synthetic, most in ((records(), 1.0), (records(600, seed=2), 0.2)):
        table = play(files(synthetic=synthetic, most=300), CorrectAttribution(), worlds=1, rng=rng()).table
        exposed, control = (table.filter(table["exposed"] == side)["hit"].mean() for side in (True, False))
        assert (exposed - control > 0.2) == (most == 1.0)
        assert abs(exposed - control) < most


def test_of_somebody_with_several_rows_one_is_asked_about() -> None:
    real = Table.of(records().domains, records().low, people=np.arange(600) // 3)
    dealt = files(real=real).deal(0, rng=rng())
    asked = dealt.ids[dealt.exposed]
    assert len(asked) == 200 and len(set((asked // 3).tolist())) == 200
    assert dealt.case.known.everybody.people is None and dealt.case.targets.people is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"control": records().only(["c0", "c2", "c1"])}, "columns c0, c2, c1, the real one c0, c1, c2"),
        ({"synthetic": bits(9).only(["c0", "c1", "bit"])}, "synthetic file has the columns"),
        ({"known": ("c0", "c2")}, "among the known columns"),
        ({"known": ()}, "none is known"),
        ({"real": records().take(np.zeros(5, int))}, "same for everybody"),
        ({"control": records().take(np.arange(0))}, "0 control people"),
        ({"most": 0}, "0 asked about"),
    ],
)
def test_files_that_do_not_fit_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        files(**settings)


def test_a_column_of_other_values_is_refused() -> None:
    domains = [*records().domains[:2], Domain("c2", ("0", "1", "two"))]
    with pytest.raises(DataError, match="other values of 'c2'"):
        files(synthetic=Table.of(domains, records().low))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"targets": np.arange(0)}, "no row is asked about"),
        ({"values": (1, 1)}, "codes 1 and 1"),
        ({"values": (0, 3)}, "from 0 to 2"),
        ({"secret": "c1"}, "among the known"),
    ],
)
def test_secrets_that_cannot_be_drawn_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        coins(**settings)
