"""Words of files and people: compared without case and accents, and the nearest known one."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["fold", "nearest"]


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
