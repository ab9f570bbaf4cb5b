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

from ioc_analytics.lake import open_lake
from ioc_analytics.places import places

__all__ = ["main"]

_ROWS = 1_000_000


def main() -> int:
    """Print rows a second of both, and their ratio measured in this run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.csv"
        _write(file, _ROWS)
        started = time.perf_counter()
        with duckdb.connect() as con:
            con.execute(f"create table cases as from read_csv('{file}')")
        plain = time.perf_counter() - started
        started = time.perf_counter()
        report = open_lake(Path(folder) / "lake").ingest(file, "epidemic.cases_daily")
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
    """Write a typed CSV: every place, as many days as the rows need, seeded counts."""
    rng = np.random.default_rng(0)
    codes = list(places())
    days = pd.date_range("1950-01-01", periods=-(-rows // len(codes)))
    grid = pd.MultiIndex.from_product([days, codes], names=["date", "location"])[:rows]
    counts = rng.poisson(20, (rows, 2))
    frame = pd.DataFrame(counts, index=grid, columns=["new_cases", "new_deaths"])
    frame.to_csv(file, date_format="%Y-%m-%d")


if __name__ == "__main__":
    sys.exit(main())
