"""Recognition: who is in the gallery, who is a stranger, and which claims hit."""

from __future__ import annotations

import numpy as np
import pytest

from confide.attacks.linkage.images import Recogniser
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Guess
from confide.core.play import play
from confide.games.linkage.claims import NOBODY
from confide.games.linkage.images import ImageRecognition, divided
from confide.knowledge.images import Gallery
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.views.images import Pictures


def labelled(people: int = 6, each: int = 5) -> Pictures:
    """Picture k holds k in every pixel, so it is recognised in every place."""
    n = people * each
    pixels = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 2, 2)).copy()
    return Pictures(pixels, np.arange(n) % people)


def deal(seed: int = 0, **changes):
    game = ImageRecognition(mechanism=Published(), pictures=labelled(), **changes)
    return game, game.deal(0, rng=np.random.default_rng(seed))


def test_each_picture_is_on_one_side_and_strangers_have_none_in_the_gallery():
    for seed in range(20):
        _, world = deal(seed)
        known = world.case.known.clear.pixels[:, 0, 0].astype(int)
        shown = world.case.view.pixels[:, 0, 0].astype(int)
        assert (shown == world.ids).all() and world.case.view.person is None
        assert not set(known) & set(shown) and sorted(set(shown % 6)) == list(range(6))
        strangers = set(range(6)) - set(known % 6)
        assert len(strangers) == 3 and len(known) == 3 * 4 and len(shown) == 6
        assert (world.exposed == ~np.isin(shown % 6, list(strangers))).all()
        assert ((world.secrets == NOBODY) == ~world.exposed).all()


def test_a_name_means_the_same_in_the_gallery_and_among_the_secrets():
    _, world = deal(3)
    clear = world.case.known.clear
    for secret, shown in zip(world.secrets, world.ids, strict=True):
        if secret != NOBODY:
            assert (clear.pixels[clear.person == secret][:, 0, 0] % 6 == shown % 6).all()
    assert sorted(set(clear.person.tolist())) == [0, 1, 2] and world.case.known.people == 3


def test_everybody_is_a_stranger_half_of_the_time():
    """400 worlds of 6 people: 200 times, give or take five standard deviations of 10."""
    counts = np.zeros(6)
    for seed in range(400):
        _, world = deal(seed)
        counts += np.bincount(world.ids % 6, weights=~world.exposed)
    assert (np.abs(counts - 200) < 50).all()


def test_in_the_closed_form_nobody_is_a_stranger():
    _, world = deal(closed=True)
    assert world.exposed.all() and (world.secrets == world.ids % 6).all()


def test_a_right_name_hits_and_any_name_of_a_stranger():
    game, _ = deal()
    secrets = np.array([0, 1, NOBODY, NOBODY])
    hits = game.hits(Guess(np.array([0, 0, 2, NOBODY]), np.zeros(4)), secrets)
    assert hits.tolist() == [True, False, True, False]
    assert not game.randomised and str(game.unit) == "any one record"


def test_the_referee_knows_the_promise_and_what_the_release_was_made_of():
    mosaic = DPPix.of(epsilon=0.5, side=2, pixels=1, noise="rehearsal")
    game = ImageRecognition(mechanism=mosaic, pictures=labelled())
    world = game.deal(0, rng=np.random.default_rng(0))
    assert (world.source.pixels[:, 0, 0] == world.ids).all() and world.source.person is None
    assert world.promise == mosaic.budget
    with pytest.raises(PromiseError, match="the game tells apart"):
        play(game, Recogniser(), worlds=1, rng=np.random.default_rng(0))


def test_of_each_persons_pictures_one_at_least_is_on_either_side():
    person = np.repeat(np.arange(4), [2, 3, 10, 40])
    for share, kept in ((0.01, [1, 1, 1, 1]), (0.8, [1, 2, 8, 32]), (0.99, [1, 2, 9, 39])):
        inside = divided(person, share, rng=np.random.default_rng(0))
        assert np.bincount(person, weights=inside).tolist() == kept


def test_what_cannot_be_played_is_refused():
    with pytest.raises(DataError, match="no names"):
        ImageRecognition(mechanism=Published(), pictures=labelled().nameless())
    with pytest.raises(DataError, match="person 1 has 1 pictures"):
        ImageRecognition(mechanism=Published(), pictures=labelled(2, 2).take(np.array([0, 2, 1])))
    with pytest.raises(DataError, match=r"gallery is 1\.5"):
        ImageRecognition(mechanism=Published(), pictures=labelled(), gallery=1.5)
    with pytest.raises(DataError, match="carry no names"):
        Gallery(labelled().nameless(), Published())
