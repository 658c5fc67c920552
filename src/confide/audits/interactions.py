"""Protections that kinds of release share: of interactions (who had which item), and of rows and times."""

from __future__ import annotations

from confide.audits.protections import Noise, Protection, Scale
from confide.core.budget import Budget
from confide.inputs.numbers import parse_epsilon, parse_number, parse_whole
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.anonymize.sampled_rows import SampledRows
from confide.mechanisms.randomize.item_response import RandomisedResponse


def _response(epsilon: str, *, noise: Noise) -> RandomisedResponse:
    return RandomisedResponse(budget=Budget(parse_epsilon(epsilon)), noise=noise)


def _sample(share: str, *, noise: Noise) -> SampledRows:
    return SampledRows(share=parse_number(share), noise=noise)


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
SAMPLE = Protection(
    make=_sample,
    example="sample:0.5",
    settings={"share": "the chance that a row stays, above 0 and at most 1"},
    random=True,
    scale=Scale(weakest=0.99, strongest=0.01, write=lambda share: f"sample:{share:.3g}"),
)
CLOCK_SETTINGS = {
    "unit": "whose start a time becomes: minute, hour, day, week, month, quarter, year, or a span as 90min",
    "ahead": "by how much the clock that counts the units is ahead of UTC, such as 2h or -8h",
    "written": "what is written: the reading of that clock, and a span more, such as 0h",
}
"""What the settings of `cut` are."""
