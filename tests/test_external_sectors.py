"""A sector outside the package: one file and one line in ioc.toml, and every door knows it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kit import put, value

from ioc_analytics import docs, sectors
from ioc_analytics.errors import ContractError
from ioc_analytics.lake import open_lake

_ENVIRONMENT = '''
"""Environment: air and water of the wards."""

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

SYSTEM = System("environment", "Môi trường", "Environment")

TABLES = (
    Table(
        name="environment.air_daily",
        vi="Không khí theo ngày",
        en="Air by day",
        key=("date", "location"),
        date="date",
        columns=(
            Column("date", "date", "Ngày", required=True),
            *location_columns(),
            Column("pm25", "number", "PM2.5", unit="µg/m³", minimum=0, maximum=2000),
        ),
    ),
    Table(
        name="environment.water_samples",
        vi="Mẫu nước",
        en="Water samples",
        key=("sample_id",),
        date="date",
        events=True,
        columns=(
            Column("sample_id", "text", "Mã mẫu", required=True),
            Column("date", "date", "Ngày lấy mẫu", required=True),
            *location_columns(),
            Column(
                "verdict",
                "text",
                "Kết luận",
                allowed={"clean": ("Đạt",), "unclean": ("Không đạt",)},
            ),
        ),
    ),
)

INDICATORS = (
    Indicator(
        id="environment.pm25",
        name_vi="Bụi mịn PM2.5",
        name_en="Fine dust PM2.5",
        unit="µg/m³",
        direction="lower",
        table="environment.air_daily",
        numerator="pm25",
        denominator="1",
    ),
    Indicator(
        id="environment.clean_water_rate",
        name_vi="Tỷ lệ mẫu nước đạt",
        name_en="Water samples that are clean",
        unit="%",
        direction="higher",
        table="environment.water_samples",
        numerator="case when verdict = 'clean' then 1 else 0 end",
        denominator="1",
        scale=100,
    ),
)
'''
_AIR = "Ngày;Phường;PM2.5\n4/10/2021;Linh Xuân;20,5\n5/10/2021;Linh Xuân;30,5\n5/10/2021;?;9,5\n"


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Return what lays a sector's file and ioc.toml into a folder and makes it the current one."""

    def lay(text=_ENVIRONMENT, toml='[sectors]\nenvironment = "more/environment.py"\n'):
        (tmp_path / "more").mkdir(exist_ok=True)
        (tmp_path / "more" / "environment.py").write_text(text, encoding="utf-8")
        (tmp_path / "ioc.toml").write_text(toml, encoding="utf-8")
        monkeypatch.delenv("IOC_CONFIG", raising=False)
        monkeypatch.chdir(tmp_path)
        sectors.reload()
        return tmp_path

    yield lay
    monkeypatch.undo()
    sectors.reload()


# -- it appears everywhere ------------------------------------------------------------------------


def test_the_sector_stands_beside_the_city_s_own(outside):
    folder = outside()
    assert list(sectors.systems())[-1] == "environment"
    assert "feedback" in sectors.systems()
    assert sectors.table("environment.air_daily").system == "environment"
    assert sectors.indicator("environment.pm25").unit == "µg/m³"
    assert sectors.outside() == {"environment": folder / "more" / "environment.py"}


def test_its_files_are_taken_in_by_their_vietnamese_headers(outside):
    folder = outside()
    file = folder / "khong_khi.csv"
    file.write_text(_AIR, encoding="utf-8")
    lake = open_lake(folder / "lake")
    report = lake.ingest(file, "environment.air_daily", as_of="2021-10-12")
    assert (report.stored, report.rejected) == (2, 1)
    assert lake.ingest(file, "environment.air_daily", as_of="2021-10-12").already
    assert lake.tables() == ["environment.air_daily"]
    assert lake.status()["table"].tolist() == ["environment.air_daily"]
    assert lake.sql("select max(pm25) as m from environment.air_daily")["m"].tolist() == [30.5]
    [reject] = lake.rejects("environment.air_daily").to_dict("records")
    assert (reject["line"], reject["column"], reject["value"]) == (4, "location", "?")


def test_its_indicators_are_formed_like_any_other(outside):
    lake = open_lake(outside() / "lake")
    air = [("2021-10-04", 20.5), ("2021-10-05", 30.5)]
    put(
        lake,
        "environment.air_daily",
        [{"date": day, "location": "26794", "pm25": pm25} for day, pm25 in air],
    )
    days = lake.panel(["environment.pm25"], "D", ["26794"])["environment.pm25"]["26794"]
    assert days.tolist() == [20.5, 30.5]
    week = {"min_coverage": 0.2}
    assert value(lake, "environment.pm25", "W", "26794", "2021-10-04", **week) == 25.5
    water = [("a", "clean"), ("b", "clean"), ("c", "unclean"), ("d", "clean")]
    put(
        lake,
        "environment.water_samples",
        [
            {"sample_id": s, "date": "2021-10-06", "location": "26794", "verdict": verdict}
            for s, verdict in water
        ],
        covers=("2021-10-04", "2021-10-10"),
    )
    assert value(lake, "environment.clean_water_rate", "W", "26794", "2021-10-04") == 75


def test_the_generated_pages_tell_of_it(outside):
    outside()
    pages = "\n".join(docs.pages().values())
    for name in ("environment.air_daily", "environment.water_samples", "environment.pm25"):
        assert f"`{name}`" in pages


