"""The face sets are what their cards say (counts only), and their twins have the same shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.data import att_faces, lfw62

FACES = pytest.mark.parametrize("data", [att_faces, lfw62], ids=["att-faces", "lfw62"])


@pytest.mark.real_data
def test_att_faces(need: Callable[..., None]) -> None:
    need(att_faces.PACKED)
    pictures = att_faces.load()
    assert pictures.pixels.shape == (400, 112, 92) and np.bincount(pictures.person).tolist() == [10] * 40
    assert len(np.unique(pictures.pixels.reshape(400, -1), axis=0)) == 400


@pytest.mark.slow
@pytest.mark.real_data
def test_lfw62(need: Callable[..., None]) -> None:
    need(lfw62.PACKED)
    pictures = lfw62.load()
    counts = np.bincount(pictures.person)
    assert pictures.pixels.shape == (lfw62.CARD.records, 125, 94) == (3_023, 125, 94)
    assert (len(counts), counts.min(), counts.max()) == (62, 20, 530)


@pytest.mark.slow
@FACES
def test_twins_have_the_cards_shape_and_one_population(data) -> None:
    one, same = (data.twin(130, rng=np.random.default_rng(3)) for _ in range(2))
    assert one.pixels.shape == (130, *data.CARD.shape) and one.digest() == same.digest()
    assert one.person.max() + 1 == len(data.CARD.classes)
    other = data.twin(130, rng=np.random.default_rng(4))
    people = len(data.CARD.classes)
    gap = np.abs(one.pixels[:people, None].astype(float) - other.pixels[None, :people]).mean(axis=(2, 3))
    assert (gap.argmin(axis=1) == np.arange(people)).mean() > 0.3, "the same people are met again"


@FACES
def test_a_missing_or_a_damaged_file_is_said(data, machine) -> None:
    with pytest.raises(DataError, match="is not in"):
        data.load()
    path = machine[0] / data.PACKED.path
    path.parent.mkdir()
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="cannot be read"):
        data.load()
