"""What a table, a column and an indicator are: names that meet, declarations that hold together."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table, location_columns
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.cells import parse_cells
from ioc_analytics.places import find_places, places, ward_codes
from ioc_analytics.text import fold, nearest

_VIETNAMESE = st.text(
    "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ 19",
    min_size=1,
    max_size=30,
)


# -- fold: what people mean by a header or a name -------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Số ca mắc mới", "so ca mac moi"),
        ("SO CA MAC MOI", "so ca mac moi"),
        ("  Số   ca\nmắc mới ", "so ca mac moi"),
        ("Thuỷ Đức", "thuy duc"),
        ("Thủy Ðức", "thuy duc"),  # Ð (eth) as old code pages write Đ
        ("Tỷ lệ cúm (%)", "ty le cum"),
        ("new_cases", "new cases"),
        ("\ufeffNgày", "ngay"),
        ("???", ""),
    ],
)
def test_fold_keeps_only_what_is_meant(written, meant):
    assert fold(written) == meant


@given(_VIETNAMESE)
def test_fold_does_not_depend_on_case_composition_or_marks_between_words(text):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text).upper().replace(" ", "_ ")) == fold(text)
    assert fold(fold(text)) == fold(text)


def test_nearest_names_a_close_word_and_keeps_silent_when_none_is():
    assert nearest("new_case", ["new_cases", "location"]) == " (did you mean “new_cases”?)"
    assert nearest("xyz", ["new_cases"]) == ""


# -- declarations ---------------------------------------------------------------------------------

_DATE = Column("date", "date", "Ngày")


def test_a_key_that_is_no_column_is_refused():
    with pytest.raises(ContractError, match="x.y: “place” is named as key or date, not declared"):
        Table("x.y", "", "", (_DATE,), key=("date", "place"))


def test_a_header_that_means_two_columns_is_refused():
    columns = (_DATE, Column("day", "date", "Thứ", aliases=("NGAY",)))
    with pytest.raises(ContractError, match="header “ngay” means both date and day"):
        Table("x.y", "", "", columns, key=("date",))


def test_a_column_is_found_by_any_of_its_spellings():
    table = Table("x.y", "", "", (_DATE, *location_columns("khu vực")), key=("date",))
    for header in ("location", "Địa bàn", "MÃ PHƯỜNG", "ma phuong", "Khu Vuc", "ward_code", "Quận"):
        assert table.match_header(header).name == "location"
    assert table.match_header("quận nhà") is None


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(ContractError, match="has no column “new_case” .did you mean “new_cases”"):
        sectors.table("epidemic.cases_daily").column("new_case")


@pytest.mark.parametrize("table", sectors.tables().values(), ids=lambda t: t.name)
def test_every_declared_table_can_be_stored_and_read_in_both_languages(table):
    assert table.vi
    assert table.en
    assert all(c.vi for c in table.columns)
    assert {table.column(k).stored for k in table.key} == {True}
    assert table.name.count(".") == 1


_COLUMNS = {f"{t.name}.{c.name}": c for t in sectors.tables().values() for c in t.columns}


@pytest.mark.parametrize("name", [n for n, c in _COLUMNS.items() if c.allowed])
def test_each_spelling_of_a_coded_value_means_one_value(name):
    column = _COLUMNS[name]
    spelled = [w for value, words in column.allowed.items() for w in (value, *words)]
    read = parse_cells(column, spelled)
    assert read.reasons == {}
    meant = [value for value, words in column.allowed.items() for _ in (value, *words)]
    if column.kind == "text":
        assert read.values.to_pylist() == meant  # noqa: PD011


@pytest.mark.parametrize(
    "name", [n for n, c in _COLUMNS.items() if c.personal in ("pseudonym", "redact")]
)
def test_only_text_is_replaced_by_pseudonyms_or_redacted(name):
    assert _COLUMNS[name].kind == "text"


@pytest.mark.parametrize("indicator", sectors.indicators().values(), ids=lambda i: i.id)
def test_every_declared_indicator_rests_on_a_declared_dated_table_or_on_others(indicator):
    assert indicator.name("vi") != ""
    assert indicator.name("en") != ""
    if indicator.parts:
        assert {p.indicator for p in indicator.parts} <= sectors.indicators().keys()
        return
    table = sectors.table(indicator.table)
    assert table.column(indicator.date or table.date).kind in ("date", "datetime", "week", "month")
    assert table.place


def test_an_unknown_table_or_indicator_names_the_nearest():
    with pytest.raises(ContractError, match="no table “epidemic.case_daily” .did you mean “epid"):
        sectors.table("epidemic.case_daily")
    with pytest.raises(ContractError, match="no indicator “health.ili_shares” .did you mean “heal"):
        sectors.indicator("health.ili_shares")


# -- places ---------------------------------------------------------------------------------------


def test_the_city_has_34_wards_and_lies_in_the_province():
    assert len(ward_codes()) == 34
    assert {places()[c].parent for c in ward_codes()} == {"769"}
    assert places()["769"].parent == "79"


@pytest.mark.parametrize("code", places())
def test_every_place_is_found_by_its_code_and_by_its_names_at_its_level(code):
    place = places()[code]
    assert find_places(code) == (place,)
    for name in (place.name_vi, place.name_en, *place.other_names):
        for written in (name, name.upper(), unicodedata.normalize("NFD", name)):
            assert find_places(written, place.level) == (place,)


@pytest.mark.parametrize(
    "written", ["Phường Hiệp Bình Phước", "P.Hiep Binh Phuoc", "p. hiệp bình phước"]
)
def test_the_word_for_ward_before_a_name_does_not_matter(written):
    assert [p.code for p in find_places(written)] == ["26809"]


def test_a_name_of_two_places_means_both_until_a_level_or_prefix_tells():
    assert [p.code for p in find_places("Tân Phú")] == ["767", "26836"]
    assert [p.code for p in find_places("Tân Phú", "ward")] == ["26836"]
    assert [p.code for p in find_places("Phường Tân Phú")] == ["26836"]
    assert find_places("769", "ward") == ()
    assert find_places("Atlantis") == ()
