"""One versioned store of all sectors: ingest, read as of a day, panel."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ioc_analytics.lake.changes import changes
from ioc_analytics.lake.ingest import IngestReport, ingest_file
from ioc_analytics.lake.panel import panel
from ioc_analytics.lake.store import Store

__all__ = ["IngestReport", "Lake", "open_lake"]


class Lake(Store):
    """The store with its doors: `ingest` for files, `panel` for analysis."""

    def ingest(self, path: str | Path, table: str, **options: Any) -> IngestReport:
        """Take a file into a table; see `lake.ingest.ingest_file` for the options."""
        return ingest_file(self, path, table, **options)

    def changes(self, table: str, since: str | dt.date, until: str | dt.date) -> pd.DataFrame:
        """Return which rows appeared, changed or vanished, and why; see `lake.changes.changes`."""
        return changes(self, table, since, until)

    def panel(
        self,
        indicators: Sequence[str],
        freq: str = "W",
        locations: str | Sequence[str] = "ward",
        **options: Any,
    ) -> pd.DataFrame:
        """Return indicators by period and place; see `lake.panel.panel` for the options."""
        return panel(self, indicators, freq, locations, **options)


def open_lake(path: str | Path | None = None) -> Lake:
    """Open the lake in a folder; default the variable IOC_LAKE, else `data/lake`."""
    return Lake(path or os.environ.get("IOC_LAKE") or "data/lake")
