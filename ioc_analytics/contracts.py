"""What a table and an indicator are, as data: from it derive readers, checks, lake and panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ioc_analytics.errors import ContractError
from ioc_analytics.text import fold, nearest

__all__ = [
    "Column",
    "Identity",
    "Indicator",
    "Part",
    "System",
    "Table",
    "location_columns",
]

Kind = Literal[
    "text",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "week",
    "month",
    "place",
    "geometry",
]
Frequency = Literal["D", "W", "M", "Q", "Y"]
Direction = Literal["higher", "lower", "neutral"]
Personal = Literal["", "pseudonym", "drop", "redact"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name, kind, unit, the headers it arrives under and its limits.

    A value below `minimum` is rejected; where `negatives_flagged` is true a negative one is a
    correction of earlier reports, kept and flagged. `names_place` marks a column that repeats the
    name of the place given by code in another column: a row in which the two differ is rejected.
    `stored=False` marks a column that is read and checked but not kept.
    `place_level` tells which of two places of one name an alias means (`{"district": "district"}`).

    `allowed` maps each value that a text column may hold to the spellings it arrives under; the
    first one is its Vietnamese label. A row whose value is in `secret` is refused, and nothing of
    it is kept, not even among the rejects.

    `personal` says what happens at the door to a value that tells of a person: "pseudonym" (a
    keyed code takes its place, so that rows of one person still meet), "drop" (read, checked, not
    kept) or "redact" (free text, in which plates, phones and identity numbers are blacked out).

    For quality checks: `not_before` names the column of an earlier event of the same row (a file
    is not returned before it was received); `cumulative` marks a running total, which cannot fall.
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
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secret: tuple[str, ...] = ()
    names_place: bool = False
    stored: bool = True
    place_level: Mapping[str, str] = field(default_factory=dict)
    personal: Personal = ""
    not_before: str = ""
    cumulative: bool = False

    @property
    def kept(self) -> bool:
        """Whether the column is part of the stored table."""
        return self.stored and self.personal != "drop"

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
class System:
    """One of the city's systems: the word before the point of its tables, and its names."""

    id: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Identity:
    """An arithmetic law that each row of a table must keep, checked by `lake.quality`.

    `law` is an SQL condition over the table's columns; a row for which it is false is a finding
    (true or unknown is none). `vi` and `en` say it in words.
    """

    law: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one of the city's systems: columns, key and the column that dates its rows.

    `whole` declares that a file always states the whole table (ward boundaries): rows absent from
    a later file are closed. `requires_all_wards` refuses a file in which a ward is missing.

    `events` declares that each row is one event (a request, a file, a post): within the days that
    a file covers, a place without a row had none, so that a count there is 0 and not missing.
    Otherwise a row is a figure for a period, and a period without row is missing.

    For quality checks: `freq` is the grain at which figures are expected, `due_days` after how
    many days without newer rows the feed is stale, `identities` what each row must keep to.
    """

    name: str
    vi: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    date: str | None = None
    whole: bool = False
    requires_all_wards: bool = False
    events: bool = False
    freq: Frequency | None = None
    due_days: int | None = None
    identities: tuple[Identity, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        names = [c.name for c in self.columns]
        for word in (*self.key, *([self.date] if self.date else [])):
            if word not in names:
                raise ContractError(f"{self.name}: “{word}” is named as key or date, not declared.")
        for column in self.columns:
            if column.not_before and column.not_before not in names:
                raise ContractError(
                    f"{self.name}.{column.name} is not before “{column.not_before}”, not declared."
                )
            if (column.name in self.key or column.name == self.date) and not column.kept:
                raise ContractError(f"{self.name}.{column.name} is key or date and must be kept.")
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
        return tuple(c for c in self.columns if c.kept)

    @property
    def system(self) -> str:
        """The system (sector) that the table belongs to: the word before the point."""
        return self.name.partition(".")[0]

    @property
    def persons(self) -> bool:
        """Whether the table's rows tell of single persons; kept apart from aggregates."""
        return any(c.personal for c in self.columns)

    @property
    def place(self) -> str | None:
        """The column that places its rows: the first one of kind place, or None."""
        return next((c.name for c in self.columns if c.kind == "place"), None)

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
class Part:
    """One component of a composite score: an indicator that earns up to `points`.

    It earns all of them at the value `full`, none at `zero`, in proportion between.
    """

    indicator: str
    points: float
    full: float = 100.0
    zero: float = 0.0


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number the city follows, declared as data and compiled to SQL by `lake.panel`.

    The value over any period and place is ``scale * sum(numerator) / sum(denominator) + offset``,
    never a mean of ratios. `numerator` and `denominator` are SQL expressions over one row of
    `table`, of which a row counts where both are known; `where` is a condition on the row.
    ``denominator="population"`` divides by the residents of the places summed over, once, whatever
    the number of days. Without denominator the value is the sum.

    `date` names the column that dates the rows for this indicator, where it is not the table's own
    (files returned in a week, not received in it). A column of kind datetime counts by its day.

    `over_time` tells how the rows of one place within a period are put together:

    - "sum"; "last" takes the newest row (stocks, running totals, indices); "max" the highest;
    - "median" takes the median of the numerator over all rows of the period, of all places;
    - "open" counts at the end of the period what has begun and not ended: `opened` and `closed`
      are SQL expressions for the two days (`closed` null: still open; an item is open on the day
      before it closes). The numerator is the weight of an item, as a rule 1.

    `over_space` tells how wards make the city: "sum" of numerators and denominators, or "own": only
    rows of the place itself (an index of prices cannot be added up).

    `against` compares the value v with a reference r, giving ``scale * v / r + offset``: ``4``
    means the mean of the four periods before, "year" the same period a year before. The reference
    is missing where one of its periods is.

    `parts` makes a composite: the points that other indicators earn, added up; missing where one is
    missing. Such an indicator has no table of its own.

    `direction` says which way is better: "higher", "lower" or "neutral". `reference` names the
    section of DOMAIN.md, or the source, that the formula follows.
    """

    id: str
    name_vi: str
    name_en: str
    unit: str
    direction: Direction
    table: str = ""
    numerator: str = ""
    freq: Frequency = "D"
    denominator: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    where: str = ""
    date: str | None = None
    over_time: Literal["sum", "last", "max", "median", "open"] = "sum"
    over_space: Literal["sum", "own"] = "sum"
    opened: str = ""
    closed: str = ""
    against: int | Literal["year"] | None = None
    parts: tuple[Part, ...] = ()
    count: bool = False
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        wrong = [
            (bool(self.parts) == bool(self.table), "has either a table or parts"),
            (not self.parts and not self.numerator, "needs a numerator"),
            ((self.over_time == "open") != bool(self.opened), "“open” goes with opened"),
            (self.over_time == "median" and self.denominator is not None, "a median of a ratio"),
        ]
        for is_wrong, why in wrong:
            if is_wrong:
                raise ContractError(f"Indicator {self.id}: {why}.")

    def name(self, lang: str = "vi") -> str:
        """Return the name in Vietnamese ("vi") or English ("en")."""
        return self.name_vi if lang == "vi" else self.name_en
