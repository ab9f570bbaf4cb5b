"""What tells of a person, or is secret, at the door: replaced, redacted, dropped or refused."""

import hashlib
import hmac
import os
import stat
from base64 import b32encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table, location_columns
from ioc_analytics.errors import ContractError, IngestError, LakeError
from ioc_analytics.lake import open_lake
from ioc_analytics.lake.privacy import key_file

_SECRECY = {"none": ("Không mật", "Thường"), "secret": ("Mật",), "top": ("Tuyệt mật",)}
_PERSONS = Table(
    "test.persons",
    "Người",
    "Persons",
    (
        Column("case_id", "text", "Mã ca", required=True, personal="pseudonym"),
        Column("seen_on", "date", "Ngày"),
        Column("name", "text", "Họ tên", personal="drop"),
        Column("age", "integer", "Tuổi", minimum=0, maximum=120),
        Column("birth", "date", "Ngày sinh", personal="drop"),
        Column("note", "text", "Ghi chú", personal="redact"),
        *location_columns(),
    ),
    key=("case_id",),
    date="seen_on",
)
_CONTACTS = Table(
    "test.contacts",
    "Tiếp xúc",
    "Contacts",
    (
        Column("source", "text", "Người A", required=True, personal="pseudonym"),
        Column("target", "text", "Người B", personal="pseudonym"),
    ),
    key=("source",),
)
_PAPERS = Table(
    "test.papers",
    "Văn bản",
    "Documents",
    (
        Column("number", "text", "Số", required=True),
        Column("summary", "text", "Trích yếu"),
        Column("pages", "integer", "Số trang"),
        Column("secrecy", "text", "Độ mật", allowed=_SECRECY, secret=("secret", "Tối mật", "top")),
    ),
    key=("number",),
)
_NOTES = Table(
    "test.notes",
    "Ghi chú",
    "Notes",
    (Column("number", "text", "Số", required=True), Column("text", "text", "Nội dung")),
    key=("number",),
)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    """Declare the tables of this file beside the city's."""
    known = {t.name: t for t in (_PERSONS, _CONTACTS, _PAPERS, _NOTES)} | sectors.tables()
    monkeypatch.setattr(sectors, "tables", lambda: known)


@pytest.fixture(autouse=True)
def key(monkeypatch, tmp_path):
    """Name a place for the key; the file is not there yet."""
    file = tmp_path / "settings" / "deep" / "pseudonym.key"
    monkeypatch.setenv("IOC_KEY_FILE", str(file))
    return file


@pytest.fixture
def put(lake, tmp_path):
    def put(text, table, into=lake, name="x.csv", **options):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return into.ingest(file, table, as_of="2021-08-31", **options)

    return put


_HEAD = "Mã ca,Ngày,Họ tên,Tuổi,Ngày sinh,Ghi chú,Phường\n"
_GOOD = "BN 001,31/7/2021,Người dân 000123,30,1/2/1991,gọi 0900 000 123,Linh Xuân\n"


def _why(report):
    columns = ["line", "column", "value", "reason"]
    return [tuple(row) for row in report.rejects[columns].itertuples(index=False)]


def _bytes_of(lake):
    """Return all that the lake's folder holds, unpacked: Parquet pages may be compressed."""
    found = [p.read_bytes() for p in Path(lake.path).rglob("*") if p.is_file()]
    tables = list(Path(lake.path).rglob("*.parquet"))
    found += [str(pq.ParquetFile(p).read().to_pylist()).encode() for p in tables]
    assert tables
    return b"\n".join(found)


# -- pseudonyms -----------------------------------------------------------------------------------


def test_a_pseudonym_is_the_keyed_digest_of_the_plain_value(lake, put, key):
    put(_HEAD + _GOOD, "test.persons")
    digest = hmac.new(bytes.fromhex(key.read_text()), b"bn001", hashlib.sha256).digest()
    expected = f"p-{b32encode(digest).decode()[:20].lower()}"
    assert lake.read("test.persons")["case_id"].tolist() == [expected]


