"""Rates and intervals in words, for readers who know no statistics."""

from __future__ import annotations

from math import ceil, floor

from confide.core.language import number, t
from confide.report.page_types import EstimateRecord


def share(rate: float) -> str:
    """A rate in the words of a newspaper.

    >>> share(0.41), share(0.0141), share(0.0004), share(1.0), share(0.0)
    ('41 in 100', '14 in 1,000', '4 in 10,000', 'all', 'none')
    """
    if rate <= 0 or rate >= 1:
        return t("none", of="share") if rate <= 0 else t("all", of="share")
    n, per = out_of(rate)
    return t("{n} in {per}", n=n, per=per)


def out_of(rate: float) -> tuple[str, str]:
    """A rate between 0 and 1 as two numbers: how many, and of how many.

    >>> out_of(0.0141), out_of(0.999)
    (('14', '1,000'), ('more than 99', '100'))
    """
    per = parts(rate)
    # Rounding would make it 100 in 100, which says "all".
    n = t("more than {n}", n=99) if rate > 0.995 else f"{round(rate * per)}"
    return n, number(per, ",")


def times(rate: float) -> str:
    """How often something happens.

    >>> times(0.7), times(0), times(1)
    ('70 in 100 times', 'in no case', 'in every case')
    """
    if rate <= 0 or rate >= 1:
        return t("in no case") if rate <= 0 else t("in every case")
    n, per = out_of(rate)
    return t("{n} in {per} times", n=n, per=per)


def parts(rate: float) -> int:
    """The number of people to speak of, such that the rate is a whole number with about two digits."""
    # 1.95 rounds to 2: below that a whole number of people is off by a quarter and more
    return next((per for per in (100, 1_000, 10_000) if rate * per >= 1.95), 100_000)


def one_in(rate: float) -> str:
    """A false-positive rate as 'one in n'.

    >>> one_in(0.01), one_in(0.0001), one_in(0.03)
    ('1 in 100', '1 in 10,000', '3 in 100')
    >>> one_in(0), one_in(5e-324)
    ('0 in 100,000', '0 in 100,000')
    """
    # No audit has such a rate, but a report that somebody edited may.
    if rate < 1e-12:
        return t("{n} in {per}", n="0", per=number(parts(rate), ","))
    # Rates such as 0.03 are no whole "1 in n".
    if abs(1 / rate - round(1 / rate)) < 1e-6:
        return t("{n} in {per}", n="1", per=number(round(1 / rate), ","))
    return share(rate)


def spread(e: EstimateRecord) -> str:
    """The interval of a rate in the same words: rounded outward.

    >>> spread({"value": 0.0, "low": 0.0, "high": 0.02, "confidence": 0.95})
    'between 0 and 2 in 100'
    >>> spread({"value": 0.41, "low": 0.384, "high": 0.436, "confidence": 0.95})
    'between 38 and 44 in 100'
    """
    per = parts(e["value"] or e["high"])
    low, high = floor(e["low"] * per + 1e-9), ceil(e["high"] * per - 1e-9)
    return t("between {low:,} and {high:,} in {per:,}", low=low, high=high, per=per)


def same_unit(rate: float, e: EstimateRecord) -> str:
    """A rate out of as many people as `spread` speaks of, to be compared with it.

    >>> same_unit(0.01, {"value": 0.0, "low": 0.0, "high": 0.007, "confidence": 0.95})
    '10 in 1,000'
    """
    per = parts(e["value"] or e["high"])
    return t("{n} in {per}", n=number(ceil(rate * per - 1e-9), ","), per=number(per, ","))


def often(e: EstimateRecord) -> str:
    """How often, with the interval.

    >>> often({"value": 0.41, "low": 0.384, "high": 0.436, "confidence": 0.95})
    '41 in 100 times (between 38 and 44 in 100)'
    """
    return f"{times(e['value'])} ({spread(e)})"


def cases(e: EstimateRecord) -> str:
    """In how many cases, with the interval: for what is rare, where "times" would sound like more.

    >>> cases({"value": 0.017, "low": 0.005, "high": 0.0436, "confidence": 0.95})
    'in 17 of 1,000 cases (between 5 and 44 in 1,000)'
    """
    if not 0 < e["value"] < 1:
        return often(e)
    n, per = out_of(e["value"])
    return f"{t('in {n} of {per} cases', n=n, per=per)} ({spread(e)})"


def percent(x: float) -> str:
    """A share in percent, to a sensible digit.

    >>> percent(0.95), percent(0.0123), percent(0.9975)
    ('95 %', '1.2 %', '99.75 %')
    """
    # Near 100 % the digits after the point are what differs.
    return t("{share} %", share=number(100 * x, ".4g" if x > 0.99 else ".2g" if x < 0.1 else ".3g"))
