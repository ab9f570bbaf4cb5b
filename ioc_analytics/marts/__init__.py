"""Every table that a dashboard reads, built by `ioc build` so that a page never computes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError
from ioc_analytics.lake import Lake
from ioc_analytics.lake.boundaries import ward_shapes
from ioc_analytics.marts import outlook, overview, systems
from ioc_analytics.marts.mart import Mart
from ioc_analytics.places import REFERENCE
from ioc_analytics.text import nearest

__all__ = ["MARTS", "PAGES", "Built", "Mart", "build"]

_CUTOFFS = 12  # past days on which the backtest pretends to stand
_LIBRARIES = ("duckdb", "holidays", "numpy", "pandas", "prophet", "scipy", "statsforecast")


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did with one mart."""

    name: str
    rows: int
    seconds: float
    reused: bool


def build(
    lake: Lake,
    only: Sequence[str] | None = None,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Built]:
    """Build the marts whose sources changed since they were last built.

    Parameters
    ----------
    lake : Lake
        Read and written.
    only : sequence of str, optional
        Names of marts, such as ``PAGES["overview"]``; default all of them.
    force : bool
        Also build what is up to date.
    progress : callable
        Told the name of each mart before it is built.

    Returns
    -------
    list of Built

    Raises
    ------
    ContractError
        `only` names a mart that does not exist.
    """
    known = {m.name: m for m in MARTS}
    for name in only or ():
        if name not in known:
            raise ContractError(
                f"There is no mart “{name}”{nearest(name, known)}. Known: {', '.join(known)}."
            )
    return [_build_one(lake, known[n], force, progress) for n in (only or known)]


def _build_one(lake: Lake, mart: Mart, force: bool, progress: Callable[[str], None]) -> Built:
    fingerprint = _fingerprint(lake, mart)
    before = lake.mart_metadata(mart.name)
    if before and before.get("fingerprint") == fingerprint and not force:
        return Built(mart.name, int(before.get("rows", 0)), 0.0, reused=True)
    progress(mart.name)
    started = time.perf_counter()
    frame, schema = mart.make(lake), pa.schema(mart.columns)
    rows = schema.empty_table()
    if len(frame):
        frame = frame.reindex(columns=schema.names)
        rows = pa.Table.from_pandas(frame, schema, preserve_index=False)
    lake.write_mart(mart.name, rows, {"fingerprint": fingerprint, "rows": str(len(frame))})
    return Built(mart.name, len(frame), time.perf_counter() - started, reused=False)


def _fingerprint(lake: Lake, mart: Mart) -> str:
    """Return what a mart depends on: what its sources hold, reference facts, code, libraries."""
    held = {table: lake.state(table) for table in mart.tables}
    text = f"{json.dumps(held, sort_keys=True)}{_code()}"
    digest = hashlib.sha256(text.encode())
    for system, file in sectors.outside().items():
        digest.update(system.encode() + file.read_bytes())
    return digest.hexdigest()


@cache
def _code() -> str:
    """Return a digest of everything that a mart is computed from, but the lake and `ioc.toml`."""
    package = Path(sectors.__file__).parents[1]
    digest = hashlib.sha256()
    for file in [*sorted(package.rglob("*.py")), *sorted(REFERENCE.rglob("*.csv"))]:
        if not {"views", "twin"} & set(file.parts[len(package.parts) :]):
            digest.update(file.read_bytes())
    for library in _LIBRARIES:
        digest.update(version(library).encode())
    return digest.hexdigest()


def _scores(lake: Lake) -> pd.DataFrame:
    return outlook.scores(lake, _CUTOFFS)


# -- what there is --------------------------------------------------------------------------------

_DAY = pa.timestamp("us")
_TEXT, _NUMBER, _YES, _COUNT = pa.string(), pa.float64(), pa.bool_(), pa.int64()


PAGES = {  # which marts each page opens; the overview is served while the others are built
    "overview": ("wards_week", "tiles", "ward_shapes"),
    "system": ("systems", "indicators", "readiness", "findings", "ward_shapes"),
    "forecast": ("series", "forecasts", "scores"),
}