def test_one_person_has_one_code_in_all_tables_however_it_is_written(lake, put):
    put(_HEAD + _GOOD, "test.persons")
    put("Người A,Người B\nbn001,BN 002\n BN  001X,bn 0 0 1\n", "test.contacts")
    [case] = lake.read("test.persons")["case_id"]
    contacts = lake.read("test.contacts").set_index("source")
    assert contacts.loc[case, "target"].startswith("p-")
    assert contacts.drop(case)["target"].tolist() == [case]


def test_two_spellings_of_one_person_are_one_key(put):
    report = put("Người A,Người B\nBN 1,x\nbn1,y\n", "test.contacts")
    reason = "stands with different values in lines 2, 3 (same source)"
    assert _why(report) == [(2, "source", "(ẩn)", reason), (3, "source", "(ẩn)", reason)]


def test_a_missing_value_stays_missing_and_needs_no_key(lake, put):
    put("Người A,Người B\nBN 1,\n", "test.contacts")
    assert lake.read("test.contacts")["target"].isna().all()


def test_another_key_gives_other_codes(put, tmp_path, monkeypatch):
    codes = []
    for name in ("a", "b"):
        monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / name / "k"))
        into = open_lake(tmp_path / f"lake {name}")
        put(_HEAD + _GOOD, "test.persons", into)
        codes.append(into.read("test.persons")["case_id"][0])
    assert codes[0] != codes[1]


def test_the_same_file_again_is_nothing_new_even_without_the_key(lake, put, key):
    put(_HEAD + _GOOD, "test.persons")
    key.unlink()
    assert put(_HEAD + _GOOD, "test.persons").already


def test_the_same_rows_in_a_later_file_are_unchanged(put):
    put(_HEAD + _GOOD, "test.persons")
    more = _GOOD.replace("BN 001", "BN 002")
    report = put(_HEAD + _GOOD + more, "test.persons")
    assert (report.stored, report.unchanged) == (1, 1)


# -- the key --------------------------------------------------------------------------------------


def test_the_first_ingest_that_needs_a_key_makes_one_for_its_owner_only(put, key):
    put("Số,Nội dung\n1,a\n", "test.notes")
    assert not key.exists()
    put(_HEAD + _GOOD, "test.persons")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert len(bytes.fromhex(key.read_text())) == 32
    assert [p.name for p in key.parent.iterdir()] == [key.name]


def test_of_many_first_ingests_at_once_one_makes_the_key(key, tmp_path):
    file = tmp_path / "x.csv"
    file.write_text(_HEAD + _GOOD)

    def code(number):
        into = open_lake(tmp_path / f"lake {number}")
        into.ingest(file, "test.persons", as_of="2021-08-31")
        return into.read("test.persons")["case_id"][0]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(code, range(4)))) == 1
    assert [p.name for p in key.parent.iterdir()] == [key.name]


def test_the_key_is_kept_and_used_again(put, key):
    put(_HEAD + _GOOD, "test.persons")
    made = key.read_text()
    put(_HEAD + _GOOD.replace("BN 001", "BN 002"), "test.persons")
    assert key.read_text() == made


def test_a_missing_key_is_an_error_once_the_lake_holds_pseudonyms(lake, put, key):
    put(_HEAD + _GOOD, "test.persons")
    key.unlink()
    with pytest.raises(LakeError, match=r"pseudonym.key is missing, and .* holds pseudonyms"):
        put("Người A\nBN 1\n", "test.contacts")
    assert not key.exists()
    assert lake.tables() == ["test.persons"]


