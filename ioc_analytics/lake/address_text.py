"""The text of an address: in plain letters, without the places above the ward, street or not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from ioc_analytics.lake.ward_forms import THU_DUC, elsewhere
from ioc_analytics.places import CITY, places
from ioc_analytics.text import fold

__all__ = ["ABROAD", "DISTRICTS", "Q2", "WARD_WORDS", "is_street", "places_above", "plain_text"]

Q2, _Q9, _QTD = DISTRICTS = ("Quận 2", "Quận 9", "Quận Thủ Đức")  # of before 2021
WARD_WORDS = frozenset({"phuong", "p", "ph", "f", "phg", "phuog", "phuogn", "ward", "puong"})
_CITY = "city"
ABROAD = "abroad"  # another district or province


# -- plain text ------------------------------------------------------------------------------------


def _plain_letters() -> dict[int, str | None]:
    """Map each Vietnamese letter to the Latin one, marks to nothing, separators to a comma."""
    table: dict[int, str | None] = dict.fromkeys(range(768, 880))
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table[code] = base
    table |= {ord(c): "d" for c in "đð"} | {ord(c): "D" for c in "ĐÐ"}
    return table | {ord(c): " , " for c in ",;|()[]\n\r\t–—"}


_LETTERS = _plain_letters()
_STREET_WORD = re.compile(r"(?<!\w)[đĐ](?!\w)")  # “Đ. 5” is “Đường 5”
_SLASH = re.compile(r"\s/\s?|\s?/\s")
_EITHER = re.compile(r"(?<=[^\W\d])/(?=[^\W\d]{2})")  # “Linh Đông/Linh Tây”
_DASH = re.compile(r"\s-\s?|\s?-\s")
_NUMBERS = r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"
_GLUED = re.compile(rf"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|{_NUMBERS}")
_GLUED_NUMBERS = re.compile(_NUMBERS)
_WILD = re.compile(r"\b(?!(?:phuong|quan|duong|so|to|kp|tp|hem|p|q)[A-Z])[a-z]+[A-Z]")  # “hIep”
_MARKS = re.compile(r"[^a-z0-9,]+")


def plain_text(text: str, capitals: bool) -> str:
    """Return the text in lower-case Latin words, single spaces and commas."""
    text = _STREET_WORD.sub(" duong ", text)
    if "/" in text:
        text = _EITHER.sub(" hoac ", _SLASH.sub(" , ", text))
    text = text.translate(_LETTERS)
    if "-" in text:
        text = _DASH.sub(" , ", text)
    parted = capitals and not _WILD.search(text)
    text = (_GLUED if parted else _GLUED_NUMBERS).sub(" ", text)
    return _MARKS.sub(" ", text.lower()).strip()


# -- places above the ward -------------------------------------------------------------------------

_OWN = {"2": Q2, "hai": Q2, "9": _Q9, "chin": _Q9, "td": _QTD, "thu duc": _QTD, "thuduc": _QTD}
_CLEAN = [  # what a text must hold, the pattern, and what takes its place
    ("t p", re.compile(r"\bt p\b"), "tp"),
    ("phuong", re.compile(r"\bphuong(?=[a-z]{4})"), "phuong "),
    ("duc", re.compile(r"\b(phuong|ph|p|f|ward) (?:tp )?thu ?duc\b"), rf"\1 {THU_DUC}"),
    ("ward", re.compile(r"\bthu ?duc (?=ward\b)"), f"{THU_DUC} "),
    (
        " td",
        re.compile(r"(?<!\bq)(?<!quan)(?<!tp)(?<!pho)(?<=[a-z]{2}) td(?= *(?:,|$))"),
        " thu duc",
    ),
]
_PROVINCE_TAIL = re.compile(
    r"\b(?:tp|thanh pho)? ?(?:tp ?h ?c ?m|hcmc?|ho ?chi ?minh|h c m|sai ?gon)(?: city)?\b"
    r"|\bviet ?nam\b|\bvn\b"
)
_THE_CITY = re.compile(
    r"\b(?:tp|thanh pho) ?(?:thu ?duc|td)\b(?: city)?|\btptd\b|\bthu ?duc\b(?: city)?"
)


@cache
def _district() -> re.Pattern[str]:
    names = [fold(p.name_vi) for p in places().values() if p.level == "district"]
    named = "|".join(sorted({n for n in names if not n.startswith("quan ")}, key=len, reverse=True))
    return re.compile(
        rf"\b(?:quan|q|district|dist|huyen) ?(\d{{1,2}}|hai|chin|thuduc|td|{named})\b"
        rf"|\b(\d{{1,2}}|{named}) district\b"
    )


@cache
def _foreign() -> tuple[re.Pattern[str], frozenset[str], frozenset[str]]:
    """Return what names a place outside the city: “TP Biên Hòa”; provinces; other districts."""
    provinces = "|".join(n.replace(" ", " ?") for n in sorted(elsewhere("province"), key=len))
    districts = {
        fold(p.name_vi) for p in places().values() if p.level == "district" and p.code != CITY
    }
    named = {d for d in districts if not d.startswith("quan ") and d != "tan phu"}
    marked = re.compile(rf"\b(?:tp|tinh|thanh pho|thi xa|tx|huyen) ?(?:{provinces})\b")
    return marked, _glued_too(elsewhere("province")), _glued_too(named)


def _glued_too(names: Iterable[str]) -> frozenset[str]:
    return frozenset(form for name in names for form in (name, name.replace(" ", "")))


def places_above(text: str) -> tuple[str, set[str]]:
    """Return the text with the places above the ward cut out (as “@”), and which they are."""
    for needed, pattern, instead in _CLEAN:
        if needed in text:
            text = pattern.sub(instead, text)
    found: set[str] = set()

    def note(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        found.add(_OWN.get(name, ABROAD))
        return " @ "

    text = _district().sub(note, text)
    text = _PROVINCE_TAIL.sub(" @ ", text)
    text, cities = _THE_CITY.subn(" @ ", text)
    if cities:
        found.add(_CITY)
    if _foreign()[0].search(text):
        found.add(ABROAD)
    for part in text.split(","):
        words = part.replace("@", " ").split()
        if " ".join(words) == "td":
            found.add(_CITY)
        if _ends_outside(words):
            found.add(ABROAD)
    return text, found


def _ends_outside(words: list[str]) -> bool:
    """Tell whether a part ends in a province or another district that is not a street's name."""
    provinces, districts = _foreign()[1:]
    for size in (1, 2, 3):
        name, before = " ".join(words[-size:]), words[:-size]
        if name in districts and (not before or before[-1].isdigit()):
            return True  # “Bình Thạnh”, “P 13 Bình Thạnh”
        if name in provinces and not (before and (name == "binh phuoc" or is_street(before))):
            return True  # but “Hiệp Bình Phước” does not end in the province Bình Phước
    return any(_all_provinces(words[:at]) for at, word in enumerate(words) if word in WARD_WORDS)


