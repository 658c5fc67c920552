"""What an ONNX graph says of the pictures that it takes: sizes, channels, and the range of its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.models.onnx import OnnxModel

RANGES: Mapping[str, tuple[float, float]] = {
    "nominalrange_0_255": (0.0, 255.0),
    "normalized_0_1": (0.0, 1.0),
    "normalized_1_1": (-1.0, 1.0),
    "nominalrange_16_235": (16.0, 235.0),
}
"""The values of `Image.NominalPixelRange`, a metadata property of ONNX -> what black and white become."""
_TAKES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32, "tensor(float16)": np.float16}
_OTHERWISE = "say how a picture becomes what the model takes: --transform mypkg.mymodel:transform"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInput:
    """The one input of a graph that takes pictures.

    Args:
        kind: of its numbers.
        channels: 1 for grey, 3 for colour.
        first: whether the channels stand before height and width; None where a grey picture has none.
        height, width: where the graph fixes them, else None.
        low, high: what a pixel of 0 and one of 255 become.
        blue_first: whether the channels are blue, green, red.
    """

    kind: type[np.generic]
    channels: int
    first: bool | None
    height: int | None
    width: int | None
    low: float = 0.0
    high: float = 255.0
    blue_first: bool = False

    def of(self, pixels: NDArray[np.uint8]) -> Array:
        """Pictures uint8[n, h, w] or [n, h, w, 3] as the graph takes them."""
        x = pixels if self.channels == 3 or self.first is None else pixels[..., None]
        x = x[..., ::-1] if self.blue_first else x
        x = np.moveaxis(x, -1, 1) if self.first else x
        if self.kind is np.uint8:
            return np.ascontiguousarray(x)
        scaled = np.empty(x.shape, np.float32)
        np.multiply(x, np.float32((self.high - self.low) / 255), out=scaled)
        scaled += np.float32(self.low)
        return scaled


def picture_input(model: object, *, of: str) -> PictureInput:
    """What a graph takes for a picture, by its own input and its metadata.

    Args:
        of: which records are pictures, for messages.

    Raises:
        ModelError: if the model is no graph, or its graph leaves open what a picture becomes.
    """
    if not isinstance(model, OnnxModel):
        raise ModelError(f"{of} are pictures, and this model does not show how it takes one: {_OTHERWISE}.")
    inputs = model.session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in _TAKES:
        shown = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs[:4])
        raise ModelError(f"{of} are pictures, and {model.name} takes {shown}: {_OTHERWISE}.")
    sides, about = [_side(s) for s in inputs[0].shape[1:]], _metadata(model)
    channels, first, height, width = _layout(sides, model.name, of)
    kind = _TAKES[inputs[0].type]
    told = about.get("image.nominalpixelrange", "")
    if kind is not np.uint8 and told not in RANGES:
        raise ModelError(
            f"{model.name} takes numbers of {np.dtype(kind).name}, and does not say what pixels of 0 to 255 "
            f"become, 0 to 1 for example (its metadata has no Image.NominalPixelRange): {_OTHERWISE}."
        )
    low, high = RANGES.get(told, (0.0, 255.0))
    return PictureInput(
        kind=kind,
        channels=channels,
        first=first,
        height=height,
        width=width,
        low=low,
        high=high,
        blue_first=channels == 3 and about.get("image.bitmappixelformat", "") == "bgr8",
    )


def _layout(sides: list[int | None], name: str, of: str) -> tuple[int, bool | None, int | None, int | None]:
    """Channels, whether these stand first, height and width."""
    if len(sides) == 2:
        return 1, None, sides[0], sides[1]
    if len(sides) == 3:
        front, back = sides[0] in (1, 3), sides[2] in (1, 3)
        if front and not back:
            return cast(int, sides[0]), True, sides[1], sides[2]
        if back and not front:
            return cast(int, sides[2]), False, sides[0], sides[1]
    shown = "x".join("?" if s is None else str(s) for s in sides) or "nothing"
    raise ModelError(
        f"{of} are pictures, and {name} takes records of {shown}, which does not show its channels: "
        f"{_OTHERWISE}."
    )


def _side(given: int | str | None) -> int | None:
    return given if isinstance(given, int) and given > 0 else None


def _metadata(model: OnnxModel) -> dict[str, str]:
    """What the graph says of itself, in small letters."""
    about = cast(Any, model.session).get_modelmeta().custom_metadata_map
    return {str(key).lower(): str(value).lower() for key, value in about.items()}