def test_another_key_than_the_lake_was_written_with_is_an_error(put, tmp_path, monkeypatch):
    put(_HEAD + _GOOD, "test.persons")
    monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / "other"))
    put(_HEAD + _GOOD, "test.persons", open_lake(tmp_path / "lake 2"))
    with pytest.raises(LakeError, match="is not the one that .* was written with"):
        put("Người A\nBN 1\n", "test.contacts")


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused_with_what_to_run(put, key, mode):
    put(_HEAD + _GOOD, "test.persons")
    key.chmod(mode)
    with pytest.raises(LakeError, match=rf"mode {mode:o}\); run: chmod 600 .*pseudonym.key"):
        put("Người A\nBN 1\n", "test.contacts")


@pytest.mark.parametrize("content", ["", "xyz", "ab" * 31, "ab" * 33])
def test_a_file_that_is_no_key_is_refused(put, key, content):
    key.parent.mkdir(parents=True)
    key.write_text(content)
    key.chmod(0o600)
    with pytest.raises(LakeError, match="does not hold a pseudonym key"):
        put(_HEAD + _GOOD, "test.persons")


def test_a_key_inside_the_lake_is_refused(lake, put, monkeypatch):
    monkeypatch.setenv("IOC_KEY_FILE", f"{lake.path}/sub/../pseudonym.key")
    with pytest.raises(LakeError, match="lies inside the lake"):
        put(_HEAD + _GOOD, "test.persons")


def test_a_place_that_cannot_be_written_is_told(put, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / "file" / "key"))
    with pytest.raises(LakeError, match=r"cannot be (made|read)"):
        put(_HEAD + _GOOD, "test.persons")


def test_the_key_lies_in_the_users_settings_unless_a_place_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("IOC_KEY_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert key_file() == tmp_path / "ioc-analytics" / "pseudonym.key"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert key_file() == tmp_path / ".config" / "ioc-analytics" / "pseudonym.key"


# -- dropped and redacted -------------------------------------------------------------------------


def test_a_dropped_column_is_checked_and_not_kept(lake, put):
    bad = _GOOD.replace("BN 001", "BN 002").replace("1/2/1991", "31/2/1991")
    report = put(_HEAD + _GOOD + bad, "test.persons")
    assert report.stored == 1
    why = "is not a day of the calendar (dates are read day first)"
    assert _why(report) == [(3, "birth", "(ẩn)", why)]
    assert "name" not in lake.read("test.persons")


def test_free_text_is_redacted(lake, put):
    put(_HEAD + _GOOD, "test.persons")
    assert lake.read("test.persons")["note"].tolist() == ["gọi [điện thoại]"]


# -- secret rows ----------------------------------------------------------------------------------

_PAPER = "Số,Trích yếu,Số trang,Độ mật\n"
_SECRET = "is marked secret; nothing of such a row is kept"
_UNCLEAR = "does not say whether the row is secret; a row is taken in only where it does"


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ("Mật", _SECRET),
        ("MẬT", _SECRET),
        ("mat", _SECRET),
        ("Tối mật", _SECRET),
        ("TOI MAT", _SECRET),
        ("Tuyệt  Mật", _SECRET),
        ("secret", _SECRET),
        ("", _UNCLEAR),
        ("N/A", _UNCLEAR),
        ("mạt?!", _SECRET),
        ("A", _UNCLEAR),
        ("Thường/Mật", _UNCLEAR),
    ],
)
def test_a_secret_or_unclear_row_is_refused_and_only_its_line_is_told(lake, put, mark, reason):
    row = f"1,Kế hoạch Hoa Ban,mười,{mark}\n"
    report = put(f"{_PAPER}{row}2,Lịch họp,3,Thường\n3,Lịch họp,4,khong mat\n", "test.papers")
    assert (report.stored, report.rejected) == (2, 1)
    assert _why(report) == [(2, "secrecy", "", reason)]
    assert lake.read("test.papers")["number"].tolist() == ["2", "3"]
    for raw in ("Hoa Ban", "mười", "Thường/Mật"):
        assert raw.encode() not in _bytes_of(lake)