MARTS = (
    Mart(
        "wards_week",
        ("epidemic.cases_daily", "geography.wards"),
        {
            "week": _DAY,
            "ward_code": _TEXT,
            "name": _TEXT,
            "cases": _NUMBER,
            "rate": _NUMBER,
            "coverage": _NUMBER,
            "population": _NUMBER,
            "population_basis": _TEXT,
            "population_year": _NUMBER,
            "data_date": _DAY,
            "simulated": _YES,
        },
        overview.wards_week,
    ),
    Mart(
        "tiles",
        overview.TILE_SOURCES,
        {
            "indicator": _TEXT,
            "location": _TEXT,
            "freq": _TEXT,
            "date": _DAY,
            "value": _NUMBER,
            "previous": _NUMBER,
            "data_date": _DAY,
            "history": pa.list_(_NUMBER),
            "simulated": _YES,
        },
        overview.tiles,
    ),
    Mart(
        "ward_shapes",
        ("geography.boundaries", "geography.wards"),
        {
            "ward_code": _TEXT,
            "kind": _TEXT,
            "geometry": _TEXT,
            "label_x": _NUMBER,
            "label_y": _NUMBER,
            "label_radius": _NUMBER,
            "view_height": _NUMBER,
        },
        ward_shapes,
    ),
    Mart(
        "systems",
        None,
        {
            "system": _TEXT,
            "vi": _TEXT,
            "en": _TEXT,
            "indicators": _COUNT,
            "with_data": _COUNT,
            "tables": _COUNT,
            "tables_held": _COUNT,
            "rows": _COUNT,
            "first": _DAY,
            "last": _DAY,
            "known_on": _DAY,
            "simulated": _YES,
        },
        systems.systems,
    ),
    Mart(
        "indicators",
        None,
        {
            "system": _TEXT,
            "indicator": _TEXT,
            "location": _TEXT,
            "freq": _TEXT,
            "date": _DAY,
            "value": _NUMBER,
            "numerator": _NUMBER,
            "denominator": _NUMBER,
            "n": _COUNT,
            "coverage": _NUMBER,
            "state": _TEXT,
            "method": _TEXT,
            "basis": _TEXT,
            "green": _NUMBER,
            "amber": _NUMBER,
            "target": _NUMBER,
            "data_date": _DAY,
            "simulated": _YES,
        },
        systems.figures,
    ),
    Mart(
        "findings",
        None,
        {
            "system": _TEXT,
            "table": _TEXT,
            "check": _TEXT,
            "severity": _TEXT,
            "location": _TEXT,
            "date": _DAY,
            "n": _COUNT,
            "message_vi": _TEXT,
            "message_en": _TEXT,
        },
        systems.findings,
    ),
    Mart(
        "readiness",
        None,
        {
            "as_of": _DAY,
            "system": _TEXT,
            "name_vi": _TEXT,
            "name_en": _TEXT,
            "completeness": _NUMBER,
            "timeliness": _NUMBER,
            "consistency": _NUMBER,
            "uniqueness": _NUMBER,
            "overall": _NUMBER,
            "tables": _COUNT,
            "tables_held": _COUNT,
            "rows": _COUNT,
            "note_vi": _TEXT,
            "note_en": _TEXT,
        },
        systems.readiness_course,
    ),
    Mart(
        "series",
        outlook.SOURCES,
        {
            "target": _TEXT,
            "location": _TEXT,
            "freq": _TEXT,
            "target_end_date": _DAY,
            "observation": _NUMBER,
            "coverage": _NUMBER,
            "simulated": _YES,
        },
        outlook.series,
    ),
    Mart(
        "forecasts",
        outlook.SOURCES,
        {
            "model_id": _TEXT,
            "reference_date": _DAY,
            "target": _TEXT,
            "horizon": _COUNT,
            "target_end_date": _DAY,
            "location": _TEXT,
            "output_type": _TEXT,
            "output_type_id": _NUMBER,
            "value": _NUMBER,
            "note": _TEXT,
            "simulated": _YES,
        },
        outlook.forecasts,
    ),
    Mart(
        "scores",
        outlook.SOURCES,
        {
            "target": _TEXT,
            "location": _TEXT,
            "model_id": _TEXT,
            "wis": _NUMBER,
            "relative_wis": _NUMBER,
            "mae": _NUMBER,
            "coverage_50": _NUMBER,
            "coverage_95": _NUMBER,
            "n": _COUNT,
            "n_common": _COUNT,
            "cutoffs": _COUNT,
            "fallbacks": _COUNT,
            "simulated": _YES,
        },
        _scores,
    ),
)
