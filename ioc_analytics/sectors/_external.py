"""Sectors outside the package: files that `ioc.toml` names, loaded and held to the same rules."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ioc_analytics.contracts import Indicator, System, Table
from ioc_analytics.errors import ContractError
from ioc_analytics.text import nearest

__all__ = ["Sector", "load_sectors"]

_CONFIG = "ioc.toml"
_ID = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = {"marts", "main", "temp", "system", "information_schema", "pg_catalog"}  # SQL schemas


@dataclass(frozen=True, slots=True)
class Sector:
    """One system with its tables and indicators; `file` where it stands outside the package."""

    SYSTEM: System
    TABLES: tuple[Table, ...]
    INDICATORS: tuple[Indicator, ...]
    file: Path


def load_sectors(built_in: Sequence[Any]) -> tuple[Sector, ...]:
    """Return the sectors that `ioc.toml` names, in its order.

    Parameters
    ----------
    built_in : sequence
        The package's own sectors (`SYSTEM`, `TABLES`, `INDICATORS`), with which no name may clash.

    Returns
    -------
    tuple of Sector
        Empty where there is no `ioc.toml`.

    Raises
    ------
    ContractError
        The configuration or a file it names is absent, cannot be run, or breaks a rule: what the
        file declares begins with the sector's name, clashes with nothing, and each indicator
        stands on a table that is known.

    Notes
    -----
    The configuration is the file that the variable IOC_CONFIG names, else `ioc.toml` in the
    current folder. A sector's file is Python and runs with the rights of whoever starts `ioc`.
    """
    config = _config()
    if config is None:
        return ()
    known = [*built_in]
    sectors = []
    for name, path in _named(config).items():
        sector = _load(config.parent, name, path)
        _require_own(sector, known)
        known.append(sector)
        sectors.append(sector)
    for sector in sectors:
        _require_sources(sector, known)
    return tuple(sectors)


def _config() -> Path | None:
    """Return the configuration's path, or None where there is none."""
    named = os.environ.get("IOC_CONFIG")
    config = Path(named or _CONFIG).resolve()
    if named and not config.is_file():
        raise ContractError(f"IOC_CONFIG names {named}, where there is no file.")
    return config if config.is_file() else None


def _named(config: Path) -> dict[str, str]:
    """Return path by name of the sectors in a configuration."""
    try:
        content = tomllib.loads(config.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"{config} is not valid TOML: {error}.") from error
    if unknown := sorted(set(content) - {"sectors"}):
        raise ContractError(
            f"{config}: “{unknown[0]}” is not known{nearest(unknown[0], ['sectors'])}; "
            "it may hold [sectors]."
        )
    named = content.get("sectors", {})
    for name, path in named.items() if isinstance(named, dict) else [("sectors", None)]:
        if not isinstance(path, str):
            raise ContractError(f'{config}: write [sectors] and {name} = "path/to/{name}.py".')
        if not _ID.fullmatch(name) or name in _RESERVED:
            raise ContractError(
                f"{config}: “{name}” cannot name a sector; use small letters, digits and _."
            )
    return dict(named)


def _load(folder: Path, name: str, path: str) -> Sector:
    """Run a sector's file and return what it declares."""
    file = (folder / path).resolve()
    where = f"Sector “{name}” ({file})"
    if not file.is_file():
        raise ContractError(f"{where}: there is no such file; correct its path in {_CONFIG}.")
    module = _run(where, name, file)
    found: dict[str, Any] = {}
    for word, kind in (("SYSTEM", System), ("TABLES", Table), ("INDICATORS", Indicator)):
        value = getattr(module, word, None)
        items = [value] if word == "SYSTEM" else value
        if not isinstance(items, list | tuple) or not all(isinstance(i, kind) for i in items):
            what = f"a {kind.__name__}" if word == "SYSTEM" else f"a tuple of {kind.__name__}"
            raise ContractError(f"{where} must declare {word}, {what}.")
        found[word] = value if word == "SYSTEM" else tuple(items)
    if found["SYSTEM"].id != name:
        raise ContractError(f"{where}: SYSTEM is called “{found['SYSTEM'].id}”, not “{name}”.")
    return Sector(**found, file=file)


def _run(where: str, name: str, file: Path) -> Any:
    """Import a file under a name of its own."""
    module_name = f"_ioc_sector_{name}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise ContractError(f"{where} is not a Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses of the file look themselves up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file may fail in any way
        del sys.modules[module_name]
        raise ContractError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def _require_own(sector: Sector, known: Sequence[Any]) -> None:
    """Refuse names that are not the sector's own or that are taken."""
    own = sector.SYSTEM.id
    where = f"Sector “{own}” ({sector.file})"
    if own in {other.SYSTEM.id for other in known}:
        raise ContractError(f"{where}: the package has a sector of that name; choose another.")
    names = [*(t.name for t in sector.TABLES), *(i.id for i in sector.INDICATORS)]
    for name in names:
        word, _, rest = name.partition(".")
        if word != own or not _ID.fullmatch(rest):
            raise ContractError(
                f"{where}: “{name}” must be “{own}.” and a word of small letters, digits and _."
            )
    for what, listed in (
        ("table", [t.name for t in sector.TABLES]),
        ("indicator", [i.id for i in sector.INDICATORS]),
    ):
        if twice := sorted({n for n in listed if listed.count(n) > 1}):
            raise ContractError(f"{where}: {what} “{twice[0]}” is declared twice.")


def _require_sources(sector: Sector, known: Iterable[Any]) -> None:
    """Refuse indicators over tables or parts that nobody declares."""
    known = list(known)
    tables: Mapping[str, Table] = {t.name: t for s in known for t in s.TABLES}
    ids = [i.id for s in known for i in s.INDICATORS]
    for indicator in sector.INDICATORS:
        where = f"Sector “{sector.SYSTEM.id}” ({sector.file}): indicator {indicator.id}"
        source = indicator.table
        if source and source not in tables:
            raise ContractError(
                f"{where} stands on “{source}”, not known{nearest(source, tables)}."
            )
        if source and not (indicator.date or tables[source].date):
            raise ContractError(f"{where} stands on {source}, which has no date; give it one.")
        if source and not tables[source].place:
            raise ContractError(f"{where} stands on {source}, which has no place; give it one.")
        for part in indicator.parts:
            if part.indicator not in ids:
                told = nearest(part.indicator, ids)
                raise ContractError(f"{where} is made of “{part.indicator}”, not known{told}.")
