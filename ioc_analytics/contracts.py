"""What a table and an indicator are, as data: from it derive readers, checks, lake and panel."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from ioc_analytics.errors import ContractError

__all__ = ["CITY", "Column", "Indicator", "Table", "fold", "location_columns", "nearest"]

CITY = "769"  # General Statistics Office code of Thủ Đức City

Kind = Literal["text", "integer", "number", "date", "week", "month", "place", "geometry"]
Frequency = Literal["D", "W", "M"]


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """Reduce a header or a name to what people mean by it: no case, accents or punctuation.

    Composed and decomposed Vietnamese, `Đ`/`đ`, old and new tone placement and any mark between
    words give the same result, so that files of different systems meet.

    Examples
    --------
    >>> fold("Phường Thuỷ Đức"), fold("PHUONG  Thủy-Đức")
    ('phuong thuy duc', 'phuong thuy duc')
    """
    plain = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain.replace("đ", "d").replace("ð", "d")  # ð: the look-alike Ð of old code pages
    return re.sub(r"[\W_]+", " ", plain).strip()


def nearest(word: str, known: Iterable[str]) -> str:
    """Return “ (did you mean …?)” with the closest known name, or nothing when none is close.

    Examples
    --------
    >>> nearest("new_case", ["new_cases", "location"])
    ' (did you mean “new_cases”?)'
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean “{close[0]}”?)" if close else ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name, kind, unit, the headers it arrives under and its limits.

    A value below `minimum` is rejected; where `negatives_flagged` is true a negative one is a
    correction of earlier reports, kept and flagged. `names_place` marks a column that repeats the
    name of the place given by code in another column: a row in which the two differ is rejected.
    `stored=False` marks a column that is read and checked but not kept.
    `place_level` tells which of two places of one name an alias means (`{"district": "district"}`).
    """

    name: str
    kind: Kind
    vi: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    negatives_flagged: bool = False
    allowed: tuple[str, ...] = ()
    names_place: bool = False
    stored: bool = True
    place_level: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> set[str]:
        """Every spelling of this column's header, folded."""
        return {fold(h) for h in (self.name, self.vi, *self.aliases, *self.place_level)}


_PLACE_HEADERS = {
    "phường": "ward",
    "phường xã": "ward",
    "ward": "ward",
    "quận": "district",
    "quận huyện": "district",
    "district": "district",
    "tỉnh": "province",
    "tỉnh thành": "province",
    "province": "province",
    "quốc gia": "country",
    "country": "country",
}


def location_columns(*aliases: str) -> tuple[Column, Column]:
    """Return the column `location` (a GSO code) and the one that may repeat the place's name.

    A file may give a code, a name under a header that tells the level (“Phường”), or both; the
    name is then compared with the code.
    """
    code = Column(
        name="location",
        kind="place",
        vi="Địa bàn",
        required=True,
        aliases=("ward_code", "mã phường", "mã địa bàn", *aliases),
        place_level=_PLACE_HEADERS,
    )
    name = Column(
        name="location_name",
        kind="text",
        vi="Tên địa bàn",
        aliases=("name_vi", "tên phường", "tên phường xã", "tên quận", "tên quận huyện"),
        names_place=True,
        stored=False,
    )
    return code, name


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one of the city's systems: columns, key and the column that dates its rows.

    `whole` declares that a file always states the whole table (ward boundaries): rows absent from
    a later file are closed. `requires_all_wards` refuses a file in which a ward is missing.
    """

    name: str
    vi: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    date: str | None = None
    whole: bool = False
    requires_all_wards: bool = False

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        names = [c.name for c in self.columns]
        for word in (*self.key, *([self.date] if self.date else [])):
            if word not in names:
                raise ContractError(f"{self.name}: “{word}” is named as key or date, not declared.")
        seen: dict[str, str] = {}
        for column in self.columns:
            for header in column.headers:
                if seen.setdefault(header, column.name) != column.name:
                    raise ContractError(
                        f"{self.name}: header “{header}” means both {seen[header]} and "
                        f"{column.name}; give one of them another alias."
                    )

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that are kept."""
        return tuple(c for c in self.columns if c.stored)

    def column(self, name: str) -> Column:
        """Return the column called `name`; a `ContractError` names the nearest one."""
        for column in self.columns:
            if column.name == name:
                return column
        known = [c.name for c in self.columns]
        raise ContractError(f"{self.name} has no column “{name}”{nearest(name, known)}.")

    def match_header(self, header: str) -> Column | None:
        """Return the column that a file's header means, or None."""
        folded = fold(header)
        return next((c for c in self.columns if folded in c.headers), None)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number the city follows, declared as data and compiled to SQL by `lake.panel`.

    The value over any period and place is ``scale * sum(numerator) / sum(denominator)``, never a
    mean of ratios. `numerator` and `denominator` are SQL expressions over one row of `table`;
    ``denominator="population"`` divides by the residents of the places summed over, once, whatever
    the number of days. Without denominator the value is the sum. ``over_time="last"`` takes the
    newest row of a period (stocks, running totals) instead of the sum.

    `direction` says which way is better: "higher", "lower" or "neutral".
    """

    id: str
    name_vi: str
    name_en: str
    unit: str
    direction: Literal["higher", "lower", "neutral"]
    table: str
    numerator: str
    freq: Frequency
    denominator: str | None = None
    scale: float = 1.0
    where: str = ""
    over_time: Literal["sum", "last"] = "sum"
    count: bool = False
    reference: str = ""

    def name(self, lang: str = "vi") -> str:
        """Return the name in Vietnamese ("vi") or English ("en")."""
        return self.name_vi if lang == "vi" else self.name_en
