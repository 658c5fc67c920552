"""Mosaic, blur and P3 against naive references and cases by hand."""

from __future__ import annotations

import io

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur, blurred
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.mechanisms.anonymize.p3 import P3, public_part, steps
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.views.images import Pictures


def random_pictures(*shape: int) -> Pictures:
    return Pictures(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8), np.arange(shape[0]))


def shown(mechanism, pictures: Pictures) -> np.ndarray:
    release = mechanism(pictures, rng=None)
    assert release.budget is None and (release.view.person == pictures.person).all()
    assert release.view.pixels.shape == pictures.pixels.shape
    return release.view.pixels


@pytest.mark.parametrize("shape", [(2, 7, 10), (2, 5, 9, 3), (1, 8, 8)])
@pytest.mark.parametrize("side", [1, 3, 4, 16])
def test_mosaic_is_the_mean_of_each_block_continued_at_the_edge(shape, side):
    pictures = random_pictures(*shape)
    found = shown(Mosaic(side=side), pictures)
    h, w = shape[1:3]
    for y in range(h):
        for x in range(w):
            rows = [min(y // side * side + k, h - 1) for k in range(side)]
            columns = [min(x // side * side + k, w - 1) for k in range(side)]
            block = pictures.pixels[:, rows][:, :, columns].astype(float)
            assert (found[:, y, x] == np.round(block.mean(axis=(1, 2)))).all()


@pytest.mark.parametrize("sigma", [0.6, 2.0])
def test_blur_is_the_weighted_mean_with_mirrored_edges(sigma):
    pictures = random_pictures(2, 9, 7)
    far = int(4 * sigma + 0.5)
    away = np.arange(-far, far + 1)
    weight = np.exp(-(away**2) / (2 * sigma**2)) / np.exp(-(away**2) / (2 * sigma**2)).sum()

    def along(values: np.ndarray) -> np.ndarray:
        """Each column of the first axis, by the definition; 0 1 2 | 2 1 0 | 0 1 2 ..."""
        size = len(values)
        folded = np.concatenate([np.arange(size), np.arange(size)[::-1]])
        at = np.arange(size)[:, None] + away
        return np.tensordot(weight, values[folded[at % (2 * size)]], axes=([0], [1]))

    for picture, exact in zip(pictures.pixels.astype(float), blurred(pictures.pixels, sigma), strict=True):
        assert exact == pytest.approx(along(along(picture).T).T, abs=1e-9)
    assert (shown(GaussianBlur(sigma=sigma), pictures) == np.round(blurred(pictures.pixels, sigma))).all()


def test_colours_are_blurred_apart():
    pictures = random_pictures(2, 8, 8, 3)
    each = [
        shown(GaussianBlur(sigma=1.0), Pictures(pictures.pixels[..., c], pictures.person)) for c in range(3)
    ]
    assert (shown(GaussianBlur(sigma=1.0), pictures) == np.stack(each, axis=-1)).all()


def test_p3_keeps_small_coefficients_and_no_sign_of_large_ones():
    step = np.full((8, 8), 2.0)
    coefficients = np.zeros((1, 1, 8, 1, 8))
    coefficients[0, 0, 0, 0, :5] = [900, -10, 10, -4, 3.9]  # in steps: DC, -5, 5, -2, 2
    public = public_part(coefficients, 3, step)[0, 0, 0, 0]
    assert public.tolist() == [0, 6, 6, -4, 4, 0, 0, 0]


def test_p3_takes_the_means_away_and_leaves_the_rest_if_nothing_is_large():
    flat = Pictures(np.full((1, 10, 12), 200, np.uint8), np.zeros(1, np.int64))
    assert (shown(P3(threshold=10), flat) == 128).all()
    rough = Pictures(random_pictures(1, 8, 16).pixels // 4 + 90, np.zeros(1, np.int64))
    found = shown(P3(threshold=10**6, quality=100), rough).astype(float)
    for half in (slice(0, 8), slice(8, 16)):
        block = rough.pixels[:, :, half].astype(float)
        assert found[:, :, half] == pytest.approx(block - block.mean() + 128, abs=4)


def test_p3_in_grey_is_p3_of_brightness_in_colour():
    grey = random_pictures(2, 16, 8)
    colour = Pictures(np.repeat(grey.pixels[..., None], 3, axis=3), grey.person)
    found = shown(P3(threshold=5), colour).astype(float)
    assert found == pytest.approx(shown(P3(threshold=5), grey)[..., None].astype(float).repeat(3, 3), abs=1)


@pytest.mark.parametrize("quality", [10, 50, 75, 95])
def test_steps_are_those_that_jpeg_files_carry(quality):
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.fromarray(np.zeros((8, 8), np.uint8)).save(file, "JPEG", quality=quality)
    carried = image.open(file).quantization[0]
    assert sorted(carried) == sorted(steps(quality).astype(int).ravel().tolist())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Mosaic(side=0), "side of a block is 0"),
        (lambda: GaussianBlur(sigma=0.0), r"sigma is 0\.0"),
        (lambda: P3(threshold=0), "threshold is 0"),
        (lambda: P3(quality=0), "quality is 0"),
    ],
)
def test_impossible_settings_are_refused(make, says):
    with pytest.raises(DataError, match=says):
        make()


@pytest.mark.parametrize("shape", [(3, 33, 47), (2, 30, 31, 3)])
@pytest.mark.parametrize(
    ("mechanism", "weaker"),
    [
        (Mosaic(side=4), Mosaic(side=2)),
        (DPPix.of(epsilon=1.0, side=4, pixels=4), Mosaic(side=2)),
        (GaussianBlur(sigma=3.0), Mosaic(side=1)),
        (GaussianBlur(sigma=40.0), GaussianBlur(sigma=1.0)),
    ],
)
def test_what_a_mechanism_claims_holds_of_its_release_and_not_of_a_weaker_one(shape, mechanism, weaker):
    """Black and white noise is the worst case: all of its detail is fine."""
    pixels = np.random.default_rng(1).integers(0, 2, shape, dtype=np.uint8) * np.uint8(255)
    pictures = Pictures(pixels)
    for release, holds in ((mechanism, True), (weaker, False)):
        claims = mechanism.claims(release(pictures, rng=None).view)
        assert [claim.holds for claim in claims] == [holds]


def test_a_blur_that_hides_no_detail_claims_nothing():
    pictures = random_pictures(2, 9, 7)
    assert GaussianBlur(sigma=0.5).claims(pictures) == ()