def _all_provinces(words: list[str]) -> bool:
    """Tell whether words are names of provinces and nothing else: “Thuận An Bình Dương”."""
    for size in (1, 2, 3):
        if len(words) >= size and " ".join(words[-size:]) in _foreign()[1]:
            return len(words) == size or _all_provinces(words[:-size])
    return False


# -- streets ---------------------------------------------------------------------------------------

_BEFORE_STREET = re.compile(
    r"(?:^| )(?:duong|d|(?<!khu )pho|hem|ngo|ngach|kiet|cau|cho|cang|ga|pha|ben|chua|rach|song"
    r"|kenh|truong|thcs|thpt|th|tieu hoc|mam non|dai hoc|benh vien|bv|tram|vincom|coopmart|metro"
    r"|kcn|kcx|kdc|kdt|khu cong nghiep|khu che xuat|khu dan cu|khu do thi|chung cu|cc|can ho"
    r"|cao oc|toa nha|nga ba|nga tu|nga nam|vanh dai|tinh lo|huong lo|quoc lo|xa lo|dai lo"
    r"|cong vien|nha tho|giao xu|du an|street|cao toc|ubnd|cong an|gan|giap|canh|sat|ranh"
    r"|doi dien) $"
)
_HOUSE = re.compile(
    r"^(?:(?:so|nha|sn|hem|h|ngo|ngach|kiet|k|lo|can|nr|dc|dia chi|tai) |\d+ (?:[a-z] )?"
    r"|[a-ceg-oq-z] )*$"
)
_ALLEY = re.compile(r"(?:^| )(?:hem|ngo|ngach|kiet|sn|nha|so nha) (?:so )?(?:\d+ (?:[a-z] )?)+$")
_NUMBER = re.compile(r"\d")
_LONGEST_HOUSE = 12  # words of “số nhà 12 hẻm 3/4/5”; also keeps the patterns fast on long texts


def is_street(before: list[str]) -> bool:
    """Tell whether the words before a name make it one of a street, a landmark or a house's."""
    if not before:
        return False
    text = " ".join(before[-_LONGEST_HOUSE:]) + " "
    if _BEFORE_STREET.search(text) or _ALLEY.search(text):
        return True
    number = len(before) <= _LONGEST_HOUSE and _NUMBER.search(text) is not None
    return number and _HOUSE.match(text) is not None
