"""Analytics and forecasting workbench of the Thủ Đức City operations centre.

>>> import ioc_analytics as ioc
>>> lake = ioc.open_lake("data/lake")  # doctest: +SKIP
"""

import importlib
from types import ModuleType

from ioc_analytics import calendar, forecasting, sectors
from ioc_analytics.errors import ContractError, IngestError, IocError, LakeError, NotEnoughData
from ioc_analytics.lake import Lake, open_lake

__all__ = [
    "ContractError",
    "IngestError",
    "IocError",
    "Lake",
    "LakeError",
    "NotEnoughData",
    "calendar",
    "forecasting",
    "open_lake",
    "sectors",
]


def __getattr__(name: str) -> ModuleType:
    """Load the simulated city only for those who ask for it."""
    if name == "twin":
        return importlib.import_module("ioc_analytics.twin")
    raise AttributeError(f"module “ioc_analytics” has no attribute “{name}”")
