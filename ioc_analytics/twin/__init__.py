"""A simulated Thủ Đức with planted truth, in the city's own tables and file formats."""

from ioc_analytics.twin.city import (
    LATER_SYSTEMS,
    OVERVIEW_SYSTEMS,
    simulate_city,
    simulate_tables,
)
from ioc_analytics.twin.exports import write_exports
from ioc_analytics.twin.world import World

__all__ = [
    "LATER_SYSTEMS",
    "OVERVIEW_SYSTEMS",
    "World",
    "simulate_city",
    "simulate_tables",
    "write_exports",
]
