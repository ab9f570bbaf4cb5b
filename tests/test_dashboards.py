"""The dashboards as people meet them: a real server, a real Chromium, no other host in reach."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import pytest

from ioc_analytics import marts
from ioc_analytics.lake import Lake
from ioc_analytics.places import REFERENCE
from ioc_analytics.views.i18n import Language
from ioc_analytics.views.server import DASHBOARDS

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(file.name for file in DASHBOARDS.glob("*.ipynb"))
SCREENSHOTS = Path(__file__).parent / "screenshots"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
PATIENCE = 120_000  # ms; a shared machine may be slow, a quiet one needs 3 s
VI, EN = Language("vi"), Language("en")
MAP = ".ioc-map svg.marks"
WARDS = f"{MAP} .mark-shape.role-mark path"


# -- the server -----------------------------------------------------------------------------------


@dataclass
class Site:
    """A running `ioc serve`."""

    process: subprocess.Popen[str]
    url: str

    def page(self, notebook: str, query: str = "") -> str:
        return f"{self.url}/voila/render/{notebook}{query}"

    def kernels(self) -> list[psutil.Process]:
        started = psutil.Process(self.process.pid).children(recursive=True)
        return [p for p in started if "ipykernel_launcher" in p.cmdline()]

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)


def ioc_serve(lake: str, port: int, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from ioc_analytics.cli import main; main()", "serve", "--port"]
        + [str(port)],
        env=os.environ | {"IOC_LAKE": lake},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell that runs the tests in the background has told them to ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options,
    )


@contextmanager
def serving(lake: str) -> Iterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = ioc_serve(lake, port)
    site = Site(process, f"http://127.0.0.1:{port}")
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        yield site
    finally:
        family = psutil.Process(process.pid).children(recursive=True) if running(process) else []
        if running(process):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
        for left in psutil.wait_procs(family, timeout=10)[1]:
            left.kill()


def running(process: subprocess.Popen[str]) -> bool:
    return process.poll() is None


@pytest.fixture(scope="module")
def site(demo_lake: Lake) -> Iterator[Site]:
    with serving(demo_lake.path) as site:
        yield site


# -- the browser ----------------------------------------------------------------------------------


@dataclass
class Watch:
    """What a browser tried and complained about."""

    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def request(self, url: str) -> bool:
        parts = urlsplit(url)
        here = parts.scheme in ("data", "blob") or parts.hostname in LOOPBACK
        if not here:
            self.elsewhere.append(url)
        return here

    def follow(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.on("websocket", lambda socket: self.request(socket.url))
        page.on(
            "console",
            lambda told: self.errors.append(told.text) if told.type == "error" else None,
        )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    path = os.environ.get("IOC_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        reason = "needs Chromium; on Debian or Ubuntu: apt-get install chromium"
        if os.environ.get("IOC_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def open_page(chromium: Any, watch: Watch) -> Iterator[Callable[..., Any]]:
    """Open pages in one window; afterwards nothing asked another host, nothing complained."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.route("**/*", lambda r: r.continue_() if watch.request(r.request.url) else r.abort())

    def open_page(url: str, shown: str = "#rendered_cells .ioc-banner") -> Any:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        watch.follow(page)
        page.goto(url, timeout=PATIENCE)
        page.locator(shown).first.wait_for()
        return page

    yield open_page
    for page in context.pages:
        page.close(run_before_unload=True)  # gives the kernel back
    context.close()
    assert watch.elsewhere == []
    assert watch.errors == []


def drawn(page: Any, where: str = "") -> str:
    """Return the drawing of a chart when it has become still."""
    svg = page.locator(f"{where} svg.marks").first
    svg.wait_for()
    last = ""
    while (now := svg.evaluate("e => e.outerHTML")) != last:
        last = now
        page.wait_for_timeout(150)
    return str(last)


def wait_until_other(page: Any, where: str, before: str) -> None:
    """Wait until a chart differs from what it was."""
    page.wait_for_function(
        "([where, before]) => { const svg = document.querySelector(`${where} svg.marks`);"
        " return svg && svg.outerHTML !== before; }",
        arg=[where, before],
        timeout=PATIENCE,
    )


def tell(capsys: Any, *lines: str) -> None:
    with capsys.disabled():
        print("", *lines, sep="\n  ")


def widths(page: Any) -> tuple[int, int]:
    """Return how wide the page is and how wide the window."""
    wide, window = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    return wide, window


# -- every dashboard ------------------------------------------------------------------------------


def test_there_are_dashboards():
    assert {"overview.ipynb", "system.ipynb", "forecast.ipynb"} <= set(NOTEBOOKS)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_page_opens_says_that_data_are_simulated_and_fits(site, open_page, capsys, notebook):
    began = time.perf_counter()
    page = open_page(site.page(notebook))
    drawn(page, ".ioc-card")
    tell(capsys, f"{notebook}: drawn after {time.perf_counter() - began:.1f} s")
    assert VI.text("simulated") in page.inner_text(".ioc-banner")
    assert page.evaluate("document.documentElement.lang") == "vi"
    html = page.content()
    for source in (
        "view_overview(",
        "view_forecast(",
        "view_system(",
        "open_lake(",
        "get_query_string",
        "Traceback",
    ):
        assert source not in html
    SCREENSHOTS.mkdir(exist_ok=True)
    for width in (1440, 800, 420):
        page.set_viewport_size({"width": width, "height": 1000})
        drawn(page, ".ioc-card")
        wide, window = widths(page)
        assert wide <= window, f"{wide} px do not fit into {width}"
        uncovered = page.evaluate(
            """() => [...document.querySelectorAll(".ioc-bar a")].every((link) => {
              const box = link.getBoundingClientRect();
              const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return box.width > 10 && link.contains(top);
            })"""
        )
        assert uncovered, f"the bar is covered at {width} px"
        page.screenshot(path=SCREENSHOTS / f"{Path(notebook).stem}-{width}.png", full_page=True)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_page_in_english(site, open_page, notebook):
    page = open_page(site.page(notebook, "?lang=en"))
    drawn(page, ".ioc-card")
    text = page.inner_text("body")
    assert EN.text("simulated") in text
    assert VI.text("simulated") not in text
    assert VI.text("no_data") not in text
    assert page.evaluate("document.documentElement.lang") == "en"
    links = page.locator(".ioc-bar [data-keep-lang]").evaluate_all("all => all.map(e => e.search)")
    assert set(links) == {"?lang=en"}
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{Path(notebook).stem}-en.png", full_page=True)


def test_the_index_lists_every_dashboard_and_its_links_lead_there(site, open_page):
    page = open_page(site.url, shown=".ioc-index a")
    links = page.locator(".ioc-index a")
    targets = [links.nth(n).evaluate("e => e.pathname") for n in range(links.count())]
    assert sorted(Path(t).name for t in targets) == NOTEBOOKS
    assert Path(targets[0]).name == "overview.ipynb"
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "index-1440.png", full_page=True)
    page.goto(f"{site.url}/?lang=en")
    assert "Overview" in page.inner_text(".ioc-index")
    assert "Tổng quan" not in page.inner_text(".ioc-index")
    links.first.click()
    page.locator("#rendered_cells .ioc-banner").wait_for()
    assert page.url == site.page("overview.ipynb", "?lang=en")
    assert EN.text("simulated") in page.inner_text(".ioc-banner")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_notebook_is_small_and_computes_nothing(notebook):
    cells = json.loads((DASHBOARDS / notebook).read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    assert len(code) <= 4
    assert sum(len(c.splitlines()) for c in code) <= 25
    assert not re.search(r"^\s*(def|class|for|while) ", "\n".join(code), re.MULTILINE)
    assert not any(c.get("outputs") or c.get("execution_count") for c in cells)


# -- the overview ---------------------------------------------------------------------------------


def test_the_map_has_every_ward_and_another_week_by_keyboard_changes_it(site, open_page, capsys):
    began = time.perf_counter()
    page = open_page(site.page("overview.ipynb"))
    before, table = drawn(page, ".ioc-map"), page.inner_text(".ioc-wards")
    week = page.inner_text(".ioc-week .widget-readout")
    check_map(page)
    page.locator(".ioc-week [role=slider]").focus()
    page.keyboard.press("ArrowLeft")
    wait_until_other(page, ".ioc-map", before)
    tell(capsys, f"overview.ipynb: answers after {time.perf_counter() - began:.1f} s")
    page.wait_for_function(
        "before => document.querySelector('.ioc-wards').innerText !== before", arg=table
    )
    assert page.inner_text(".ioc-week .widget-readout") != week
    check_map(page)


def check_map(page: Any) -> None:
    """34 visible wards with fills that exist, a legend, words, a table of 34 rows."""
    drawn(page, ".ioc-map")
    shapes = page.locator(WARDS)
    assert shapes.count() == 34
    seen = shapes.evaluate_all(
        "all => all.map(e => ({ fill: e.getAttribute('fill'), box: e.getBoundingClientRect(),"
        " label: e.ariaLabel }))"
    )
    assert all(s["box"]["width"] > 5 and s["box"]["height"] > 5 for s in seen)
    assert all(s["label"] for s in seen)  # the numbers in words
    fills = {s["fill"] for s in seen}
    assert len(fills) > 1
    assert fills <= {f"url(#ioc-band-{n})" for n in range(5)}
    assert page.locator("#ioc-band-3").count() >= 1
    legend = page.locator(f"{MAP} .role-legend-label text").all_text_contents()
    assert legend[0] == VI.text("no_data")
    assert len(legend) == 5
    assert page.locator(".ioc-wards tbody tr").count() == 34
    assert VI.text("map_schematic") in page.inner_text("main")
    assert "Dữ liệu đến 24/10/2021" in page.inner_text("main")


def test_a_ward_is_chosen_by_a_click_or_in_the_menu(site, open_page):
    page = open_page(site.page("overview.ipynb"))
    drawn(page, ".ioc-map")
    menu, title = page.locator(".ioc-ward select"), page.locator(".ioc-trend .role-title-text text")
    city, rows = title.text_content(), page.locator(".ioc-wards tbody tr td:first-child")
    place = page.locator(f"{MAP} .layer_1_marks text").nth(3).bounding_box()
    middle = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)  # on its number
    name = rows.nth(3).inner_text()
    for _ in range(2):  # the second click takes the choice back
        before = drawn(page, ".ioc-trend")
        page.mouse.click(*middle)
        wait_until_other(page, ".ioc-trend", before)
        drawn(page, ".ioc-map")
        chosen = page.locator(".ioc-wards .ioc-chosen td:first-child").all_inner_texts()
        assert chosen in ([name], [])
        assert (title.text_content() == city) == (chosen == [])
        assert page.locator(f"{WARDS}[stroke-width='3']").count() == len(chosen)
    assert chosen == []
    before = drawn(page, ".ioc-trend")
    menu.focus()
    page.keyboard.press("End")
    wait_until_other(page, ".ioc-trend", before)
    last = menu.locator("option").last.inner_text().replace("\xa0", " ")
    assert page.locator(".ioc-wards .ioc-chosen td:first-child").inner_text() == last
    assert last in title.text_content()


def test_two_tabs_do_not_disturb_each_other(site, open_page):
    one, other = open_page(site.page("overview.ipynb")), open_page(site.page("overview.ipynb"))
    before = [drawn(one, ".ioc-map"), drawn(other, ".ioc-map")]
    week = other.inner_text(".ioc-week .widget-readout")
    one.locator(".ioc-week [role=slider]").focus()
    one.keyboard.press("Home")
    wait_until_other(one, ".ioc-map", before[0])
    assert other.inner_text(".ioc-week .widget-readout") == week
    assert drawn(other, ".ioc-map") == before[1]
    assert len(site.kernels()) >= 2


# -- the forecast ---------------------------------------------------------------------------------


def test_the_fan_has_three_bands_and_a_median_and_follows_every_menu(site, open_page, capsys):
    began = time.perf_counter()
    page = open_page(site.page("forecast.ipynb"))
    picture, words = drawn(page, ".ioc-card"), page.inner_text("main")
    for menu in ("model_id", "location", "target"):
        select = page.locator(f".ioc-menu-{menu} select")
        options = select.locator("option").all_inner_texts()
        chosen = select.evaluate("e => e.selectedIndex")
        select.select_option(index=(chosen + 1) % len(options))
        wait_until_other(page, ".ioc-card", picture)
        page.wait_for_function(
            "before => document.querySelector('main').innerText !== before", arg=words
        )
        if menu == "model_id":
            tell(capsys, f"forecast.ipynb: answers after {time.perf_counter() - began:.1f} s")
        picture, words = drawn(page, ".ioc-card"), page.inner_text("main")
        marks = page.locator(".ioc-card svg.marks").first
        assert marks.locator(".mark-area.role-mark path").count() == 3
        lines = marks.locator(".mark-line.role-mark path[stroke-dasharray]")
        assert lines.count() >= 1
        assert "WIS" in words
        assert "nhiều khả năng (80" in words


# -- a system -------------------------------------------------------------------------------------


def selected(page: Any, menu: str) -> str:
    """Return the words of the option that a menu shows."""
    words = page.locator(f"{menu} select").evaluate("e => e.selectedOptions[0].label")
    return str(words).replace("\xa0", " ")


def test_a_system_is_asked_for_by_its_address_and_follows_every_menu(site, open_page, capsys):
    began = time.perf_counter()
    page = open_page(site.page("system.ipynb", "?system=epidemic"))
    picture = drawn(page, ".ioc-trend")
    assert selected(page, ".ioc-menu-system") == "Dịch bệnh"
    assert page.locator(WARDS).count() == 34
    assert page.locator(".ioc-wards tbody tr").count() == 34
    assert page.locator(".ioc-states tbody tr").count() > 3
    menu = page.locator(".ioc-menu-indicator select")
    menu.focus()
    page.keyboard.press("ArrowDown")
    wait_until_other(page, ".ioc-trend", picture)
    tell(capsys, f"system.ipynb: answers after {time.perf_counter() - began:.1f} s")
    chosen = selected(page, ".ioc-menu-indicator")
    page.wait_for_function(
        "name => document.querySelector('.ioc-states .ioc-chosen').innerText.startsWith(name)",
        arg=chosen,
    )
    picture = drawn(page, ".ioc-trend")
    page.locator(WARDS).nth(3).click()
    wait_until_other(page, ".ioc-trend", picture)
    page.locator(".ioc-wards .ioc-chosen").wait_for()  # one row and no other


# -- what is not shown ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "voila/files/overview.ipynb",
        "voila/files/../overview.ipynb",
        "voila/files/..%2f..%2fpyproject.toml",
        "voila/static/../../pyproject.toml",
        "voila/templates/ioc/static/..%2f..%2fconf.json",
        "files/overview.ipynb",
        "overview.ipynb",
        "notebooks/overview.ipynb",
        "api/contents",
        "api/contents/overview.ipynb",
        "api/kernels",
        "api/sessions",
        "api/terminals",
        "lab",
        "voila/render/..%2fpyproject.toml",
        "voila/render/none.ipynb",
    ],
)
def test_nothing_but_pages_is_served(site, path):
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{site.url}/{path}", timeout=60)
    assert refused.value.code in (403, 404, 405, 500)  # Voila stumbles over a static “..%2f”
    body = refused.value.read().decode()
    assert "nbformat" not in body
    assert "[project]" not in body
    assert "Traceback" not in body


@pytest.mark.parametrize("path", ["api/kernels", "api/sessions", "api/terminals", "api/shutdown"])
def test_nobody_starts_or_stops_anything_from_outside(site, path):
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{site.url}/{path}", data=b"{}", method="POST"), timeout=60)
    assert refused.value.code in (403, 404, 405)
    assert running(site.process)


def test_a_page_may_not_run_code_in_its_kernel(site, open_page):
    page = open_page(site.page("overview.ipynb"))
    answers = page.evaluate(
        """async () => {
          const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
          const address = `${location.origin.replace("http", "ws")}/api/kernels/${config.kernelId}`;
          const socket = new WebSocket(`${address}/channels?session_id=guest`);
          await new Promise((done) => (socket.onopen = done));
          const heard = [];
          socket.onmessage = (message) => heard.push(
            typeof message.data === "string" ? JSON.parse(message.data).msg_type : "binary");
          const ask = (type, content) => socket.send(JSON.stringify({
            header: { msg_id: type, session: "guest", username: "", msg_type: type, version: "5.3",
                      date: new Date().toISOString() },
            parent_header: {}, metadata: {}, content, channel: "shell", buffers: [],
          }));
          ask("execute_request", { code: "1 + 1", silent: false, store_history: false,
                                   user_expressions: {}, allow_stdin: false });
          ask("kernel_info_request", {});
          for (let n = 0; n < 100 && !heard.includes("kernel_info_reply"); n++)
            await new Promise((done) => setTimeout(done, 100));
          await new Promise((done) => setTimeout(done, 500));
          socket.close();
          return heard;
        }"""
    )
    assert "kernel_info_reply" in answers
    assert not {"execute_reply", "execute_input", "execute_result"} & set(answers)


def test_the_server_listens_on_loopback_only(site):
    listening = [
        c.laddr.ip
        for c in psutil.Process(site.process.pid).net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


# -- start, trouble, end --------------------------------------------------------------------------


def test_a_busy_port_is_one_sentence(site, demo_lake):
    port = urlsplit(site.url).port
    assert port is not None
    process = ioc_serve(demo_lake.path, port)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"ioc: Port {port} is taken")
    assert len(err.strip().splitlines()) == 1


def test_trouble_is_one_sentence_and_ctrl_c_leaves_nothing_behind(lake, open_page):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    with serving(lake.path) as site:
        for notebook in NOTEBOOKS:
            page = open_page(site.page(notebook))
            assert page.inner_text("main").strip() == VI.text("not_built")
        for name in (m.name for m in marts.MARTS):
            log = Path(lake.path, "marts", name, "_delta_log")
            log.mkdir(parents=True)
            (log / f"{0:020}.json").write_text("{broken")
        page = open_page(site.page("overview.ipynb", "?lang=en"))
        assert page.inner_text("main").strip().startswith("This page failed to read its data.")
        assert "Traceback" not in page.content()
        assert "Traceback" in Path(lake.path, "dashboards.log").read_text(encoding="utf-8")
        page.context.close()
        kernels = site.kernels()
        assert kernels
        assert site.interrupt() in (0, 130, -signal.SIGINT)
        assert psutil.wait_procs(kernels, timeout=30)[1] == []