def test_without_the_column_of_secrecy_a_file_is_refused(put):
    with pytest.raises(ContractError, match="has no column secrecy .*--set secrecy=VALUE"):
        put("Số,Trích yếu\n1,a\n", "test.papers")
    with pytest.raises(ContractError, match="has no column secrecy"):
        put(f"{_PAPER}1,a,1,Mật\n", "test.papers", ignore=["Độ mật"])
    assert put("Số\n1\n", "test.papers", set_columns={"secrecy": "Thường"}).stored == 1
    assert put("Số\n2\n", "test.papers", set_columns={"secrecy": "Mật"}).rejected == 1


def test_a_column_of_secrecy_that_is_left_out_is_heeded(lake, put):
    text = "Số,Nội dung,Độ mật\n1,a,\n2,bí số 77,Tối mật\n3,c,Không mật\n4,d,thường\n"
    report = put(text, "test.notes", ignore=["Độ mật"])
    assert report.stored == 3
    assert _why(report) == [(3, "Độ mật", "", _SECRET)]
    assert b"77" not in b"".join(lake.rejects()[c].to_string().encode() for c in ["value"])


@pytest.mark.parametrize(
    ("table", "text", "options"),
    [
        ("test.papers", f"{_PAPER}1,a,1,Thường\n9,bí số,77,Mật,dư\n", {}),
        ("test.notes", "Số,Nội dung,Độ mật\n1,a,\n9,bí số 77,Mật,dư\n", {"ignore": ["Độ mật"]}),
    ],
)
def test_a_line_that_may_be_secret_and_cannot_be_split_is_not_kept(lake, put, table, text, options):
    report = put(text, table, **options)
    assert [row[:3] for row in _why(report)] == [(3, "", "(ẩn)")]
    assert "bí số".encode() not in _bytes_of(lake)


# -- nothing raw is left in the lake --------------------------------------------------------------


def test_no_byte_of_the_lake_holds_a_raw_value_also_of_refused_rows(lake, put):
    rows = [
        "BN-RAW-1,31/7/2021,Tên Thô Một,30,1/2/1991,số 0900000123,Linh Xuân",
        "BN-RAW-2,31/7/2021,Tên Thô Hai,300,1/2/1991,xe 59-X1 000.12,Linh Xuân",
        "BN-RAW-3,31/7/2021,Tên Thô Ba,30,1931-31-31,a@thô.vn,Atlantis",
        "BN-RAW-4,31/7/2021,Tên Thô Bốn,0900000124,1/2/1991,,Linh Xuân",
        "BN-RAW-5,31/7/2021,Tên Thô Năm,30,1/2/1991,x,Linh Xuân,dư",
        "BN-RAW-6,31/7/2021,Tên Thô Sáu,30,1/2/1991,x,Linh Xuân",
        "BN-RAW-6,31/7/2021,Tên Thô Sáu,31,1/2/1991,x,Linh Xuân",
    ]
    report = put(_HEAD + "\n".join(rows) + "\n", "test.persons")
    assert (report.read, report.stored, report.rejected) == (7, 1, 6)
    assert [(line, column, value) for line, column, value, _ in _why(report)] == [
        (3, "age", "300"),
        (4, "birth", "(ẩn)"),
        (4, "location", "Atlantis"),
        (5, "age", "[giấy tờ]"),
        (6, "", "(ẩn)"),
        (7, "case_id", "(ẩn)"),
        (8, "case_id", "(ẩn)"),
    ]
    assert len(lake.rejects()) == len(report.rejects)
    held = _bytes_of(lake)
    assert b"Atlantis" in held  # the search does find what is there
    for raw in ("RAW", "Thô", "thô", "0900000123", "0900000124", "000.12", "1991", "1931"):
        assert raw.encode() not in held
        assert raw not in f"{report} {report.hints} {report.rejects.to_csv()}"


def test_an_error_about_a_file_of_persons_shows_no_line_of_it(put):
    with pytest.raises(IngestError, match=r"^x.csv has no header row of this table\.$"):
        put("BN 001,Người dân 000123\n", "test.persons")
