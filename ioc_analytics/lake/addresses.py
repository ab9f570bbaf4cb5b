"""Which ward a messy Vietnamese address lies in; what is not certain is left open with candidates.

An address is cut at commas. Places above the ward (“Q9”, “TP Thủ Đức”, “Đồng Nai”) are read first
and tell which wards are possible. Then ward names are looked for: after “Phường”, “P.” … in any
spelling; without that word only where they cannot be the name of a street, market or bridge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ioc_analytics.lake.address_text import (
    ABROAD,
    DISTRICTS,
    Q2,
    WARD_WORDS,
    is_street,
    places_above,
    plain_text,
)
from ioc_analytics.lake.crosswalk import crosswalk
from ioc_analytics.lake.ward_forms import (
    abbreviations,
    elsewhere,
    first_words,
    full_names,
    near_names,
)
from ioc_analytics.places import REFERENCE, WARDS_UNTIL, places
from ioc_analytics.text import fold

__all__ = ["CONFIDENCE", "resolve_addresses"]

CONFIDENCE = {
    0.999: "the ward's full name, and the city or old district beside it",
    0.995: "the full name as a ward, no place beside it; or initials of three letters and more",
    0.98: "a shorter abbreviation, a name within running text, or one letter wrong",
}
_SURE, _GOOD, _FAIR = CONFIDENCE

_OUTSIDE = "names a place outside the city"
_NONE = "names no ward of the city"
_UNKNOWN = "names a ward that is not one of the city"
_TWO = "names more than one ward"
_SEVERAL = "the name can mean several wards"
_APART = "the ward does not lie in the district that is named"
_HOMONYM = "a ward elsewhere has the same name; name the district or city"
_SHORT = "the abbreviation needs a district or the city beside it"
_WRONG = "the name is not spelled as any ward; name the district or city"
_STREET = "the name may be that of a street or landmark"
_EMPTY = "is empty"


def resolve_addresses(
    texts: Iterable[str | None],
    day: dt.date | str | None = None,
) -> pd.DataFrame:
    """Find the ward of each address.

    Parameters
    ----------
    texts : iterable of str or None
        Addresses or ward names as people write them: with or without accents (also decomposed),
        any case, “P. PLB”, “Phước Long B, Q9”, old district names, one letter wrong.
    day : date or ISO text, optional
        The day that all addresses speak of. Up to 30/6/2025, and without a day, the answer is one
        of the 34 wards; later it is one of the 12, to which old names are converted.

    Returns
    -------
    DataFrame
        A row for each text, in order (a Series keeps its index): `text`; `location` (ward code, or
        None where it is not certain); `confidence` (see `CONFIDENCE`: of the answers of a class at
        least that share is right; 0 without answer); `candidates` (tuple of the wards that it can
        mean); `reason` (why there is no answer, else empty); `as_unit` (the ward whose name the
        text uses, which differs from `location` for old names after 30/6/2025).

    Notes
    -----
    Nothing is guessed: “Phước Long” of 2021 (A or B?), “PL, Q9”, two wards in one text, a ward
    that does not lie in the district named, and a bare name that may be a street's have candidates
    and no location. Not solved: addresses with a street only. No map, no service is asked. About
    50 µs for each distinct text; equal texts are read once.

    Examples
    --------
    >>> found = resolve_addresses(
    ...     ["12/5 đường Linh Đông, P. Linh Tây, TP Thủ Đức", "phuoc long b, q9", "Phước Long, Q9"]
    ... )
    >>> found[["location", "confidence"]].to_numpy().tolist()
    [['26818', 0.999], ['26848', 0.999], [None, 0.0]]
    >>> found["candidates"][2], found["reason"][2]
    (('26848', '26851'), 'the name can mean several wards')
    >>> resolve_addresses(["Phước Long, Q9"], day="2025-07-01")["location"].tolist()
    ['26848-2025']
    """
    index = texts.index if isinstance(texts, pd.Series) else None
    on = dt.date.fromisoformat(day) if isinstance(day, str) else day
    late = on is not None and on > WARDS_UNTIL
    listed = pd.Series(list(texts), index=index, dtype=object)
    codes, distinct = pd.factorize(listed, use_na_sentinel=True)
    answers = [_resolved(str(text), late) for text in distinct]
    answers.append(_Answer(reason=_EMPTY))  # code -1: missing
    fields = {
        name: pd.Series([getattr(a, name) for a in answers], dtype=kind).to_numpy()[codes]
        for name, kind in _FIELDS.items()
    }
    return pd.DataFrame({"text": listed, **fields}, index=listed.index)


@dataclass(frozen=True, slots=True)
class _Answer:
    location: str | None = None
    confidence: float = 0.0
    candidates: tuple[str, ...] = ()
    reason: str = ""
    as_unit: str | None = None


_FIELDS: dict[str, Any] = {
    "location": object,
    "confidence": np.float64,
    "candidates": object,
    "reason": object,
    "as_unit": object,
}


@dataclass(frozen=True, slots=True)
class _Mention:
    """A ward named in the text: what it can mean, how it is spelled and how it is marked."""

    units: frozenset[str]
    spelling: str  # full, short, near, unknown
    form: str = ""
    marked: bool = False  # “phường” stands before it
    running: bool = False  # other words of the same part stand before it
    street: bool = False  # a street, house number or landmark word stands before it


# -- wards named in the text -----------------------------------------------------------------------

_EITHER_WORDS = frozenset({"hoac", "hay", "va", "or", "den", "toi", "voi", "qua", "sang"})
_BESIDE_WORDS = frozenset({"gan", "giap", "canh", "sat", "ranh"})
_SIBLINGS = frozenset({"a", "b", "chanh", "phuoc", "dong", "tay"})  # “… A và B”
_NOT_A_WARD = frozenset({"tp", "td", "tt", "tx", "kp", "ap", "tb", "cc"})  # town, block, notice …
_LONGER_NAME = frozenset(
    ["a", "b", "c", "d", "dong", "tay", "nam", "bac", "trung", "tan", "thuong", "ha", "tho", "hoa"]
)
_FOLLOWING = (
    "@ , tp thanh duong so kp khu to hem cu moi nay hoac hay va or ward city district td gan canh"
    " doi sau truoc giap tinh sdt tel thuoc den toi voi qua sang"
)
_MAY_FOLLOW = frozenset(_FOLLOWING.split(" "))


@cache
def _full_by_word() -> dict[str, list[tuple[list[str], str]]]:
    return first_words(full_names())


@cache
def _short_by_word() -> dict[str, list[tuple[list[str], str]]]:
    return first_words(abbreviations())


def _longest(forms: dict[str, list[tuple[list[str], str]]], words: list[str], at: int) -> str:
    """Return the longest form that stands in the words at a position, or nothing."""
    for form_words, form in forms.get(words[at], ()):
        if words[at : at + len(form_words)] == form_words:
            return form
    return ""


def _ends(words: list[str], at: int) -> bool:
    """Tell whether a name that ends before this position is complete."""
    return at >= len(words) or words[at] in _MAY_FOLLOW or words[at].isdigit()


def _mentions(words: list[str]) -> Iterator[_Mention]:
    """Yield the wards that one part of an address names, from left to right."""
    at, shortened = 0, _short_by_word()
    while at < len(words):
        word = words[at]
        mention, size = None, 0
        if word in WARD_WORDS and not _ward_word_twice(words, at):
            mention, size = _after_ward_word(words, at)
        elif word in _full_by_word():
            mention, size = _bare(words, at)
        if mention is None and (word in shortened or word[0] == "p"):
            mention, size = _initials(words, at)
        if mention is not None:
            yield mention
        at += max(size, 1)


def _ward_word_twice(words: list[str], at: int) -> bool:
    """Tell whether another word for ward follows, or nothing; “P. PH” is Phú Hữu."""
    if at + 1 >= len(words):
        return True
    if words[at + 1] not in WARD_WORDS:
        return False
    spaced = " " in _longest(_short_by_word(), words, at + 1)  # “P. P.L.B”
    return not (spaced or (words[at + 1] == "ph" and _ends(words, at + 2)))


def _after_ward_word(words: list[str], at: int) -> tuple[_Mention | None, int]:
    """Read what stands after “phường”: in full, shortened, or with one letter wrong."""
    start = at + 1
    if words[start].isdigit() or words[start] in ("@", ","):
        return None, 1  # a room, or a ward with a number: none of ours has one
    form = _longest(_full_by_word(), words, start)
    size = len(form.split())
    beside = at > 0 and words[at - 1] in _BESIDE_WORDS  # “gần P. …”
    if form in _stems() and not _ends(words, start + size) and (near := _near(words, start)):
        return _Mention(near[0], "near", marked=True, street=beside), near[1] + 1
    if form and not (start + size < len(words) and words[start + size] in _LONGER_NAME):
        units = _with_sibling(form, words, start + size)
        return _Mention(units, "full", form, marked=True, street=beside), size + 1
    form = "" if form else _longest(_short_by_word(), words, start)
    size = len(form.split())
    if form and _ends(words, start + size) and not _is_town(words, start, form):
        units = abbreviations()[form] | abbreviations().get(f"p {form}", frozenset())  # “P.L.B”
        return _Mention(units, "short", form, True, street=beside), size + 1
    if _longest(_short_by_word(), words, at) and words[at] == "p":
        return None, 0  # “P Long B”: the letter is part of the name
    if near := _near(words, start):
        return _Mention(near[0], "near", marked=True, street=beside), near[1] + 1
    return _Mention(frozenset(), "unknown", marked=True, street=beside), 1


@cache
def _stems() -> frozenset[str]:
    """Return the full names that old wards share: “phuoc long”, of A and B."""
    return frozenset(f for f, codes in full_names().items() if len(codes & _new_of().keys()) > 1)


def _with_sibling(form: str, words: list[str], stop: int) -> frozenset[str]:
    """Return a name's wards; also the sibling's where “… và B” follows."""
    units = full_names()[form]
    tail = words[stop : stop + 2]
    follows = len(tail) == 2 and tail[0] in _EITHER_WORDS and tail[1] in _SIBLINGS
    if not follows or _longest(_full_by_word(), words, stop + 1):
        return units
    return units | full_names().get(form.rsplit(" ", 1)[0], frozenset())


def _is_town(words: list[str], at: int, form: str) -> bool:
    """Tell whether “TP” or “TĐ” before a place above the ward belongs to that place."""
    return form in _NOT_A_WARD and at + 1 < len(words) and words[at + 1] not in (",", "@")


def _near(words: list[str], start: int) -> tuple[frozenset[str], int] | None:
    """Return the wards whose name is one edit away from the next few words, longest first."""
    end = start
    while end < min(len(words), start + 5) and not (words[end] == "@" or words[end].isdigit()):
        end += 1
    for stop in range(end, start, -1):
        text = " ".join(words[start:stop])
        if text in _known_elsewhere():
            return None
        units = near_names(text)
        if units and not (stop < len(words) and words[stop] in _LONGER_NAME):
            return units, stop - start
    return None


@cache
def _known_elsewhere() -> frozenset[str]:
    districts = {fold(p.name_vi) for p in places().values() if p.level == "district"}
    return elsewhere("province") | elsewhere("ward") | elsewhere("ward2025") | districts


def _bare(words: list[str], at: int) -> tuple[_Mention | None, int]:
    """Read a full name without the word “phường” before it."""
    form = _longest(_full_by_word(), words, at)
    if not form:
        return None, 0
    stop = at + len(form.split())
    before = words[:at]
    street = is_street(before)
    beside = {*before[-1:], *words[stop : stop + 1]}
    marked = words[stop : stop + 1] == ["ward"] or (not street and bool(beside & _EITHER_WORDS))
    if not (_ends(words, stop) or words[stop] in _full_by_word()):
        return None, 0
    running = bool(before) and "@" not in before[-1] and not marked
    units = _with_sibling(form, words, stop)
    return _Mention(units, "full", form, marked, running, street and not marked), stop - at


def _initials(words: list[str], at: int) -> tuple[_Mention | None, int]:
    """Read an abbreviation that is a part of its own, or three letters before a place above."""
    word = words[at]
    glued = word[1:] if word[:1] == "p" and len(word) > 3 else ""  # “PPLB”
    if glued in abbreviations():
        return _Mention(abbreviations()[glued], "short", glued, marked=True), 1
    if glued in full_names() and glued not in _stems():  # “PAnPhu”
        return _Mention(full_names()[glued], "full", glued, marked=True), 1
    form = _longest(_short_by_word(), words, at)
    stop = at + len(form.split())
    before = [w for w in words[:at] if w != "@"]
    if not form or not _ends(words, stop) or (form in _NOT_A_WARD):
        return None, 0
    if before and (len(form) < 3 or is_street(before)):
        return None, 0
    return _Mention(abbreviations()[form], "short", form, running=bool(before)), stop - at


def _near_bare(parts: list[list[str]]) -> Iterator[_Mention]:
    """Yield names with one letter wrong that end a part or stand before a place above the ward."""
    for words in parts:
        stops = [i for i, w in enumerate(words) if w == "@"] + [len(words)]
        for stop in stops:
            for start in range(max(0, stop - 4), stop):
                text = " ".join(words[start:stop])
                if not text.replace(" ", "").isalpha() or text in _known_elsewhere():
                    continue
                units = near_names(text)
                if units:
                    yield _Mention(units, "near", running=True, street=is_street(words[:start]))
                    break


# -- the answer ------------------------------------------------------------------------------------


def _resolved(text: str, late: bool) -> _Answer:
    """Return the answer for one text; where there is none, also with “HBChánh” parted at capitals.

    Capitals come second: “PHường” and “hIệp” are slips of the keyboard, not two words.
    """
    answer = _read(plain_text(text, capitals=False), late)
    if answer.location is None and not answer.candidates and answer.reason != _OUTSIDE:
        parted = plain_text(text, capitals=True)
        return _read(parted, late)
    return answer


def _read(plain: str, late: bool) -> _Answer:
    if not plain.strip(" ,"):
        return _Answer(reason=_EMPTY)
    text, scopes = places_above(plain)
    if ABROAD in scopes:
        return _Answer(reason=_OUTSIDE)
    parts = [part.split() for part in text.split(",")]
    found = [m for words in parts for m in _mentions(words)]
    if not any(not m.street for m in found) and scopes:
        found += _near_bare(parts)
    stated = _stated(found)
    if not stated:
        units = frozenset().union(*(m.units for m in found if m.street))
        candidates = _on_day(units, scopes, late)
        return _Answer(candidates=candidates, reason=_STREET if candidates else _NONE)
    return _decided(stated, scopes, late)


def _stated(found: list[_Mention]) -> list[_Mention]:
    """Return the mentions that state the ward: with “phường” and what follows, else all bare."""
    real = [m for m in found if not m.street]
    first = next((i for i, m in enumerate(real) if m.marked), None)
    return real if first is None else real[first:]


@cache
def _new_of() -> dict[str, frozenset[str]]:
    links = crosswalk().groupby("old")["new"].agg(frozenset)
    return {str(old): new for old, new in links.items()}


@cache
def _district_of() -> dict[str, str]:
    wards = pd.read_csv(REFERENCE / "wards.csv", dtype=str)
    return dict(zip(wards["ward_code"], wards["old_district"], strict=True))


def _on_day(units: frozenset[str], scopes: set[str], late: bool) -> tuple[str, ...]:
    """Return the wards of the day that these units can mean, within the districts stated."""
    districts = scopes.intersection(DISTRICTS)
    old = {u for u in units if u in _new_of()}
    if districts:
        old = {u for u in old if _district_of()[u] in districts}
    if not late:
        return tuple(sorted(old))
    new = {u for u in units if u not in _new_of()}
    if districts:
        lie = {n for o, ns in _new_of().items() if _district_of()[o] in districts for n in ns}
        new &= lie
    return tuple(sorted(new.union(*(_new_of()[u] for u in old))))


def _decided(stated: list[_Mention], scopes: set[str], late: bool) -> _Answer:
    """Return the one ward that all mentions agree on, or the candidates."""
    meant = [set(_on_day(m.units, scopes, late)) for m in stated]
    candidates = tuple(sorted(set().union(*meant)))
    if any(m.spelling == "unknown" for m in stated):
        return _Answer(candidates=candidates, reason=_TWO if candidates else _UNKNOWN)
    common = set.intersection(*meant)
    if len(common) != 1 or common not in meant:
        every = frozenset().union(*(m.units for m in stated))
        if not candidates:
            lying = _on_day(every, set(), late) or _on_day(every, set(), True)
            return _Answer(candidates=lying, reason=_APART if scopes else _SEVERAL)
        names_two = len(meant) > 1 and not common
        return _Answer(candidates=candidates, reason=_TWO if names_two else _SEVERAL)
    best = max((_confidence(m, scopes, late) for m in stated), default=(0.0, ""))
    if not best[0]:
        return _Answer(candidates=tuple(common), reason=best[1])
    [location] = common
    return _Answer(location, best[0], (location,), "", _as_unit(stated, location, scopes))


def _confidence(mention: _Mention, scopes: set[str], late: bool) -> tuple[float, str]:
    """Return the class of an unambiguous mention, or 0 and why it is not accepted."""
    if mention.spelling == "full":
        if not scopes and _is_elsewhere(mention, late):
            return 0.0, _HOMONYM
        if mention.running:
            return (_FAIR, "") if scopes else (0.0, _STREET)
        if scopes:
            return _SURE, ""
        return (_GOOD if mention.marked else _FAIR), ""
    if mention.spelling == "near":
        long = min(len(places()[u].name_vi.replace(" ", "")) for u in mention.units) >= 8
        return (_FAIR, "") if scopes or (mention.marked and long) else (0.0, _WRONG)
    letters = len(mention.form.replace(" ", ""))
    if mention.form in ("binh an", "binh khanh") and Q2 not in scopes:
        return 0.0, _SHORT
    if not scopes and (letters < 3 or not mention.marked):
        return 0.0, _SHORT
    return (_GOOD if letters >= 3 and not mention.running else _FAIR), ""


def _is_elsewhere(mention: _Mention, late: bool) -> bool:
    """Tell whether a ward outside the city has the same name."""
    names = elsewhere("ward2025" if late else "ward")
    return mention.form.replace(" ", "") in {name.replace(" ", "") for name in names}


def _as_unit(stated: list[_Mention], location: str, scopes: set[str]) -> str:
    """Return the ward whose name the text uses: the ward itself, or one that it replaced."""
    units = frozenset.intersection(*(m.units for m in stated)) or stated[0].units
    old = [u for u in _on_day(units, scopes, False) if location in (u, *_new_of()[u])]
    if location in units and not (scopes and len(old) == 1):
        return location
    return old[0] if len(old) == 1 else location
