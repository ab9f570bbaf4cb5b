"""Places on a day: 34 wards until 30/6/2025, 12 since, some with the name or code of another."""

import datetime as dt

import pytest

from ioc_analytics.places import (
    CITY,
    WARDS_UNTIL,
    find_places,
    places,
    ward_codes,
    ward_codes_2025,
)

LAST, FIRST = WARDS_UNTIL, WARDS_UNTIL + dt.timedelta(days=1)


def _found(text: str, level: str | None = None, on: dt.date | None = None) -> list[str]:
    return [p.code for p in find_places(text, level, on)]


def test_the_twelve_wards_stand_from_july_2025_and_lie_in_the_province():
    new = [places()[c] for c in ward_codes_2025()]
    assert len(new) == 12
    assert {(p.level, p.parent, p.valid_from, p.valid_to) for p in new} == {
        ("ward2025", "79", dt.date(2025, 7, 1), None)
    }


def test_the_34_wards_and_the_city_end_the_day_before():
    old = {(places()[c].valid_from, places()[c].valid_to) for c in (*ward_codes(), CITY)}
    assert old == {(dt.date(2021, 1, 1), dt.date(2025, 6, 30))}
    assert places()["79"].valid_to is None


def test_new_wards_took_over_codes_of_old_ones_with_other_names():
    renamed = {
        code[:5]: (places()[code[:5]].name_vi, places()[code].name_vi)
        for code in ward_codes_2025()
        if places()[code[:5]].name_vi != places()[code].name_vi
    }
    assert renamed["26812"] == ("Hiệp Bình Chánh", "Hiệp Bình")
    assert renamed["26824"] == ("Bình Thọ", "Thủ Đức")
    assert renamed["27118"] == ("Thủ Thiêm", "An Khánh")
    assert {c[:5] for c in ward_codes_2025()} <= set(ward_codes())


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("Tam Bình", ["26803"], ["26797-2025"]),
        ("P. An Khanh", ["27094"], ["27118-2025"]),
        ("26812", ["26812"], ["26812-2025"]),
        ("26800", ["26800"], []),
        ("Linh Trung", ["26800"], []),
        ("Hiệp Bình", [], ["26812-2025"]),
        ("Phường Thủ Đức", [], ["26824-2025"]),
        ("Thủ Đức", ["769"], []),
        ("TP Thủ Đức", ["769"], []),
        ("Tân Phú", ["767", "26836"], []),
        ("79", ["79"], ["79"]),
        ("26812-2025", ["26812-2025"], ["26812-2025"]),
    ],
)
def test_the_day_tells_what_a_name_or_code_means(text, before, after):
    assert _found(text) == before
    assert _found(text, on=LAST) == before
    assert _found(text, on=FIRST) == after


def test_the_level_ward_means_the_wards_of_the_day():
    assert _found("Thủ Đức", "ward", FIRST) == ["26824-2025"]
    assert _found("Thủ Đức", "ward", LAST) == []
    assert _found("Linh Xuân", "ward") == ["26794"]
    assert _found("Linh Xuân", "ward2025") == ["26794-2025"]
