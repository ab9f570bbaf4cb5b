"""The units of administration: codes, names and what a name in a file can mean on a day."""

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
    "ward_codes_2025",
]

CITY = "769"  # General Statistics Office code of Thủ Đức City
WARDS_UNTIL = dt.date(2025, 6, 30)  # the 34 wards and the city end; 12 new wards follow
REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of administration: code, level, names, the unit it lies in and its days in force.

    The code is that of the General Statistics Office. The wards of 2025 took over codes of older
    wards with other borders; in the lake their code ends in “-2025”, so that the two never mix.
    `valid_from` and `valid_to` are the first and last day; None where no limit is known.
    """

    code: str
    level: str  # country, province, district, ward (until 30/6/2025), ward2025
    name_vi: str
    name_en: str
    other_names: tuple[str, ...]
    parent: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@cache
def places() -> dict[str, Place]:
    """Return every known place by code: country, province, districts, the city's wards old and new.

    Examples
    --------
    >>> places()["769"].name_vi, places()["26863"].name_vi
    ('Thủ Đức', 'Phước Bình')
    >>> places()["26824"].name_vi, places()["26824-2025"].name_vi  # one code, two wards
    ('Bình Thọ', 'Thủ Đức')
    """
    above = [
        Place(
            row["code"],
            row["level"],
            row["name_vi"],
            row["name_en"],
            tuple(filter(None, row["other_names"].split("|"))),
            row["parent"],
            _day(row["valid_from"]),
            _day(row["valid_to"]),
        )
        for row in _rows("places.csv")
    ]
    city = next(place for place in above if place.code == CITY)
    days = (city.valid_from, WARDS_UNTIL)
    old = [
        Place(row["ward_code"], "ward", row["name_vi"], row["name_vi"], (), CITY, *days)
        for row in _rows("wards.csv")
    ]
    new = [
        Place(row["unit"], "ward2025", row["name_vi"], row["name_vi"], (), city.parent, first)
        for row in _rows("units_2025.csv")
        for first in [_day(row["valid_from"])]
    ]
    return {place.code: place for place in (*above, *old, *new)}


@cache
def ward_codes() -> tuple[str, ...]:
    """Return the codes of the 34 wards that stood until 30/6/2025, ascending."""
    return tuple(sorted(code for code, place in places().items() if place.level == "ward"))


@cache
def ward_codes_2025() -> tuple[str, ...]:
    """Return the codes of the 12 wards that stand since 1/7/2025, ascending.

    Examples
    --------
    >>> len(ward_codes_2025()), ward_codes_2025()[0]
    (12, '26794-2025')
    """
    return tuple(sorted(code for code, place in places().items() if place.level == "ward2025"))


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
_WARDS = ("ward", "ward2025")


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


def find_places(
    text: str, level: str | None = None, on: dt.date | None = None
) -> tuple[Place, ...]:
    """Return the places that a code or a name can mean; more than one when it is ambiguous.

    Case, accents, tone placement and “Phường”, “P.”, “Quận” … before the name do not matter.
    `level` ("ward", "district", …) keeps only places of that level.

    `on` is the day that the text speaks of. From 1/7/2025 on a ward's name or code means one of
    the 12 new wards (also for `level="ward"`) and nothing that has ceased; up to 30/6/2025, and
    without a day, it means one of the 34. A new ward is always found by its code with “-2025” and
    with `level="ward2025"`.

    Examples
    --------
    >>> [p.code for p in find_places("P. Hiep Binh Phuoc")]
    ['26809']
    >>> [p.code for p in find_places("Tân Phú")], [p.code for p in find_places("Tân Phú", "ward")]
    (['767', '26836'], ['26836'])
    >>> [p.code for p in find_places("Tam Bình")]
    ['26803']
    >>> [p.code for p in find_places("Tam Bình", on=dt.date(2025, 7, 1))]
    ['26797-2025']
    >>> find_places("Atlantis")
    ()
    """
    late = on is not None and on > WARDS_UNTIL
    code = text.strip()
    if code in places():
        renewed = places().get(f"{code}-2025") if late else None
        found: tuple[Place, ...] = (renewed or places()[code],)
    else:
        found = _by_name(fold(text))
        if late and level is None and any(p.code == CITY for p in found):
            return ()  # the city that ceased, or the ward Thủ Đức? Only “Phường Thủ Đức” tells
        if not late and level != "ward2025":
            found = tuple(p for p in found if p.level != "ward2025")
    if late:
        found = tuple(p for p in found if p.valid_to is None)
    wanted = _WARDS[1:] if late and level == "ward" else (level,)
    return tuple(p for p in found if level is None or p.level in wanted)


def _by_name(name: str) -> tuple[Place, ...]:
    """Return all places of a folded name; a word before it (“phường”, “quận”) narrows them."""
    bare = next((name[len(p) :] for p in _PREFIXES if name.startswith(p)), name)
    found = _codes_by_name().get(name) or _codes_by_name().get(bare, ())
    if bare != name and name.startswith(("phuong ", "p ")):
        return tuple(p for p in found if p.level in _WARDS)
    if bare != name and name.startswith(("quan ", "q ")):  # the old district of that name
        return tuple(p for p in found if p.code != CITY)
    return found
