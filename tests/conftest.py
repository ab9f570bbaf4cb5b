"""What tests share: a seeded generator, an empty lake, the real files where they are present."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ioc_analytics import marts
from ioc_analytics.demo import load_city
from ioc_analytics.lake import Lake, open_lake
from ioc_analytics.twin import exports, simulate_city

REAL = Path(
    os.environ.get("IOC_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
FULL = bool(os.environ.get("IOC_FULL"))  # `make test-all`: long suites in full length


@pytest.fixture(autouse=True, scope="session")
def _key_outside_the_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the pseudonyms' key of the person who runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IOC_KEY_FILE", str(tmp_path_factory.mktemp("key") / "pseudonym.key"))
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20211023)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path / "lake")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return the path of a real file; skip with the reason where the folder is absent."""

    def path(name: str) -> Path:
        file = REAL / name
        if not file.exists():
            reason = f"needs {name} of the real-data folder, which is absent here"
            if os.environ.get("IOC_REQUIRE_REAL"):
                pytest.fail(reason)
            pytest.skip(reason)
        return file

    return path


@pytest.fixture(scope="session")
def city_options() -> dict[str, Any]:
    """Twelve weeks of the simulated city, to the day on which the demo looks at its data."""
    return {"start": "2021-08-02", "days": 84}


@pytest.fixture(scope="session")
def city_lake(
    tmp_path_factory: pytest.TempPathFactory, city_options: dict[str, Any]
) -> tuple[Lake, dict[str, pd.DataFrame]]:
    """Return a lake into which every system's exports went, and the tables they were made of.

    Fewer deliveries than in the demo, so that the tests are quick. Tests only read it.
    """
    lake = open_lake(tmp_path_factory.mktemp("city") / "lake")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exports, "_MONTHS", 1)
        patch.setattr(exports, "_WEEKS", 2)
        load_city(lake, 0, **city_options)
    tables, _ = simulate_city(0, **city_options)
    return lake, tables


@pytest.fixture(scope="session")
def demo_lake(
    city_lake: tuple[Lake, dict[str, pd.DataFrame]], tmp_path_factory: pytest.TempPathFactory
) -> Lake:
    """Return the simulated city with its marts; a test that writes takes `demo_copy`."""
    folder = tmp_path_factory.mktemp("demo") / "lake"
    shutil.copytree(city_lake[0].path, folder)
    lake = open_lake(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marts, "_CUTOFFS", 12 if FULL else 3)
        marts.build(lake)
    return lake


@pytest.fixture
def demo_copy(demo_lake: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(demo_lake.path, tmp_path / "demo")
    return open_lake(tmp_path / "demo")
