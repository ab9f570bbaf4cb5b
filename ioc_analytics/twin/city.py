"""The simulated Thủ Đức: every table of the city's systems, and the truth behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.twin import (
    documents,
    economy,
    education,
    epidemic,
    feedback,
    health,
    layers,
    procedures,
    security,
    social_media,
    traffic,
    weather,
)
from ioc_analytics.twin.world import World

__all__ = [
    "DAYS",
    "LATER_SYSTEMS",
    "OVERVIEW_SYSTEMS",
    "START",
    "digest",
    "simulate_city",
    "simulate_tables",
]

START, DAYS = "2019-10-21", 735  # 105 whole weeks, the last of which ends on 24 October 2021
# The epidemic comes early: beds, posts and requests follow its reported cases.
_SYSTEMS: dict[str, Any] = {
    "weather": weather,
    "epidemic": epidemic,
    "health": health,
    "economy": economy,
    "procedures": procedures,
    "feedback": feedback,
    "documents": documents,
    "security": security,
    "traffic": traffic,
    "social_media": social_media,
    "education": education,
    "layers": layers,
}
OVERVIEW_SYSTEMS = ("weather", "epidemic", "health", "economy")  # what the first page shows
LATER_SYSTEMS = tuple(name for name in _SYSTEMS if name not in OVERVIEW_SYSTEMS)


def simulate_city(
    seed: int = 0, start: str = START, days: int = DAYS
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return every table of a simulated Thủ Đức as known on its last day, and the truth.

    Parameters
    ----------
    seed : int
        The same seed gives the same city.
    start : str
        First day of the systems that keep single events; figures by week and month go four years
        further back.
    days : int
        Number of days from there.

    Returns
    -------
    tables : dict of DataFrame
        By table name, with the columns of its contract, raw as the systems hold them (persons not
        yet pseudonymised); ordered by key.
    truth : dict of DataFrame
        `links`: planted links `x, y, lag, sign, freq, kind, words` (`lag` > 0: x moves first;
        kind "none": nothing joins them). From the epidemic: the infection tree and its parameters,
        see `twin.epidemic.truth`.

    Notes
    -----
    Nothing here was observed. The epidemic is deliberately not of the shape that the package's
    models assume: superspreading, a serial interval that differs from the generation time, delays
    that change by week, batches and outliers.

    Examples
    --------
    >>> tables, truth = simulate_city(seed=1, start="2021-06-01", days=30)
    >>> tables["epidemic.cases_daily"]["location"].nunique() >= 34
    True
    """
    world = World(seed, start, days)
    tables = {
        name: _known(frame, sectors.table(name).key)
        for name, frame in simulate_tables(world).items()
    }
    links = [asdict(link) for system in _SYSTEMS.values() for link in system.LINKS]
    return tables, {"links": pd.DataFrame(links), **epidemic.truth(world)}


def simulate_tables(world: World, only: Iterable[str] | None = None) -> dict[str, pd.DataFrame]:
    """Return the tables of a world with every revision (`_known`: the day it became known).

    `only` names the systems to draw; rows that become known after the world's last day are left
    out.
    """
    wanted = list(only or _SYSTEMS)
    tables: dict[str, pd.DataFrame] = {}
    for name in _SYSTEMS:  # in this order, and the epidemic always: others follow its cases
        if name in wanted or name == "epidemic":
            drawn = _SYSTEMS[name].simulate(world)
            tables |= drawn if name in wanted else {}
    return {
        name: frame[pd.to_datetime(frame["_known"]) <= world.end] if "_known" in frame else frame
        for name, frame in tables.items()
    }


def digest(tables: dict[str, pd.DataFrame]) -> str:
    """Return the SHA-256 of the tables as canonical CSV: columns and tables in order of name."""
    whole = hashlib.sha256()
    for name in sorted(tables):
        frame = tables[name].sort_index(axis=1)
        text = frame.to_csv(index=False, float_format="%.6g", date_format="%Y-%m-%dT%H:%M:%S")
        whole.update(f"{name}\n{text}".encode())
    return whole.hexdigest()


def _known(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.DataFrame:
    """Return the newest revision of each key, in order of key."""
    if "_known" in frame:
        newest = frame.sort_values("_known", kind="stable").drop_duplicates(list(key), keep="last")
        frame = newest.drop(columns="_known")
    return frame.sort_values(list(key), ignore_index=True)
