"""Free text at the door: what is blacked out, and what must survive."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_analytics.lake.redaction import redact, redact_column

_GONE = {
    "[biển số]": [
        "59-X1 123.45",
        "59X1-123.45",
        "59X112345",
        "59X1 12345",
        "59-X1 1234",
        "59 X1 123.45",
        "59-X1123.45",
        "51F12345",
        "51F-123.45",
        "51F-12345",
        "51F 123.45",
        "51F-1234",
        "51LD-123.45",
        "59AA-123.45",
        "50Z-1234",
        "80A-123.45",
        "59x1-123.45",
        "59x112345",
        "51f-123.45",
        "51f12345",
        "59-N2 999.99",
        "29-Y3 123.45",
        "61C-123.45",
        "50LD 12345",
        "80-123-NG-45",
        "59Đ1-123.45",
    ],
    "[điện thoại]": [
        "0901234567",
        "0901 234 567",
        "0901.234.567",
        "0901-234-567",
        "0901 - 234 - 567",
        "090 123 4567",
        "09 0123 4567",
        "0331234567",
        "0781234567",
        "+84901234567",
        "+84 901 234 567",
        "(+84) 901234567",
        "+84 (0) 901 234 567",
        "84901234567",
        "0084901234567",
        "028 3896 1234",
        "02838961234",
        "(028) 3896 1234",
        "(028)38961234",
        "028.3896.1234",
        "0251 3822 123",
        "+84 28 3896 1234",
        "01234567890",
    ],
    "[giấy tờ]": [
        "079201001234",
        "079 201 001 234",
        "079.201.001.234",
        "0792 0100 1234",
        "079201 001234",
        "025123456",
        "025 123 456",
        "025.123.456",
        "312345678",
        "DN4790123456789",
        "GD 4 79 0123456789",
    ],
    "[e-mail]": ["nguoi.dan_01@gmail.com", "a-b+c@mail.hcmc.gov.vn", "ND@YAHOO.COM.VN"],
    "[tài khoản]": [
        "1903456789012",
        "19034567890123",
        "9704 1234 5678 9012",
        "9704-1234-5678-9012",
        "1234567890",
    ],
}


@pytest.mark.parametrize(
    ("written", "label"), [(w, label) for label, words in _GONE.items() for w in words]
)
def test_what_tells_of_a_person_is_replaced_by_its_label_anywhere_in_a_sentence(written, label):
    for form in ("{}", "Tôi báo: {}.", "({}) đã gửi", "xem {}, xin xử lý", "gửi tới {} giúp tôi"):
        assert redact(form.format(written)) == form.format(label)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CMND số 125.123.456", "CMND số [giấy tờ]"),
        ("CCCD: 079 2010 01234", "CCCD: [giấy tờ]"),
        ("hộ chiếu B1234567", "hộ chiếu [giấy tờ]"),
        ("MST 0312345678", "MST [giấy tờ]"),
        ("STK 060012345678 Sacombank", "STK [tài khoản] Sacombank"),
        ("số tài khoản: 1234 567 89", "số tài khoản: [tài khoản]"),
        ("SĐT 38961234", "SĐT [điện thoại]"),
        ("ĐT:0901234567", "ĐT:[điện thoại]"),
        ("sdt0901234567", "sdt[điện thoại]"),
        ("0901234567/0902345678", "[điện thoại]/[điện thoại]"),
        ("gọi 0901234567 12 lần", "gọi [điện thoại] 12 lần"),
        ("biển số TM-12-34 chạy nhanh", "biển số [biển số] chạy nhanh"),
        ("biển số xe 59-X1 123.45 chạy nhanh", "biển số xe [biển số] chạy nhanh"),
        ("đậu trước nhà 51F-123.45", "đậu trước nhà [biển số]"),
        ("biển số đuôi 12", "biển số đuôi 12"),
        ("biển số 123.45 bỏ chạy", "biển số [biển số] bỏ chạy"),
        ("BKS: 51F-123.45", "BKS: [biển số]"),
        ("xe 51F-123.45 và 59X1-678.90", "xe [biển số] và [biển số]"),
        ("ông Nguyễn Văn A phản ánh", "ông [tên] phản ánh"),
        ("Ông Nguyễn Văn An, ngụ phường Linh Tây", "Ông [tên], ngụ phường Linh Tây"),
        ("bà Trần Thị Bích Ngọc báo tin", "bà [tên] báo tin"),
        ("anh Tuấn và chị Hoa", "anh [tên] và chị [tên]"),
        ("ông bà Lê Văn B", "ông bà [tên]"),
        ("em Đỗ Ngọc Ánh học lớp 5", "em [tên] học lớp 5"),
        ("ÔNG NGUYỄN VĂN AN LẤN CHIẾM VỈA HÈ", "ÔNG [tên] CHIẾM VỈA HÈ"),
        ("tôi tên Nguyễn Văn An, gọi 0901234567", "tôi tên [tên], gọi [điện thoại]"),
        ("Họ và tên: Trần Thị B", "Họ và tên: [tên]"),
        ("tôi là Lê Văn C ở hẻm 5", "tôi là [tên] ở hẻm 5"),
        ("nhà bà Tư bên rạch", "nhà bà [tên] bên rạch"),
    ],
)
def test_the_words_before_a_number_or_name_tell_what_it_is(text, expected):
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        # house numbers and places
        "12/5 đường số 8, khu phố 3, phường Linh Xuân",
        "số 123/45/6A hẻm 78 Kha Vạn Cân",
        "1234 Quốc lộ 1A, QL13, tỉnh lộ 43",
        "căn hộ 12A 1205 chung cư Sky",
        "Block 12B-1205",
        "căn A12.05 tầng 12",
        "lô 25B 1234 khu công nghệ cao",
        "thửa đất số 1234, tờ bản đồ 56",
        "hẻm 59 đường 12, gần trụ điện LT/12/34",
        "trụ đèn 15A-123",
        "P. Phước Long B, Q9",
        "tọa độ 10.8231, 106.6297",
        "10.823100, 106.629700",
        "ngã tư Bình Thái, km 12+345",
        "mã bưu chính 71300",
        "cầu Ông Lãnh, chợ Bà Chiểu",
        "rạch Ông Nhiêu, rạch Ông Dầu bị ô nhiễm",
        "đường Bà Huyện Thanh Quan",
        "Bà Rịa - Vũng Tàu",
        "trường tiếng Anh Việt Mỹ",
        # amounts
        "1.500.000 đồng",
        "125000000 đồng",
        "125.123.456 đồng",
        "123 456 789 đồng",
        "15000000000đ",
        "12 345 678 900 VNĐ",
        "1,234,567.89 USD",
        "phạt 2.500.000đ",
        "giá 35 triệu, 3,5 tỷ",
        "84.901.234.567 đồng",
        "hỗ trợ 1.000.000 - 1.500.000 đồng/người",
        "điện 1234 kWh, nước 25 m3",
        "10 m2 15000 đồng",
        "diện tích 20m2 1500 cái",
        "50kg 12000",
        # days and times
        "31/7/2021 08:05",
        "09.07.2021 08:05",
        "05-07-2021 10:30",
        "02.07.2021 1234",
        "09 - 07 - 2021 0805",
        "BS Trưởng khoa khám 12 ca",
        "2021-07-31 08:05:30",
        "2021-07-31T08:05:30Z",
        "20210731",
        "20210731080530",
        "năm 2019 2020 2021",
        "từ 2019-2021",
        "lúc 8h05 ngày 31 tháng 7 năm 2021",
        "từ 07h30 đến 17h00",
        "tuần 23 năm 2021",
        # documents and codes
        "24/2022/QĐ-UBND",
        "4800/QĐ-BYT ngày 12/10/2021",
        "128/NQ-CP",
        "Công văn 1234/UBND-VX",
        "12-CT/TU",
        "16-CT/TW",
        "Nghị định 15/2020/NĐ-CP điều 101",
        "QCVN 41:2019/BGTVT",
        "TCVN 5574:2018",
        "hồ sơ 000.00.17.H29-210731-0001",
        "H29.17-210731-0012",
        "PAKN-2021-001234",
        "mã PA00012345",
        "IMG_20210731_080530.jpg",
        # numbers that everyone may know, people in general
        "gọi 1022 hoặc 113, 114, 115",
        "tổng đài 1900 1234, 18006789",
        "F0, F1, F2; COVID-19; 12 ca",
        "bà con khu phố 3 phản ánh",
        "BÀ CON KHU PHỐ 3 PHẢN ÁNH NGẬP",
        "ông Chủ tịch phường, anh Công an khu vực",
        "chị Tổ trưởng tổ 12, bà Bí thư chi bộ",
        "Kính gửi Anh Chị, Quý Ông Bà",
        "Anh quốc và tiếng Anh",
        "anh em công nhân, chị em phụ nữ",
        "bà Phó Chủ tịch UBND phường",
        "[biển số] [điện thoại] [tên]",
        "",
    ],
)
def test_what_tells_of_no_person_survives(text):
    assert redact(text) == text
    assert redact(f"Phản ánh: {text}, đề nghị xử lý") == f"Phản ánh: {text}, đề nghị xử lý"


def test_decomposed_text_is_redacted_alike():
    text = unicodedata.normalize("NFD", "ông Nguyễn Văn Ân, số điện thoại 3896 1234")
    assert redact(text) == "ông [tên], số điện thoại [điện thoại]"


@given(st.text("0123456789 .-/AaXĐđ+()@:", max_size=30))
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


@given(st.lists(st.sampled_from([*sum(_GONE.values(), []), "ngập nước", "", None]), max_size=9))
def test_a_column_is_redacted_as_its_texts(texts):
    column = redact_column(pa.chunked_array([texts], pa.string()))
    assert column.to_pylist() == [None if t is None else redact(t) for t in texts]
