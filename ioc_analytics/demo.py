"""The simulated city through the real door: exports of every system are ingested, then built."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from ioc_analytics.lake import IngestReport, Lake
from ioc_analytics.lake.layers import add_layer
from ioc_analytics.places import REFERENCE
from ioc_analytics.twin import LATER_SYSTEMS, OVERVIEW_SYSTEMS, World, simulate_tables
from ioc_analytics.twin.city import DAYS, START
from ioc_analytics.twin.exports import Export, write_exports
from ioc_analytics.twin.layers import write_layers

__all__ = ["LATER_SYSTEMS", "OVERVIEW_SYSTEMS", "demo_state", "load_city", "load_reference"]

_REFERENCE_AS_OF = "2021-01-01"  # the city's first day; a file of one's own is newer
_MARK = "demo"  # a mart that remembers which simulated city a lake holds


def load_reference(lake: Lake) -> None:
    """Make sure that the lake knows the wards and their population."""
    if lake.version("geography.wards") is None:
        lake.ingest(REFERENCE / "wards.csv", "geography.wards", as_of=_REFERENCE_AS_OF)


def load_city(
    lake: Lake,
    seed: int = 0,
    systems: Iterable[str] = (*OVERVIEW_SYSTEMS, *LATER_SYSTEMS),
    *,
    start: str = START,
    days: int = DAYS,
    progress: Callable[[str, int], None] = lambda _what, _rows: None,
) -> list[IngestReport]:
    """Simulate systems of the city, write their exports and take them in.

    Parameters
    ----------
    lake : Lake
        Where they go. Files that it has already are not taken in again.
    seed : int
        Which city.
    systems : iterable of str
        Those of `OVERVIEW_SYSTEMS` and `LATER_SYSTEMS`.
    start, days : str, int
        See `twin.simulate_city`.
    progress : callable
        Told the name of each file taken in and its rows.

    Returns
    -------
    list of IngestReport
        One for each export.
    """
    systems = list(systems)
    load_reference(lake)
    world = World(seed, start, days)
    progress("mô phỏng", 0)
    tables = simulate_tables(world, systems)
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        for export in _ahead(write_exports(world, tables, folder)):
            report = lake.ingest(export.path, export.table, simulated=True, **export.options)
            progress(export.path.name, export.rows)
            export.path.unlink()
            reports.append(report)
        if "layers" in systems:
            for layer in write_layers(world, Path(folder)):
                add_layer(lake, layer.path, simulated=True, **layer.options)
                progress(layer.path.name, 0)
    held = demo_state(lake)
    done = sorted({*systems, *(held[1] if held and held[0] == seed else ())})
    lake.write_mart(_MARK, pa.table({"system": done}), {"seed": str(seed)})
    return reports


def _ahead(exports: Iterator[Export]) -> Iterator[Export]:
    """Yield exports while the next one is being written."""
    with ThreadPoolExecutor(1) as writer:
        coming = writer.submit(next, exports, None)
        while (export := coming.result()) is not None:
            coming = writer.submit(next, exports, None)
            yield export


def demo_state(lake: Lake) -> tuple[int, tuple[str, ...]] | None:
    """Return the seed and the systems of the simulated city that a lake holds, or None."""
    mark = lake.mart_metadata(_MARK)
    return (int(mark["seed"]), tuple(lake.mart(_MARK)["system"])) if mark else None
