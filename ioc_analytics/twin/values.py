"""Columns of simulated tables out of numbers: dates, ids, and values that are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.outbreak_course import ORIGIN

__all__ = ["dates", "known_only", "numbered", "sometimes_missing"]

_Values = NDArray[Any]


def dates(days: Any) -> pd.DatetimeIndex:
    """Turn days from the origin into dates; negative ones are missing."""
    days = np.asarray(days, dtype=np.int64)
    found = (ORIGIN + days).astype("datetime64[ns]")
    return pd.DatetimeIndex(np.where(days < 0, np.datetime64("NaT"), found))


def known_only(known: Any, values: _Values) -> _Values:
    """Return values as objects, None where they are not known."""
    told = np.array(values, dtype=object)
    told[~np.asarray(known, dtype=bool)] = None
    return told


def numbered(word: str, numbers: Any, digits: int = 6) -> _Values:
    """Return ids: a word and a number with leading zeros."""
    return np.array([f"{word}{n:0{digits}d}" for n in np.asarray(numbers).tolist()], dtype=object)


def sometimes_missing(rng: np.random.Generator, values: Any, missing: float) -> _Values:
    """Return values as objects, of which a share is missing."""
    values = np.asarray(values, dtype=object)
    return known_only(rng.random(len(values)) >= missing, values)
