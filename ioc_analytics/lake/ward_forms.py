"""How people spell the wards: in full, shortened to initials, or with one letter wrong."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product

from ioc_analytics.places import REFERENCE, places, ward_codes, ward_codes_2025
from ioc_analytics.text import fold

__all__ = ["THU_DUC", "abbreviations", "elsewhere", "first_words", "full_names", "near_names"]

THU_DUC = "phuongthuduc"  # stands for “phường Thủ Đức”; without its first word it is the city

_FORMER = {"binh an": "27094", "binh khanh": "27094"}  # joined to An Khánh on 1/1/2021
_SHORTEST_TYPO = 6  # letters; in shorter names one edit makes too many others
Forms = dict[str, frozenset[str]]


def _words() -> Iterator[tuple[str, list[str]]]:
    """Yield code and folded words of each ward, and of each stem that two old wards share."""
    stems: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for code in (*ward_codes(), *ward_codes_2025()):
        words = fold(places()[code].name_vi).split()
        yield code, words
        if code in ward_codes():
            stems[tuple(words[:-1])].add(code)
    for stem, codes in stems.items():
        if len(stem) > 1 and len(codes) > 1:  # “Phước Long”, of A and B
            yield from ((code, list(stem)) for code in sorted(codes))


def _collected(pairs: Iterable[tuple[str, str]]) -> Forms:
    found: dict[str, set[str]] = defaultdict(set)
    for form, code in pairs:
        found[form].add(code)
    return {form: frozenset(codes) for form, codes in found.items()}


def _spacings(words: list[str]) -> Iterator[str]:
    """Yield the words with and without a space at each place between them."""
    for marks in product((" ", ""), repeat=len(words) - 1):
        yield "".join(w + m for w, m in zip(words, (*marks, ""), strict=True))


@cache
def full_names() -> Forms:
    """Return the wards that a folded name in full means; several for a stem that they share.

    Examples
    --------
    >>> sorted(full_names()["phuoc long"])
    ['26848', '26848-2025', '26851']
    """
    return _collected(
        (form, code)
        for code, words in _words()
        if words != ["thu", "duc"]  # mostly the city; only “phường Thủ Đức” means the ward
        for form in _spacings(words)
    ) | {THU_DUC: frozenset({"26824-2025"})}


@cache
def abbreviations() -> Forms:
    """Return the wards that a form with leading initials can mean: “plb”, “pl b”, “p long b”.

    Examples
    --------
    >>> sorted(abbreviations()["tnpa"]), sorted(abbreviations()["lt"])
    (['26842'], ['26800', '26818', '26860', '26860-2025'])
    """
    pairs = []
    for code, words in _words():
        for shortened in range(1, len(words) + 1):
            initials = [w[0] for w in words[:shortened]]
            rest = words[shortened:]
            if shortened == 1 and len(words) == 2 and initials == ["p"]:
                continue  # “p binh” is “P. Bình …”
            pairs += [
                (" ".join([joined, *rest]), code)
                for joined in ("".join(initials), " ".join(initials))
            ]
    known = full_names()
    return {form: codes for form, codes in _collected(pairs).items() if form not in known} | {
        form: frozenset({code}) for form, code in _FORMER.items()
    }


def first_words(forms: Forms) -> dict[str, list[tuple[list[str], str]]]:
    """Return forms by their first word, longest first, each as its words and itself."""
    found: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
    for form in sorted(forms, key=lambda f: -len(f.split())):
        words = form.split()
        found[words[0]].append((words, form))
    return dict(found)


@cache
def elsewhere(kind: str) -> frozenset[str]:
    """Return folded names of provinces, or of wards elsewhere that share a name with ours."""
    with (REFERENCE / "elsewhere.csv").open(encoding="utf-8", newline="") as lines:
        return frozenset(fold(r["name"]) for r in csv.DictReader(lines) if r["kind"] == kind)


# -- one letter wrong ------------------------------------------------------------------------------


def _less_one(text: str) -> set[str]:
    return {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}


@cache
def _less_one_index() -> dict[str, set[str]]:
    """Return names without spaces by themselves and by what is left without one letter."""
    index: dict[str, set[str]] = defaultdict(set)
    for name in {form.replace(" ", "") for form in full_names()}:
        if len(name) >= _SHORTEST_TYPO and name != THU_DUC:
            for shorter in _less_one(name):
                index[shorter].add(name)
    return dict(index)


def near_names(text: str) -> frozenset[str]:
    """Return the wards whose name is one edit away: a letter more, less, other, or two swapped.

    Examples
    --------
    >>> sorted(near_names("linh trugn")), sorted(near_names("phuoc long c"))
    (['26800'], ['26848', '26848-2025', '26851'])
    >>> sorted(near_names("linh trung")), sorted(near_names("saigon"))
    ([], [])
    """
    word = text.replace(" ", "")
    index = _less_one_index()
    if len(word) < _SHORTEST_TYPO - 1 or word in full_names():
        return frozenset()
    names: set[str] = set()
    for shorter in _less_one(word):
        names |= index.get(shorter, set())
    found: set[str] = set()
    for name in names:
        if _is_one_edit(word, name):
            found |= full_names()[name]
    return frozenset(found)


def _is_one_edit(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, c in enumerate(one) if c != other[i]), len(one))
    if len(one) < len(other):
        return len(other) - len(one) == 1 and one[at:] == other[at + 1 :]
    swapped = one[at + 1 : at + 2] + one[at : at + 1]
    return one[at + 1 :] == other[at + 1 :] or (
        swapped == other[at : at + 2] and one[at + 2 :] == other[at + 2 :]
    )
