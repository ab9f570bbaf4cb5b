"""Words, numbers and dates as people read them, in Vietnamese first and in English."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qs

import pandas as pd

from ioc_analytics.places import places
from ioc_analytics.views.words import TEXTS, UNITS_EN

__all__ = ["LANGUAGES", "Language", "language_of"]

LANGUAGES = ("vi", "en")


class Language:
    """One language: its words, numbers and dates.

    Parameters
    ----------
    code : {"vi", "en"}

    Examples
    --------
    >>> Language("vi").number(12345.678, 1), Language("en").number(12345.678, 1)
    ('12.345,7', '12,345.7')
    >>> Language("vi").number(float("nan"))
    'chưa có dữ liệu'
    >>> Language("vi").date("2021-10-23")
    '23/10/2021'
    """

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else LANGUAGES[0]

    def text(self, key: str, **values: object) -> str:
        """Return the words for `key` with `values` filled in."""
        return TEXTS[key][LANGUAGES.index(self.code)].format(**values)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with this language's marks; a missing one in words, never 0."""
        if value is None or math.isnan(value):
            return self.text("no_data")
        shown = f"{value:,.{digits}f}"
        if float(value) == 0 or set(shown) <= set("-0.,"):
            shown = shown.removeprefix("-")
        return shown.translate(str.maketrans(",.", ".,")) if self.code == "vi" else shown

    def number_format(self) -> dict[str, Any]:
        """Return this language's number marks as d3 knows them."""
        decimal, thousands = (",", ".") if self.code == "vi" else (".", ",")
        return {
            "decimal": decimal,
            "thousands": thousands,
            "grouping": [3],
            "currency": ["", " ₫"],
        }

    def unit(self, unit: str) -> str:
        """Return a unit in this language."""
        return unit if self.code == "vi" else UNITS_EN.get(unit, unit)

    def place(self, code: str) -> str:
        """Return a place's name in this language."""
        place = places()[code]
        return place.name_vi if self.code == "vi" else place.name_en

    def model(self, model_id: str) -> str:
        """Return a forecasting model in words; its id where there are none."""
        key = f"model_{model_id}"
        return self.text(key) if key in TEXTS else model_id

    def date(self, day: object) -> str:
        """Return a day as day/month/year; a missing one in words."""
        stamp = pd.Timestamp(day)  # type: ignore[arg-type]
        return self.text("no_data") if stamp is pd.NaT else f"{stamp:%d/%m/%Y}"

    def period(self, start: object, freq: str) -> str:
        """Return a period in words, such as “tuần 18/10/2021 – 24/10/2021”."""
        first = pd.Timestamp(start)  # type: ignore[arg-type]
        if first is pd.NaT:
            return self.text("no_data")
        if freq == "M":
            return self.text("period_month", month=f"{first:%m/%Y}")
        if freq == "Q":
            return self.text("period_quarter", quarter=first.quarter, year=first.year)
        if freq == "Y":
            return self.text("period_year", year=first.year)
        last = first + pd.Timedelta(days=6 if freq == "W" else 0)
        key = "period_week" if freq == "W" else "period_day"
        return self.text(key, start=f"{first:%d/%m}", end=f"{last:%d/%m/%Y}")

    def period_ending(self, end: object, freq: str) -> str:
        """Return the period that ends on a day in words."""
        last = pd.Timestamp(end)  # type: ignore[arg-type]
        days = {"W": 6, "M": last.day - 1}.get(freq, 0) if last is not pd.NaT else 0
        return self.period(last - pd.Timedelta(days=days), freq)


def language_of(query: str | None) -> Language:
    """Return the language that a page's query asks for; Vietnamese by default.

    Examples
    --------
    >>> language_of("lang=en").code, language_of(None).code, language_of("lang=xx").code
    ('en', 'vi', 'vi')
    """
    return Language(parse_qs(query or "").get("lang", ["vi"])[-1])
