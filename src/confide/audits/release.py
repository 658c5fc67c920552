"""A release under audit: its worlds are dealt once, and each attack is played once, whatever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import Field, dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar

from confide.audits.kept import find, keep
from confide.audits.own_attacks import played_own
from confide.audits.progress import Kind, Step
from confide.audits.protections import UNPROTECTED
from confide.audits.settings import Settings
from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import AccessError, ConfideError, DataError, EvidenceError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.keys import key_of_value
from confide.core.language import t
from confide.core.nouns import AnyAttack, AnyGame, AnyMechanism, AnyWorld
from confide.core.own_attack import is_own
from confide.core.play import deal, play
from confide.core.version import VERSION
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.in_order import in_order
from confide.report import Proof, Skipped


class _OnRelease(Protocol):
    """A game on a release that may have been made already: a frozen record, with a `mechanism` beside it."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def made_by(self) -> AnyMechanism | None: ...


_Game = TypeVar("_Game", bound=_OnRelease)
_Look = TypeVar("_Look")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedGame:
    """A game, in how many worlds, and the attacks that play in it.

    Args:
        game: None where the evidence was made elsewhere.
        attacks: that play in this game.
        worlds: how many worlds are dealt.
        skipped: attacks that cannot play here, with the reasons.
        found: evidence that was made elsewhere.
        kept: whether finished evidence is kept on disk under the game's own content; not where the game
            holds a live model.
        keyed: where it is not: what an attack's evidence follows from, as a key; empty where nobody can
            say.
        person: int64[targets], whom each target is about; None where each is about somebody else.
        goal: what the attacks are after, where the kind has several goals; "" for that of its spec.
        promise: of the mechanism as it was bound to the data; None for that of the mechanism itself.
        proves: finds out what follows from the release for certain, where that takes no game.
        prover: the attack that does it, for its card.
        expected: how many seconds an attack, by name, or another step, by kind, is expected to take.
        sides: whether the worlds are the two sides of one comparison, and not repetitions of it.
        alternatives: groups of worlds, where each is a question of its own, such as one about each client.
            The worst of them counts, and all intervals are corrected for that choice. Nothing of it is kept
            on disk. None stands for one question, about all worlds.
    """

    game: AnyGame | None
    attacks: Sequence[AnyAttack] = ()
    worlds: int = 1
    skipped: Sequence[Skipped] = ()
    found: Sequence[Evidence] = ()
    kept: bool = True
    keyed: Callable[[AnyAttack], str] | None = None
    person: Ints | None = None
    goal: str = ""
    promise: Budget | None = None
    proves: Callable[[AuditedRelease], Proof] | None = None
    prover: AnyAttack | None = None
    expected: Mapping[str, float] = field(default_factory=dict[str, float])
    sides: bool = False
    alternatives: Sequence[Sequence[int]] = ()


