"""Protections of interactions (who had which item), shared by ratings and likes."""

from __future__ import annotations

from confide.audits.protections import Noise, Protection, Scale
from confide.core.budget import Budget
from confide.inputs.numbers import parse_number, parse_whole
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.randomize.item_response import RandomisedResponse


def _response(epsilon: str, *, noise: Noise) -> RandomisedResponse:
    return RandomisedResponse(budget=Budget(parse_number(epsilon)), noise=noise)


RARE = Protection(
    make=lambda people: WithoutRareItems(people=parse_whole(people)),
    example="rare:20",
    settings={"people": "the fewest people that an item must have to stay"},
    # Whether an item is rare depends on everybody's records.
    alone=False,
    # From items of one person alone, which name that person, to items that a thousand people share.
    scale=Scale(weakest=2, strongest=1_000, write=lambda people: f"rare:{people:.0f}", whole=True),
)
RESPONSE = Protection(
    make=_response,
    example="response:4",
    settings={"epsilon": "of the promise about one row: a smaller one hides more"},
    random=True,
    # A larger epsilon is the weaker promise, so the scale falls.
    scale=Scale(weakest=16.0, strongest=0.1, write=lambda epsilon: f"response:{epsilon:.3g}"),
)
