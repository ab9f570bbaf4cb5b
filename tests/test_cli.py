"""The command line: what a person sees and a script can rely on."""

import inspect
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ioc_analytics import cli, demo, marts
from ioc_analytics.cli import app
from ioc_analytics.errors import IocError
from ioc_analytics.lake import Lake
from ioc_analytics.views import server

TABLE = "epidemic.cases_daily"
REPORT = """\
Ngày;Phường;Số ca mắc mới
05/07/2021;Hiệp Bình Phước;3
06/07/2021;Phường Linh Trung;0
32/07/2021;Linh Trung;1
07/07/2021;Phường Không Có;2
"""
REFUSED = "Ngày;Phường;Số ca mắc mới\n32/07/2021;Linh Trung;1\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "Báo cáo ngày 8-7.csv"
    file.write_text(REPORT, encoding="utf-8-sig")
    return file


def ioc(lake: Lake, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `ioc …` as a process of its own, its output in a pipe."""
    return subprocess.run(
        [sys.executable, "-c", "from ioc_analytics.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"IOC_LAKE": lake.path, "PYTHONIOENCODING": "utf-8"},
        timeout=600,
    )


def invoke(lake: Lake, *arguments: object) -> str:
    """Run `ioc …` inside this process; return what it prints."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--lake", lake.path])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def refuse(lake: Lake, *arguments: object) -> str:
    """Run `ioc …` inside this process; return the sentence with which it refuses."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--lake", lake.path])
    assert isinstance(done.exception, IocError), done.output
    assert done.stdout == ""
    assert "\n" not in str(done.exception)
    return str(done.exception)


def take_in(lake: Lake, file: Path) -> None:
    lake.ingest(file, TABLE, as_of="2021-07-10")


def assert_one_sentence(done: subprocess.CompletedProcess[str], *told: str) -> None:
    """Check that a failure is one line on the error stream, with exit code 2."""
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("ioc: ")
    for words in told:
        assert words in line
    assert done.stdout == ""


# -- ingest ---------------------------------------------------------------------------------------


def test_a_vietnamese_report_is_taken_in_and_refused_rows_are_shown(lake, report):
    done = ioc(lake, "ingest", report, "--table", TABLE, "--as-of", "2021-07-10")
    assert done.returncode == 0, done.stderr
    assert "Báo cáo ngày 8-7.csv → epidemic.cases_daily, as known on 2021-07-10" in done.stdout
    assert "2 rows stored, 2 rejected" in done.stdout
    for shown in ("32/07/2021", "Phường Không Có", f"ioc rejects --table {TABLE}"):
        assert shown in done.stdout
    rows = lake.read(TABLE)
    assert dict(zip(rows["location"], rows["new_cases"], strict=True)) == {"26809": 3, "26800": 0}


def test_ingest_knows_the_wards_from_the_start(lake, report):
    invoke(lake, "ingest", report, "-t", TABLE, "--as-of", "2021-07-10")
    assert len(lake.read("geography.wards")) == 34


def test_ingest_report_is_json_for_a_script(lake, report):
    done = ioc(lake, "ingest", report, "-t", TABLE, "--as-of", "2021-07-10", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told == {
        "table": TABLE,
        "file": "Báo cáo ngày 8-7.csv",
        "as_of": "2021-07-10",
        "already": False,
        "read": 4,
        "filled": 0,
        "stored": 2,
        "unchanged": 0,
        "closed": 0,
        "flagged": 0,
        "rejected": 2,
        "hints": [],
    }


def test_the_same_file_twice_is_no_error_and_does_nothing(lake, report):
    take_in(lake, report)
    version = lake.version(TABLE)
    told = json.loads(
        invoke(lake, "ingest", report, "-t", TABLE, "--as-of", "2021-07-10", "--json")
    )
    assert (told["already"], told["stored"], lake.version(TABLE)) == (True, 0, version)


def test_nothing_stored_but_rejects_is_exit_code_1(lake, tmp_path):
    file = tmp_path / "hỏng.csv"
    file.write_text(REFUSED, encoding="utf-8")
    done = ioc(lake, "ingest", file, "-t", TABLE, "--as-of", "2021-08-01")
    assert (done.returncode, done.stderr) == (1, "")
    assert "0 rows stored, 1 rejected" in done.stdout
    assert len(lake.rejects(TABLE)) == 1


def test_options_reach_the_lake(lake, tmp_path):
    file = tmp_path / "ca.csv"
    file.write_text("Ngày,Số ca,Ghi chú\n01/07/2021,5,x\n03/07/2021,2,y\n", encoding="utf-8")
    options = ("--set", "location=79", "--ignore", "Ghi chú", "--absent", "zero")
    invoke(lake, "ingest", file, "-t", TABLE, "--as-of", "2021-07-10", *options)
    assert lake.read(TABLE)["new_cases"].tolist() == [5, 0, 2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("absent.csv", "-t", TABLE), ("absent.csv cannot be read",)),
        (("REPORT", "-t", "epidemic.case_daily"), ("epidemic.case_daily", f"“{TABLE}”")),
        (("REPORT", "-t", TABLE, "--as-of", "2999-01-01"), ("lies in the future",)),
        (("REPORT", "-t", TABLE, "--as-of", "hôm qua"), ("hôm qua", "2021-10-23")),
        (("REPORT", "-t", TABLE, "--set", "location"), ("--set takes COLUMN=VALUE",)),
        (("REPORT", "-t", "health.ili_weekly"), ("knows no column",)),
        (("REPORT", "-t", TABLE, "--mode", "merge"), ("“append” or “snapshot”", "merge")),
    ],
)
def test_a_failed_ingest_is_one_sentence(lake, report, arguments, told):
    said = refuse(lake, "ingest", *(report if a == "REPORT" else a for a in arguments))
    assert all(words in said for words in told)
    assert TABLE not in lake.tables()


def test_a_failure_is_one_sentence_on_the_error_stream_and_exit_code_2(lake, report):
    assert_one_sentence(ioc(lake, "ingest", report, "-t", "epidemic.case_daily"), f"“{TABLE}”")


def test_a_message_names_a_file_whose_name_is_in_brackets(lake, tmp_path):
    # rich reads [words] as a style and leaves them out
    done = ioc(lake, "ingest", tmp_path / "[báo cáo] 7.csv", "-t", TABLE)
    assert_one_sentence(done, "[báo cáo] 7.csv cannot be read")


def test_values_are_shown_as_they_came(lake, tmp_path):
    # rich reads [/b] as the end of a style that never began, and fails
    file = tmp_path / "ca.csv"
    file.write_text("date,location,new_cases\n2021-07-05,769,[/b]\n", encoding="utf-8")
    take_in(lake, file)
    assert "[/b]" in invoke(lake, "rejects")


# -- rejects, status, sql -------------------------------------------------------------------------


def test_rejects_are_listed_with_line_value_and_reason(lake, report):
    take_in(lake, report)
    rows = json.loads(invoke(lake, "rejects", "--table", TABLE, "--json"))
    assert [(r["line"], r["column"], r["value"]) for r in rows] == [
        (4, "date", "32/07/2021"),
        (5, "location", "Phường Không Có"),
    ]
    assert all(r["reason"] and r["file"] == report.name for r in rows)
    assert "Phường Không Có" in invoke(lake, "rejects")
    assert json.loads(invoke(lake, "rejects", "--table", "health.ili_weekly", "--json")) == []


@pytest.mark.parametrize("holds_rejects", [True, False])
def test_rejects_of_an_unknown_table_name_the_nearest(lake, report, holds_rejects):
    if holds_rejects:
        take_in(lake, report)
    assert f"“{TABLE}”" in refuse(lake, "rejects", "-t", "epidemic.case_daily")


def test_status_of_an_empty_lake_says_how_to_start(lake):
    assert "is empty; start with: ioc demo" in " ".join(invoke(lake, "status").split())
    assert json.loads(invoke(lake, "status", "--json")) == []


def test_status_tells_rows_places_days_and_rejects(lake, report):
    take_in(lake, report)
    [row] = json.loads(invoke(lake, "status", "--json"))
    assert {k: row[k] for k in ("table", "rows", "places", "ingests", "rejected", "simulated")} == {
        "table": TABLE,
        "rows": 2,
        "places": 2,
        "ingests": 1,
        "rejected": 2,
        "simulated": False,
    }
    days = [row[k][:10] for k in ("first", "last", "known_on")]
    assert days == ["2021-07-05", "2021-07-06", "2021-07-10"]


def test_status_in_a_pipe_is_not_cut_off(lake, report):
    take_in(lake, report)
    told = ioc(lake, "status").stdout
    for word in (TABLE, "2021-07-05", "2021-07-10", "simulated"):
        assert word in told


def test_sql_answers_as_known_on_a_day(lake, report):
    take_in(lake, report)
    query = f"select location, new_cases from {TABLE} order by new_cases"
    expected = [{"location": "26800", "new_cases": 0}, {"location": "26809", "new_cases": 3}]
    assert json.loads(invoke(lake, "sql", query, "--json")) == expected
    assert json.loads(invoke(lake, "sql", query, "--as-of", "2021-07-09", "--json")) == []


def test_sql_shows_every_kind_of_value(lake):
    query = "select [1, 2] as a, null as b, date '2021-07-05' as c, {'x': 1} as d, '[/b]' as e"
    told = invoke(lake, "sql", query)
    assert "2021-07-05" in told
    assert "None" not in told
    assert "[/b]" in told


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from epidemic.case_daily", f"“{TABLE}”"),
        ("selct 1", "The query was refused"),
        ("drop table x", "The query was refused"),
        ("select * from read_csv('x.csv')", "The query was refused"),
        ("select * from marts.tiles", "ioc build"),
    ],
)
def test_a_refused_query_is_one_sentence(lake, report, query, told):
    take_in(lake, report)
    assert told in refuse(lake, "sql", query)


# -- quality, changes, layers ---------------------------------------------------------------------


def test_quality_scores_every_system_and_says_which_have_no_data(lake, report):
    take_in(lake, report)
    scores = json.loads(invoke(lake, "quality", "--json"))
    by_system = {row["system"]: row for row in scores}
    assert by_system["epidemic"]["overall"] is not None
    assert by_system["education"]["overall"] is None
    only = json.loads(invoke(lake, "quality", "--system", "epidemic", "--json"))
    assert [row["system"] for row in only] == ["epidemic"]


def test_findings_are_listed_on_demand(lake, report):
    take_in(lake, report)
    findings = json.loads(invoke(lake, "quality", "--findings", "--json"))
    assert {"system", "table", "check", "severity", "message_vi"} <= set(findings[0])


def test_quality_of_an_unknown_system_names_the_nearest(lake):
    assert "no system “helth” (did you mean “health”?)" in refuse(
        lake, "quality", "--system", "helth"
    )


def test_changes_tell_what_became_known_between_two_days(lake, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("date,location,new_cases\n2021-07-05,769,5\n", encoding="utf-8")
    lake.ingest(file, TABLE, as_of="2021-07-06")
    file.write_text("date,location,new_cases\n2021-07-05,769,9\n", encoding="utf-8")
    lake.ingest(file, TABLE, as_of="2021-07-08")
    [change] = json.loads(invoke(lake, "changes", TABLE, "2021-07-07", "2021-07-08", "--json"))
    assert (change["change"], change["column"]) == ("changed", "new_cases")
    assert "Nothing about" in invoke(lake, "changes", TABLE, "2021-07-08", "2021-07-09")


def test_a_layer_is_added_listed_and_hidden(lake, tmp_path):
    square = [[106.8, 10.8], [106.81, 10.8], [106.81, 10.81], [106.8, 10.8]]
    shape = {"type": "Polygon", "coordinates": [square]}
    feature = {"type": "Feature", "properties": {"name": "Khu A"}, "geometry": shape}
    file = tmp_path / "parks.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    added = invoke(
        lake, "layer", "add", file, "--name", "Khu công nghiệp", "--source", "Sở", "--date",
        "2021-10-01", "--audience", "leader",
    )  # fmt: skip
    assert "1 features stored" in added
    [shown] = json.loads(invoke(lake, "layer", "list", "--json"))
    assert shown["name_vi"] == "Khu công nghiệp"
    invoke(lake, "layer", "hide", shown["layer_id"])
    assert json.loads(invoke(lake, "layer", "list", "--json")) == []


def test_covers_is_a_span_of_days(lake, report):
    assert "--covers takes FIRST..LAST" in refuse(
        lake, "ingest", str(report), "--table", "feedback.requests", "--covers", "2021-10"
    )


# -- build, demo, serve ---------------------------------------------------------------------------


def test_build_of_an_unknown_mart_names_those_that_exist(lake):
    said = refuse(lake, "build", "--only", "tile")
    assert all(words in said for words in ("“tile”", "“tiles”", "wards_week"))


def test_build_of_a_lake_with_little_data_leaves_marts_without_rows(lake, report):
    take_in(lake, report)
    told = invoke(lake, "build")
    for mart in marts.MARTS:
        assert f"{mart.name}: " in told
        assert list(lake.mart(mart.name).columns) == list(mart.columns)


def test_build_again_builds_nothing(lake, report):
    take_in(lake, report)
    assert "rows in" in invoke(lake, "build", "--only", "wards_week")
    assert "wards_week: up to date" in invoke(lake, "build", "--only", "wards_week")
    assert "rows in" in invoke(lake, "build", "--only", "wards_week", "--force")


@pytest.fixture
def city(monkeypatch, tmp_path) -> list[tuple[int, list[str]]]:
    """Stand-ins for the long work of `ioc demo`; the seeds and systems that were asked for."""
    file = tmp_path / "mo_phong.csv"
    file.write_text("date,location,new_cases\n2021-07-05,769,5\n", encoding="utf-8")
    asked: list[tuple[int, list[str]]] = []

    def load_city(lake, seed, systems, progress):
        asked.append((seed, list(systems)))
        return [lake.ingest(file, TABLE, as_of="2021-07-10", simulated=True)]

    monkeypatch.setattr(demo, "load_city", load_city)
    monkeypatch.setattr(marts, "build", lambda *_, **__: [])
    return asked


def test_demo_fills_an_empty_lake_and_marks_it_as_simulated(lake, city):
    told = invoke(lake, "demo", "--if-empty", "--seed", "7")
    assert city == [(7, [*demo.OVERVIEW_SYSTEMS, *demo.LATER_SYSTEMS])]
    assert lake.simulated(TABLE)
    assert f"{TABLE}: 1 rows from 1 exports, 0 rejected" in told


def test_demo_for_the_overview_loads_what_the_first_page_shows(lake, city):
    invoke(lake, "demo", "--overview")
    assert city == [(0, list(demo.OVERVIEW_SYSTEMS))]


def test_demo_loads_only_the_systems_that_the_lake_lacks(lake, city, monkeypatch):
    monkeypatch.setattr(demo, "demo_state", lambda _: (0, demo.OVERVIEW_SYSTEMS))
    invoke(lake, "demo")
    assert city == [(0, list(demo.LATER_SYSTEMS))]
    monkeypatch.setattr(
        demo, "demo_state", lambda _: (0, (*demo.OVERVIEW_SYSTEMS, *demo.LATER_SYSTEMS))
    )
    invoke(lake, "demo")
    assert len(city) == 1


def test_demo_if_empty_leaves_a_lake_with_data_alone(lake, report, city):
    take_in(lake, report)
    before = (lake.version(TABLE), lake.read(TABLE))
    invoke(lake, "demo", "--if-empty")
    assert city == []
    assert lake.version(TABLE) == before[0]
    assert lake.read(TABLE).equals(before[1])


def test_demo_if_empty_fills_a_lake_that_holds_only_the_list_of_wards(lake, city):
    # `ioc build`, a refused first file or a first run that was broken off leave just the wards
    invoke(lake, "build")
    assert lake.tables() == ["geography.wards"]
    invoke(lake, "demo", "--if-empty")
    assert [seed for seed, _ in city] == [0]


def test_simulated_rows_are_never_shown_beside_real_ones(lake, report, city):
    take_in(lake, report)
    invoke(lake, "demo")
    assert set(lake.read(TABLE)["location"]) == {"26809", "26800"}


def test_the_demo_is_served_with_its_overview_while_the_rest_is_loaded(lake, city, monkeypatch):
    order: list[str] = []

    class Loader:
        def __init__(self, command, **_):
            order.append(f"load {' '.join(command[3:5])}")

        def terminate(self):
            order.append("stop loading")

        def wait(self):
            return 0

    monkeypatch.setattr(cli.subprocess, "Popen", Loader)
    monkeypatch.setattr(server, "require_free", lambda _: None)
    monkeypatch.setattr(server, "serve_dashboards", lambda *_: order.append("serve"))
    invoke(lake, "serve", "--demo")
    assert city == [(0, list(demo.OVERVIEW_SYSTEMS))]
    assert order == ["load demo --if-empty", "serve", "stop loading"]


def test_serving_real_data_with_demo_asked_for_loads_nothing(lake, report, city, monkeypatch):
    take_in(lake, report)
    monkeypatch.setattr(server, "require_free", lambda _: None)
    monkeypatch.setattr(server, "serve_dashboards", lambda *_: None)
    monkeypatch.setattr(cli.subprocess, "Popen", lambda *_, **__: pytest.fail("nothing to load"))
    invoke(lake, "serve", "--demo")
    assert city == []


@pytest.mark.skipif(not os.environ.get("IOC_FULL"), reason="builds all marts; make test-all")
def test_demo_builds_every_mart_and_a_second_time_none(lake):
    first, second = ioc(lake, "demo"), ioc(lake, "demo", "--if-empty")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    for mart in marts.MARTS:
        assert len(lake.mart(mart.name))
        assert f"{mart.name}: up to date" in second.stdout


def test_a_busy_port_is_one_sentence_that_names_port(lake):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = ioc(lake, "serve", "--port", port)
    assert_one_sentence(done, f"Port {port} is taken", "make run PORT=")


def test_a_port_that_does_not_exist_is_no_traceback(lake):
    done = CliRunner().invoke(app, ["serve", "--port", "99999", "--lake", lake.path])
    assert isinstance(done.exception, IocError) or done.exit_code == 2


def test_only_this_machine_is_served():
    arguments = server.voila_arguments(8866)
    assert "--Voila.ip=127.0.0.1" in arguments
    assert "--VoilaConfiguration.strip_sources=True" in arguments
    assert "--VoilaConfiguration.show_tracebacks=False" in arguments


# -- the whole ------------------------------------------------------------------------------------


def test_help_lists_every_command_and_every_command_says_what_it_does():
    told = CliRunner().invoke(app, ["--help"])
    assert told.exit_code == 0
    for command in app.registered_commands:
        assert command.callback.__name__ in told.stdout
        assert inspect.getdoc(command.callback)


def test_a_missing_option_is_no_traceback(lake, report):
    done = CliRunner().invoke(app, ["ingest", str(report)])
    assert done.exit_code == 2
    assert "--table" in done.stderr
