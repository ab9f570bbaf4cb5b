"""What the city's systems say: one file a system declares its tables and its indicators."""

from __future__ import annotations

from functools import cache

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
    social_media,
    traffic,
)
from ioc_analytics.text import nearest

__all__ = ["indicator", "indicators", "systems", "table", "tables"]

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
)


@cache
def systems() -> dict[str, System]:
    """Return the city's systems by id, in the city's order.

    Examples
    --------
    >>> systems()["feedback"].vi
    'Phản ánh người dân'
    """
    return {sector.SYSTEM.id: sector.SYSTEM for sector in _SECTORS}


@cache
def tables() -> dict[str, Table]:
    """Return every declared table by name.

    Examples
    --------
    >>> tables()["health.ili_weekly"].key
    ('week_start', 'location')
    """
    return {t.name: t for sector in _SECTORS for t in sector.TABLES}


@cache
def indicators() -> dict[str, Indicator]:
    """Return every declared indicator by id.

    Examples
    --------
    >>> indicators()["health.ili_share"].denominator
    'patients'
    """
    return {i.id: i for sector in _SECTORS for i in sector.INDICATORS}


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
