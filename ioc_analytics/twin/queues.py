"""Office time and queues: when work that waits for a simulated office gets done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.office import OFFICE_HOURS, office_days

__all__ = ["DAY_HOURS", "OfficeClock", "backlog", "queue_days"]

_Array = NDArray[np.float64]
(_OPENS, _NOON), (_AFTERNOON, _) = OFFICE_HOURS
_MORNING_HOURS = _NOON - _OPENS
DAY_HOURS = sum(end - start for start, end in OFFICE_HOURS)  # office hours of a whole day


class OfficeClock:
    """Office hours as one line of numbers, 0 at the first day's midnight.

    Parameters
    ----------
    first, last : Timestamp
        Days that the line covers; moments after it have no time of day (NaT).
    """

    def __init__(self, first: pd.Timestamp, last: pd.Timestamp) -> None:
        """Count the office hours before and after each day."""
        self.days = pd.date_range(first, last).to_numpy().astype("M8[D]")
        self.after = np.cumsum(DAY_HOURS * office_days(self.days))
        self.before = np.concatenate([[0.0], self.after[:-1]])

    def hours(self, moments: NDArray[np.datetime64]) -> _Array:
        """Return the office hours that have passed at each moment."""
        day = moments.astype("M8[D]")
        clock = (moments - day).astype("m8[s]").astype(float) / 3600
        index = (day - self.days[0]).astype(int)
        morning = np.clip(clock - _OPENS, 0, _MORNING_HOURS)
        afternoon = np.clip(clock - _AFTERNOON, 0, DAY_HOURS - _MORNING_HOURS)
        today = np.minimum(morning + afternoon, self.after[index] - self.before[index])
        return np.asarray(self.before[index] + today)

    def moments(self, hours: _Array) -> NDArray[np.datetime64]:
        """Return the earliest moment, to the second, at which so many office hours have passed."""
        hours = np.asarray(hours, dtype=float)
        index = np.searchsorted(self.after, hours, side="left")
        beyond = (index >= len(self.days)) | np.isnan(hours)
        index = np.where(beyond, 0, index)
        within = np.where(beyond, 0.0, hours - self.before[index])
        clock = np.where(
            within <= _MORNING_HOURS, _OPENS + within, _AFTERNOON + within - _MORNING_HOURS
        )
        seconds = np.round(clock * 3600).astype("m8[s]")
        found = self.days[index].astype("M8[s]") + seconds
        return np.where(beyond, np.datetime64("NaT", "s"), found)


def backlog(arrivals: NDArray[Any], capacity: _Array) -> _Array:
    """Return what is left at the end of each day of work that waits in one line.

    Parameters
    ----------
    arrivals, capacity : arrays, shape (T, n)
        Items that arrive, and that can be done, on each day in each of n offices.

    Returns
    -------
    ndarray, shape (T, n)
    """
    left = np.empty(arrivals.shape)
    waiting = np.zeros(arrivals.shape[1])
    for day, (more, done) in enumerate(zip(arrivals, capacity, strict=True)):
        waiting = np.maximum(waiting + more - done, 0)
        left[day] = waiting
    return left


def queue_days(arrivals: NDArray[Any], left: _Array) -> NDArray[np.int64]:
    """Return the day on which each item's turn comes, first in first out; T where it never does.

    Parameters
    ----------
    arrivals : array of int, shape (T, n)
        Items by day and office.
    left : array, shape (T, n)
        What `backlog` says of them.

    Returns
    -------
    ndarray of int
        For the items of the first office by day, then those of the second, and so on.
    """
    done = np.cumsum(arrivals, axis=0) - left
    turns = [
        np.searchsorted(np.maximum.accumulate(done[:, w]), np.arange(arrivals[:, w].sum()) + 0.5)
        for w in range(arrivals.shape[1])
    ]
    return np.concatenate(turns)
