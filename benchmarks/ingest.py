"""Rows a second through the door, checks included, beside plain DuckDB reading the same file."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from ioc_analytics.lake import open_lake
from ioc_analytics.places import ward_codes

__all__ = ["main"]

_ROWS, _CAMERAS = 5_000_000, 136


def main() -> int:
    """Print rows a second of both, and their ratio measured in this run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "flow.csv"
        _write(file, _ROWS)
        started = time.perf_counter()
        with duckdb.connect() as con:
            con.execute(f"create table flow as from read_csv('{file}')")
        plain = time.perf_counter() - started
        started = time.perf_counter()
        report = open_lake(Path(folder) / "lake").ingest(file, "traffic.flow_hourly")
        ours = time.perf_counter() - started
    if report.stored != _ROWS:
        raise RuntimeError(f"{report.stored} of {_ROWS} rows were stored")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("| what | rows/s | seconds | against DuckDB |\n|---|---:|---:|---:|")
    print(f"| DuckDB reads the file | {_ROWS / plain:,.0f} | {plain:.2f} | 1.0 |")
    print(f"| ingest with all checks | {_ROWS / ours:,.0f} | {ours:.2f} | {ours / plain:.1f} |")
    print(f"\nPeak memory of this process: {memory:.2f} GB.")
    return 0


def _write(file: Path, rows: int) -> None:
    """Write a typed CSV: what each camera counted in each hour, seeded."""
    rng = np.random.default_rng(0)
    hours = pd.date_range("2018-01-01", periods=-(-rows // _CAMERAS), freq="h")
    camera = np.tile(np.arange(_CAMERAS), len(hours))[:rows]
    frame = pa.table(
        {
            "camera_id": pa.array([f"CAM{i:03}" for i in range(_CAMERAS)]).take(pa.array(camera)),
            "hour": pa.array(np.repeat(hours.to_numpy(), _CAMERAS)[:rows]).cast(pa.timestamp("s")),
            "location": pa.array(ward_codes()).take(pa.array(camera % 34)),
            "vehicles": rng.poisson(900, rows),
            "speed_kmh": rng.uniform(5, 60, rows).round(1),
            "free_flow_kmh": np.full(rows, 60.0),
        }
    )
    pacsv.write_csv(frame, file)


if __name__ == "__main__":
    sys.exit(main())
