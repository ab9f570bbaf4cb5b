"""What the city's systems say: one file a system declares its tables and its indicators.

A further sector is one such file outside the package, named in `ioc.toml`::

    [sectors]
    environment = "sectors/environment.py"
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ioc_analytics.contracts import Indicator, System, Table
from ioc_analytics.errors import ContractError
from ioc_analytics.sectors import (
    documents,
    economy,
    education,
    epidemic,
    feedback,
    geography,
    health,
    procedures,
    security,
    settings,
    social_media,
    traffic,
)
from ioc_analytics.sectors._external import load_sectors
from ioc_analytics.text import nearest

__all__ = [
    "indicator",
    "indicators",
    "outside",
    "reload",
    "systems",
    "table",
    "tables",
]

_SECTORS = (
    economy,
    procedures,
    feedback,
    documents,
    security,
    traffic,
    social_media,
    education,
    health,
    geography,
    epidemic,
    settings,
)


@cache
def _all() -> tuple[Any, ...]:
    """Return the package's sectors and those of `ioc.toml`, read once, at the first question."""
    return (*_SECTORS, *load_sectors(_SECTORS))


def outside() -> dict[str, Path]:
    """Return the files of the sectors outside the package, by the id of their system.

    Examples
    --------
    >>> outside()
    {}
    """
    return {s.SYSTEM.id: s.file for s in _all() if s not in _SECTORS}


def reload() -> None:
    """Read `ioc.toml` and the files it names anew at the next question (for notebooks and tests).

    Tables and indicators handed out before keep what they were.
    """
    for known in (_all, systems, tables, indicators):
        known.cache_clear()


@cache
def systems() -> dict[str, System]:
    """Return the city's systems by id, in the city's order; those of `ioc.toml` come last.

    Examples
    --------
    >>> systems()["feedback"].vi
    'Phản ánh người dân'
    """
    return {sector.SYSTEM.id: sector.SYSTEM for sector in _all()}


@cache
def tables() -> dict[str, Table]:
    """Return every declared table by name.

    Examples
    --------
    >>> tables()["health.ili_weekly"].key
    ('week_start', 'location')
    """
    return {t.name: t for sector in _all() for t in sector.TABLES}


@cache
def indicators() -> dict[str, Indicator]:
    """Return every declared indicator by id.

    Examples
    --------
    >>> indicators()["health.ili_share"].denominator
    'patients'
    """
    return {i.id: i for sector in _all() for i in sector.INDICATORS}


def table(name: str) -> Table:
    """Return the table called `name`; a `ContractError` names the nearest known one."""
    try:
        return tables()[name]
    except KeyError:
        known = sorted(tables())
        raise ContractError(
            f"There is no table “{name}”{nearest(name, known)}. Known: {', '.join(known)}."
        ) from None


def indicator(indicator_id: str) -> Indicator:
    """Return the indicator called `indicator_id`; a `ContractError` names the nearest one."""
    try:
        return indicators()[indicator_id]
    except KeyError:
        known = sorted(indicators())
        raise ContractError(
            f"There is no indicator “{indicator_id}”{nearest(indicator_id, known)}."
        ) from None