@dataclass(kw_only=True, eq=False)
class AuditedRelease:
    """One release under audit, by attacks of one goal.

    Args:
        name: of the protection, as the user wrote it, or `UNPROTECTED`.
        mechanism: what made the release.
        games: what is played against it; the first one is the one that exhibits ask further questions.
        settings: of the audit.
        leads: whether it is the first in the report: what is said of the records themselves is said there.
        goal: what the attacks are after, a name of `confide.report.goals.GOALS`.
        aside: whether attacks of another goal lead the report.
        chosen: the alternative that counts; None before it was chosen, and where there is none.
        unmeasured: the alternatives of which nothing could be measured.
    """

    name: str
    mechanism: AnyMechanism
    games: Sequence[PlannedGame]
    settings: Settings
    leads: bool = True
    goal: str = ""
    aside: bool = False
    chosen: int | None = None
    unmeasured: tuple[int, ...] = ()
    skipped: list[Skipped] = field(default_factory=list)
    _evidence: dict[AnyAttack, Evidence | None] = field(default_factory=dict)
    _each: dict[AnyAttack, dict[int, Evidence | ConfideError]] = field(default_factory=dict)
    _worlds: dict[int, tuple[AnyWorld, ...]] = field(default_factory=dict)
    _keys: dict[int, str] = field(default_factory=dict)
    _looks: dict[str, Any] = field(default_factory=dict)

    @property
    def game(self) -> AnyGame:
        """The first game."""
        game = self.games[0].game
        assert game is not None, "evidence made elsewhere has no game"
        return game

    @property
    def promise(self) -> Budget | None:
        """What the release promises."""
        return self.games[0].promise or self.mechanism.budget

    @property
    def unit(self) -> Unit | None:
        """What exposed and control differ in; None where nobody says."""
        return None if self.games[0].game is None else self.games[0].game.unit

    @property
    def worlds(self) -> tuple[AnyWorld, ...]:
        """The worlds of the first game, as every attack meets them."""
        return self.dealt(0)

    def dealt(self, number: int) -> tuple[AnyWorld, ...]:
        """The worlds of game `number`."""
        if number not in self._worlds:
            planned = self.games[number]
            assert planned.game is not None
            # The same stream for each release: all protections meet the same people and the same coins.
            self._worlds[number] = deal(planned.game, worlds=planned.worlds, rng=self._rng())
        return self._worlds[number]

    def forget_worlds(self) -> None:
        """Free the memory of the dealt worlds, once nothing asks for them any more."""
        self._worlds.clear()

    @property
    def alternatives(self) -> int:
        """How many questions the worst is chosen from."""
        return max(1, len(self.games[0].alternatives))

    @property
    def counted(self) -> tuple[AnyWorld, ...]:
        """The worlds of the first game that count: of alternatives, those of the one that was chosen."""
        if self.chosen is None:
            return self.worlds
        return tuple(self.worlds[k] for k in self.games[0].alternatives[self.chosen])

    @property
    def attacks(self) -> tuple[AnyAttack, ...]:
        """All attacks that are to be played, whether they run or not."""
        return tuple(attack for planned in self.games for attack in planned.attacks)

    @property
    def called(self) -> str:
        """What tells it apart from the other releases, for those who watch; empty for the first."""
        protection = "" if self.name == UNPROTECTED else self.name
        return ", ".join(part for part in (protection, self.goal if self.aside else "") if part)

    @property
    def expected(self) -> dict[str, float]:
        """How many seconds an attack, by name, or another step, by kind, is expected to take."""
        return {name: seconds for planned in self.games for name, seconds in planned.expected.items()}

    @property
    def steps(self) -> list[Step]:
        """What is still to be done about it, in its order."""
        attacks = [
            Step(kind="attack", what=self._named(attack), seconds=self.expected.get(attack.name))
            for attack in self.attacks
        ]
        more: tuple[Kind, ...] = ("measuring", "exhibits")
        return [
            *attacks,
            *(Step(kind=kind, what=self.called, seconds=self.expected.get(kind)) for kind in more),
        ]

    def play(self) -> None:
        """Play every attack that is planned, and find what is proved of it, saying what is done."""
        for attack in self.attacks:
            self.settings.at("attack", self._named(attack))
            self.of(attack)
        if self.games[0].proves is not None:
            self.settings.at("attack", self.called or "proofs")
            _ = self.proof  # found now, so that what takes time is done here

    def _named(self, attack: AnyAttack) -> str:
        """An attack, and which one of how many it is."""
        number = self.attacks.index(attack) + 1
        where = f" on {self.called}" if self.called else ""
        return f"{attack.name}{where} ({number} of {len(self.attacks)})"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was made elsewhere, and that of the attacks that ran."""
        found = [e for planned in self.games for e in planned.found]
        return (*found, *(e for e in map(self.of, self.attacks) if e is not None))

    @property
    def proof(self) -> Proof | None:
        """What follows from the release for certain; None where games are played instead."""
        proves = self.games[0].proves
        return None if proves is None else self.once("proof", lambda: proves(self))

    def of(self, attack: AnyAttack) -> Evidence | None:
        """What this attack scores; None where it cannot run, and then `skipped` says why.

        An attack that is not planned plays in the first game.
        """
        # None is kept as well: an attack that cannot run is asked once, and named once.
        if attack not in self._evidence:
            try:
                self._evidence[attack] = self._found_or_played(attack)
            # These say that the attack does not fit what there is. Any other error is a fault, and stops the
            # audit.
            except (AccessError, KnowledgeError, EvidenceError) as why:
                self.skipped.append(Skipped.because(attack.name, why))
                self._evidence[attack] = None
        if self.chosen is not None and attack in self._each:
            return self.about(attack, self.chosen)
        return self._evidence[attack]

    def about(self, attack: AnyAttack, place: int) -> Evidence | None:
        """What this attack scores on one of the alternatives; None where it cannot run."""
        if attack not in self._evidence:
            self.of(attack)
        found = self._each.get(attack, {}).get(place)
        return found if isinstance(found, Evidence) else None

    def of_alternative(self, place: int) -> tuple[Evidence, ...]:
        """The evidence of all attacks that ran on one of the alternatives."""
        found = [self.about(attack, place) for attack in self.attacks]
        return tuple(one for one in found if one is not None)

    def settle(self, place: int) -> None:
        """Choose the alternative that counts; what could not run on it is named."""
        self.chosen = place
        for attack, each in self._each.items():
            why = each[place]
            if not isinstance(why, Evidence) and self._evidence[attack] is not None:
                self.skipped.append(Skipped.because(attack.name, why))

    def once(self, name: str, look: Callable[[], _Look]) -> _Look:
        """A closer look of this name at the release, taken when it is first asked for.

        Words, exhibits and the table of people ask for the same one, and it may train models.
        """
        if name not in self._looks:
            self._looks[name] = look()
        return self._looks[name]

    def need_something_left(self) -> None:
        """Refuse, before any attack, a protection that leaves nothing.

        This deals the release's worlds, and holds them until its attacks have played.

        Raises:
            DataError: with the protection's name.
        """
        if self.games[0].game is None:
            return  # what is proved of it says by itself what is left
        # An attack on nothing recognises nobody, which would look like perfect protection.
        if any(_nothing(world.case.view) for world in self.worlds):
            raise DataError(f"{self.name} leaves nothing of the records: protect them less.")

    def _found_or_played(self, attack: AnyAttack) -> Evidence:
        # By value: attacks are frozen records, so an equal one is the same one.
        number = next((i for i, planned in enumerate(self.games) if attack in planned.attacks), 0)
        if self.games[number].alternatives:
            return self._played_each(number, attack)
        person = self.games[number].person
        found = self._of_game(number, attack)
        if self.games[number].sides:
            found = found.in_one_world()
        return found if person is None else found.about(person)

    def _of_game(self, number: int, attack: AnyAttack) -> Evidence:
        content = self._content(number, attack)
        if not content:
            return self._played(number, attack)
        # The seed too, because it decides the worlds; the version, because another one may score in another
        # way.
        key = key_of_value(content, attack, self.settings.seed)
        found = find(key, self.settings)
        if found is not None:
            self.settings.at(
                "attack", self._named(attack) if attack in self.attacks else attack.name, kept=True
            )
            return found
        return keep(key, self.settings, self._played(number, attack))

    def _content(self, number: int, attack: AnyAttack) -> str:
        """What the evidence of an attack follows from, as a key; empty where it cannot be kept."""
        if is_own(attack):
            return ""  # its code may have changed since, and no key holds that
        planned = self.games[number]
        if not planned.kept:
            content = "" if planned.keyed is None else planned.keyed(attack)
            return content and key_of_value("evidence", VERSION, content, planned.worlds)
        if number not in self._keys:  # the data are hashed once a game, not once an attack
            self._keys[number] = key_of_value("evidence", VERSION, planned.game, planned.worlds)
        return self._keys[number]

    def _played_each(self, number: int, attack: AnyAttack) -> Evidence:
        """Play an attack on each alternative by itself: one that it cannot be played on spoils no other."""
        each: dict[int, Evidence | ConfideError] = {}
        for place, group in enumerate(self.games[number].alternatives):
            try:
                each[place] = self._played(number, attack, group)
            except (AccessError, KnowledgeError, EvidenceError) as why:
                each[place] = why
        self._each[attack] = each
        ran = [found for found in each.values() if isinstance(found, Evidence)]
        if not ran:
            raise next(why for why in each.values() if not isinstance(why, Evidence))
        return ran[0]

    def _played(self, number: int, attack: AnyAttack, only: Sequence[int] = ()) -> Evidence:
        game, settings = self.games[number].game, self.settings
        assert game is not None
        # a promise about another unit is shown, and never held against what is found (`Section.unit`)
        dealt = self.dealt(number)
        worlds = [dealt[k] for k in only] if only else dealt
        playing = partial(play, game, attack, worlds=worlds, across_units=True)
        if is_own(attack):
            return played_own(attack, lambda only: playing(rng=self._rng(), only=only, map=settings.map))
        return playing(rng=self._rng(), map=settings.map)

    def _rng(self) -> Rng:
        return self.settings.rng("worlds")


def made_from(release: AuditedRelease) -> str:
    """What unprotected records are called in a report: the release, or what it was made from."""
    return t("release") if isinstance(release.mechanism, Published) else t("made from")


def made_in_all(game: _OnRelease, mechanism: AnyMechanism) -> AnyMechanism:
    """How the release of this mechanism was made, with what had made a released file already before it."""
    return mechanism if game.made_by is None else in_order([game.made_by, mechanism])


def protected(game: _Game, mechanism: AnyMechanism) -> _Game:
    """The game on the release of this mechanism, of which the adversary knows how it was made in all."""
    # Of a file that nobody says anything about it knows the mechanism alone.
    known = None if game.made_by is None else made_in_all(game, mechanism)
    return replace(game, mechanism=mechanism, made_by=known)


def _nothing(view: object) -> bool:
    """Whether a view of rows has none; a model has no rows."""
    return isinstance(view, Sized) and not len(view)
