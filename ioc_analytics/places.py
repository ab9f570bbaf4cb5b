"""The units of administration: codes, names and what a name in a file can mean."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ioc_analytics.text import fold

__all__ = [
    "CITY",
    "REFERENCE",
    "WARDS_UNTIL",
    "Place",
    "find_places",
    "places",
    "ward_codes",
]

CITY = "769"  # General Statistics Office code of Thủ Đức City
WARDS_UNTIL = dt.date(2025, 6, 30)  # the 34 wards and the city end; 12 new wards follow
REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of administration: GSO code, level, names and the code of the unit it lies in."""

    code: str
    level: str  # country, province, district, ward
    name_vi: str
    name_en: str
    other_names: tuple[str, ...]
    parent: str


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def places() -> dict[str, Place]:
    """Return every known place by code: Viet Nam, the province, its districts, the city's wards.

    Examples
    --------
    >>> places()["769"].name_vi, places()["26863"].name_vi
    ('Thủ Đức', 'Phước Bình')
    """
    above = [
        Place(
            row["code"],
            row["level"],
            row["name_vi"],
            row["name_en"],
            tuple(filter(None, row["other_names"].split("|"))),
            row["parent"],
        )
        for row in _rows("places.csv")
    ]
    wards = [
        Place(row["ward_code"], "ward", row["name_vi"], row["name_vi"], (), "769")
        for row in _rows("wards.csv")
    ]
    return {place.code: place for place in (*above, *wards)}


@cache
def ward_codes() -> tuple[str, ...]:
    """Return the codes of the 34 wards, ascending."""
    return tuple(sorted(code for code, place in places().items() if place.level == "ward"))


_PREFIXES = (
    "phuong ",
    "p ",
    "quan ",
    "q ",
    "huyen ",
    "thanh pho ",
    "tp ",
    "xa ",
    "thi tran ",
)


@cache
def _codes_by_name() -> dict[str, tuple[Place, ...]]:
    found: dict[str, list[Place]] = {}
    for place in places().values():
        for name in {fold(n) for n in (place.name_vi, place.name_en, *place.other_names)}:
            found.setdefault(name, []).append(place)
            bare = next((name[len(p) :] for p in _PREFIXES if name.startswith(p)), name)
            if bare != name and not bare.isdigit():
                found.setdefault(bare, []).append(place)
    return {name: tuple(dict.fromkeys(units)) for name, units in found.items()}


def find_places(text: str, level: str | None = None) -> tuple[Place, ...]:
    """Return the places that a code or a name can mean; more than one when it is ambiguous.

    Case, accents, tone placement and “Phường”, “P.”, “Quận” … before the name do not matter.
    `level` ("ward", "district", …) keeps only places of that level.

    Examples
    --------
    >>> [p.code for p in find_places("P. Hiep Binh Phuoc")]
    ['26809']
    >>> [p.code for p in find_places("Tân Phú")], [p.code for p in find_places("Tân Phú", "ward")]
    (['767', '26836'], ['26836'])
    >>> find_places("Atlantis")
    ()
    """
    code = text.strip()
    if code in places():
        found: tuple[Place, ...] = (places()[code],)
    else:
        name = fold(text)
        bare = next((name[len(p) :] for p in _PREFIXES if name.startswith(p)), name)
        found = _codes_by_name().get(name) or _codes_by_name().get(bare, ())
        if bare != name and name.startswith(("phuong ", "p ")):
            found = tuple(p for p in found if p.level == "ward")
        if bare != name and name.startswith(("quan ", "q ")):  # the old district of that name
            found = tuple(p for p in found if p.code != CITY)
    return tuple(p for p in found if level is None or p.level == level)
