"""Real processes that race or are killed: a file goes in once and whole, or not at all."""

import datetime as dt
import multiprocessing
import os
import signal
import time

import pytest

from ioc_analytics.errors import LakeError
from ioc_analytics.lake import open_lake
from ioc_analytics.lake.store import Store

_CASES = "epidemic.cases_daily"
_MOMENTS = 60 if os.environ.get("IOC_FULL") else 10
_LARGE = 44_000  # days, 1900 to 2020


@pytest.fixture(scope="module")
def processes():
    """Return a context that starts real processes with the package already imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ioc_analytics.lake", "pandera.pandas", "deltalake"])
    return context


def _write(file, rows, first_day="1900-01-01"):
    """Write cases of one place a day, every hundredth of them unreadable."""
    start = time.strptime(first_day, "%Y-%m-%d")
    ordinal = dt.date(*start[:3]).toordinal()
    day = dt.date.fromordinal
    lines = (f"{day(ordinal + i)},769,{'x' if i % 100 == 99 else i}" for i in range(rows))
    file.write_text("date,location,new_cases\n" + "\n".join(lines), encoding="utf-8")


def _ingest(folder, file, start, answer, as_of):
    start.wait()
    report = open_lake(folder).ingest(file, _CASES, as_of=as_of)
    answer.put((report.already, report.read, report.stored, report.rejected))


def _race(processes, folder, files):
    """Let one process for each file start at the same moment; return their answers."""
    start, answer = processes.Barrier(len(files)), processes.Queue()
    running = [
        processes.Process(target=_ingest, args=(folder, file, start, answer, "2021-08-31"))
        for file in files
    ]
    for process in running:
        process.start()
    answers = sorted(answer.get(timeout=60) for _ in running)
    for process in running:
        process.join(60)
        assert process.exitcode == 0
    return answers


# -- two at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [False, True], ids=["new table", "table with rows"])
def test_two_processes_given_one_file_take_it_in_once(tmp_path, processes, held):
    file, other = tmp_path / "x.csv", tmp_path / "y.csv"
    _write(file, 300)
    _write(other, 10, "2010-01-01")
    for attempt in range(3):
        lake = open_lake(tmp_path / f"lake{attempt}")
        if held:
            lake.ingest(other, _CASES, as_of="2021-08-31")
        answers = _race(processes, lake.path, [file, file])
        assert answers == [(False, 300, 297, 3), (True, 0, 0, 0)]
        assert len(lake.history(_CASES)) == 1 + held
        assert len(lake.read(_CASES)) == 297 + 10 * held
        assert len(lake.rejects()) == 3


def test_different_files_at_once_all_land(tmp_path, processes):
    files = [tmp_path / f"{i}.csv" for i in range(4)]
    for i, file in enumerate(files):
        _write(file, 200, f"20{10 + i}-01-01")
    lake = open_lake(tmp_path / "lake")
    assert _race(processes, lake.path, files) == [(False, 200, 198, 2)] * 4
    assert len(lake.read(_CASES)) == 4 * 198
    assert len(lake.rejects()) == 8
    assert sorted(lake.read(_CASES, columns=["_ingest"])["_ingest"].unique()) == [1, 2, 3, 4]


# -- killed in the middle -------------------------------------------------------------------------


def _state(lake):
    frame = lake.read(_CASES, columns=["date", "new_cases", "as_of"])
    return len(frame), int(frame["new_cases"].sum()), str(frame["as_of"].max().date())


@pytest.fixture
def large(tmp_path):
    """A lake with a first version, a large newer file, and the state before and after it."""
    _write(tmp_path / "first.csv", 1_000)
    _write(tmp_path / "large.csv", _LARGE)
    lake = open_lake(tmp_path / "lake")
    lake.ingest(tmp_path / "first.csv", _CASES, as_of="2021-08-01")
    whole = open_lake(tmp_path / "whole")
    whole.ingest(tmp_path / "first.csv", _CASES, as_of="2021-08-01")
    began = time.monotonic()
    whole.ingest(tmp_path / "large.csv", _CASES, as_of="2021-08-31")
    return lake, tmp_path / "large.csv", _state(lake), _state(whole), time.monotonic() - began


def _killed_after(processes, lake, file, seconds):
    """Start an ingest and really kill its process after some time; tell whether it had ended."""
    start, answer = processes.Event(), processes.SimpleQueue()
    process = processes.Process(target=_ingest, args=(lake.path, file, start, answer, "2021-08-31"))
    process.start()
    start.set()
    time.sleep(seconds)
    process.kill()  # SIGKILL
    process.join(60)
    return process.exitcode == 0


def test_a_killed_ingest_leaves_the_last_version_and_runs_again_in_full(processes, large):
    lake, file, before, after, took = large
    killed = 0
    for moment in range(_MOMENTS):
        killed += not _killed_after(processes, lake, file, (moment + 0.5) / _MOMENTS * took * 1.3)
        state = _state(lake)
        if state == after:
            break
        assert state == before
        assert len(lake.history(_CASES)) == 1
    assert killed > 0
    report = lake.ingest(file, _CASES, as_of="2021-08-31")
    assert report.already == (state == after)
    assert _state(lake) == after
    assert len(lake.history(_CASES)) == 2
    newest = lake.history(_CASES).iloc[0]
    assert (lake.rejects()["ingest_id"] == newest["ingest_id"]).sum() == newest["rejected"] == 440


def _ingest_and_die(folder, file, step, when):
    """Ingest, but die by SIGKILL right before or after one step of the store."""
    real = getattr(Store, step)

    def dying(self, *args, **kwargs):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, *args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(Store, step, dying)
    open_lake(folder).ingest(file, _CASES, as_of="2021-08-31")


@pytest.mark.parametrize(
    ("step", "when", "stored"),
    [
        ("write_rejects", "before", False),
        ("write_rejects", "after", False),
        ("append", "before", False),
        ("append", "after", True),
    ],
)
@pytest.mark.parametrize("held", [False, True], ids=["new table", "table with rows"])
def test_an_ingest_killed_at_any_step_runs_again_in_full(
    tmp_path, processes, step, when, stored, held
):
    lake, file = open_lake(tmp_path / "lake"), tmp_path / "x.csv"
    _write(tmp_path / "first.csv", 50)
    _write(file, 300)
    if held:
        lake.ingest(tmp_path / "first.csv", _CASES, as_of="2021-08-01")
    process = processes.Process(target=_ingest_and_die, args=(lake.path, file, step, when))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    if held and not stored:
        assert len(lake.read(_CASES)) == 50
    if not held and not stored:
        with pytest.raises(LakeError, match="holds no data"):
            lake.read(_CASES)
    report = lake.ingest(file, _CASES, as_of="2021-08-31")
    assert report.already == stored
    assert len(lake.read(_CASES)) == 297
    assert len(lake.history(_CASES)) == 1 + held
    assert len(lake.rejects()) == 3


def test_readers_see_whole_versions_while_others_write(tmp_path, processes):
    files = [tmp_path / f"{i}.csv" for i in range(5)]
    for i, file in enumerate(files):
        _write(file, 100, f"20{10 + i}-01-01")
    lake = open_lake(tmp_path / "lake")
    lake.ingest(files[0], _CASES, as_of="2021-08-31")
    start, answer = processes.Event(), processes.SimpleQueue()
    writers = [
        processes.Process(target=_ingest, args=(lake.path, f, start, answer, "2021-08-31"))
        for f in files[1:]
    ]
    for writer in writers:
        writer.start()
    start.set()
    seen = set()
    while any(w.is_alive() for w in writers):
        seen.add(len(lake.read(_CASES)))
    assert {w.exitcode for w in writers} == {0}
    assert seen <= {99 * k for k in range(1, 6)}
    assert len(lake.read(_CASES)) == 99 * 5