def test_the_command_line_knows_it_and_the_variable_names_another_configuration(outside, tmp_path):
    folder = outside()
    (folder / "khong_khi.csv").write_text(_AIR, encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = (
        "import json, sys; from ioc_analytics import sectors; from ioc_analytics.lake import "
        "open_lake; lake = open_lake('lake'); report = lake.ingest(sys.argv[1], "
        "'environment.air_daily'); print(json.dumps([report.stored, [*sectors.outside()]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "khong_khi.csv")],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env={"PYTHONPATH": str(Path(sectors.__file__).parents[2]), "PATH": "",
             "IOC_CONFIG": str(folder / "ioc.toml")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [2, ["environment"]]


# -- limits ---------------------------------------------------------------------------------------


def test_without_configuration_there_are_only_the_city_s_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IOC_CONFIG", raising=False)
    sectors.reload()
    assert sectors.outside() == {}
    assert "environment" not in sectors.systems()


@pytest.mark.parametrize("toml", ["", "[sectors]\n", "# nothing yet\n"])
def test_an_empty_configuration_adds_nothing(outside, toml):
    outside(toml=toml)
    assert sectors.outside() == {}


def test_a_file_is_run_once_and_anew_after_reload(outside):
    folder = outside(
        _ENVIRONMENT + "\nfrom pathlib import Path\nPath('ran').open('a').write('x')\n"
    )
    for _ in range(3):
        sectors.tables()
        sectors.indicators()
    assert (folder / "ran").read_text() == "x"
    sectors.reload()
    sectors.systems()
    assert (folder / "ran").read_text() == "xx"


def test_an_indicator_may_stand_on_a_table_of_the_city(outside):
    outside(
        _ENVIRONMENT.replace('table="environment.air_daily"', 'table="geography.weather_daily"')
    )
    assert sectors.indicator("environment.pm25").table == "geography.weather_daily"


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("SYSTEM = ", "SYSTEMS = ", "must declare SYSTEM, a System"),
        ("TABLES = (", "TABLE = (", "must declare TABLES, a tuple of Table"),
        ("INDICATORS = (", "MEASURES = (", "must declare INDICATORS, a tuple of Indicator"),
        ('System("environment"', 'System("air"', "SYSTEM is called “air”, not “environment”"),
        ('name="environment.air_daily"', 'name="air.daily"', "“air.daily” must be “environment.”"),
        ('name="environment.air_daily"', 'name="environment.Air"', "“environment.Air” must be"),
        ('id="environment.pm25"', 'id="pm25"', "“pm25” must be “environment.” and a word"),
        (
            'id="environment.clean_water_rate"',
            'id="environment.pm25"',
            "indicator “environment.pm25” is declared twice",
        ),
        (
            'table="environment.air_daily"',
            'table="environment.air_dayly"',
            "environment.pm25 stands on “environment.air_dayly”, not known .did you mean “envir",
        ),
        (
            'table="environment.air_daily"',
            'table="geography.wards"',
            "environment.pm25 stands on geography.wards, which has no date",
        ),
        (
            'key=("date", "location")',
            'key=("day",)',
            "cannot be loaded: ContractError: environment.air_daily: “day” is named as key",
        ),
        ("SYSTEM = ", "SYSTEM = 1 / 0\nSYSTEM = ", "cannot be loaded: ZeroDivisionError"),
        ("SYSTEM = ", "SYSTEM == ( = ", "cannot be loaded: SyntaxError"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_name(outside, old, new, why):
    assert old in _ENVIRONMENT
    outside(_ENVIRONMENT.replace(old, new, 1))
    with pytest.raises(ContractError, match=f"Sector “environment” .*environment.py.*{why}"):
        sectors.tables()


def test_a_composite_of_unknown_parts_is_refused(outside):
    parts = 'table="", parts=(Part("environment.pm10", 5),),'
    text = _ENVIRONMENT.replace("import Column, Indicator", "import Column, Indicator, Part")
    text = text.replace('table="environment.air_daily",\n        numerator="pm25",', parts)
    outside(text)
    with pytest.raises(ContractError, match="made of “environment.pm10”, not known .did you mean"):
        sectors.indicators()


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ("[sectors", "ioc.toml is not valid TOML"),
        ('[sector]\na = "a.py"', "“sector” is not known .did you mean “sectors”"),
        (
            "[sectors]\nenvironment = 5",
            'write .sectors. and environment = "path/to/environment.py"',
        ),
        ('sectors = "a.py"', 'write .sectors. and sectors = "path/to/sectors.py"'),
        ('[sectors]\n"my air" = "a.py"', "“my air” cannot name a sector; use small letters"),
        ('[sectors]\nmarts = "a.py"', "“marts” cannot name a sector"),
        ('[sectors]\nenvironment = "no.py"', "there is no such file; correct its path in ioc.toml"),
        ('[sectors]\nenvironment = "ioc.toml"', "is not a Python file; its name must end in .py"),
    ],
)
def test_a_configuration_that_cannot_be_followed_is_refused(outside, toml, why):
    outside(toml=toml)
    with pytest.raises(ContractError, match=why):
        sectors.systems()


def test_a_sector_of_the_package_cannot_be_replaced(outside):
    text = _ENVIRONMENT.replace('"environment', '"health')
    outside(text, '[sectors]\nhealth = "more/environment.py"\n')
    with pytest.raises(
        ContractError, match="the package has a sector of that name; choose another"
    ):
        sectors.tables()


def test_a_variable_that_names_no_file_is_refused(outside, monkeypatch):
    folder = outside()
    monkeypatch.setenv("IOC_CONFIG", str(folder / "absent.toml"))
    sectors.reload()
    with pytest.raises(
        ContractError, match=r"IOC_CONFIG names .*absent.toml, where there is no fil"
    ):
        sectors.tables()
