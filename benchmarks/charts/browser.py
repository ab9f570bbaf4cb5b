"""Measures one candidate's page in a real Voila with a real browser, nothing from outside."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, Page, Playwright, TimeoutError

from benchmarks.charts.candidates import CANDIDATES, write_bundle
from benchmarks.charts.data import SCENARIOS

ROOT = Path(__file__).parents[2]
# Voila's own template asks a CDN for icon fonts; this one leaves that block out.
TEMPLATE = """{%- extends 'voila/templates/lab/index.html.j2' -%}
{%- block notebook_css -%}
{{ resources.include_js("static/voila-style.js") }}{{ spinner.css() }}
{%- endblock -%}"""
# Without Voila's own manager no widget is drawn; each further extension makes pages slower.
WIDGETS = ("@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager")
# Both figures hold their shapes and a title with the scenario's word.
DRAWN = """word => {
  const deep = root => [...root.querySelectorAll("*")].flatMap(
    e => e.shadowRoot ? [e, ...deep(e.shadowRoot)] : [e]);
  return [[".bench-fan", 4], [".bench-map", 34]].every(([name, shapes]) => {
    const host = document.querySelector(name);
    if (!host || host.getBoundingClientRect().height < 50) return false;
    const parts = [...deep(host), ...deep(host.shadowRoot ?? host)];
    return parts.filter(e => e.tagName === "path").length >= shapes
      && parts.some(e => e.tagName === "text" && e.textContent.includes("bản " + word));
  });
}"""


@contextmanager
def voila(key: str, folder: Path, *, preheat: bool) -> Iterator[str]:
    """Run a Voila that serves the candidate's notebook; gives its address."""
    source = f"from benchmarks.charts.page import show\nshow({key!r})"
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
    cell |= {"execution_count": None, "id": "page"}
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": spec}, "nbformat": 4}
    (folder / "page.ipynb").write_text(json.dumps(notebook | {"nbformat_minor": 5}))
    if key in ("A'", "V"):
        write_bundle(folder)
    template = folder / "jupyter" / "voila" / "templates" / "plain"
    template.mkdir(parents=True)
    (template / "index.html.j2").write_text(TEMPLATE)
    (template / "conf.json").write_text('{"base_template": "lab"}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    extensions = [*WIDGETS, *CANDIDATES[key].extensions]
    command = [
        sys.executable, "-m", "voila", "page.ipynb", "--no-browser", f"--port={port}",
        "--template=plain", f"--VoilaConfiguration.preheat_kernel={preheat}", "--pool_size=1",
        f"--VoilaConfiguration.extension_allowlist={extensions}",
        r"--VoilaConfiguration.file_allowlist=['.*\.js']",
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PATH": str(folder / "jupyter"),
    }
    with (folder / "voila.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(f"{url}voila/static/voila.js")
            yield url
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"Voila did not answer at {url}")


class Traffic:
    """Counts the bytes of a page and notes the foreign hosts it asked for."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.bytes = 0
        self.hosts: set[str] = set()
        client = context.new_cdp_session(page)
        client.send("Network.enable")
        client.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        for way in ("Received", "Sent"):
            client.on(f"Network.webSocketFrame{way}", self._frame)
        context.route("**/*", self._guard)

    def _add(self, count: float) -> None:
        self.bytes += int(count)

    def _frame(self, event: dict) -> None:
        frame = event["response"]
        # binary frames are reported in base64
        share = 0.75 if frame["opcode"] == 2 else 1
        self._add(len(frame["payloadData"].encode()) * share)

    def _guard(self, route) -> None:
        host = route.request.url.split("/")[2].split(":")[0]
        if host == "127.0.0.1":
            route.continue_()
        else:
            self.hosts.add(host)
            route.abort()


def visit(playwright: Playwright, url: str, picture: Path | None = None) -> dict:
    """Open the page with an empty cache, change the control; seconds, megabytes, hosts."""
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM"),
        args=["--no-sandbox", "--disable-background-networking"],
    )
    try:
        context = browser.new_context(viewport={"width": 1000, "height": 1100})
        page = context.new_page()
        traffic = Traffic(context, page)
        start = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_function(DRAWN, arg=SCENARIOS[0], timeout=60_000)
        painted = time.perf_counter() - start
        first_load = traffic.bytes
        interactive, tries = float("inf"), 0  # stays so when the page never redraws
        while interactive == float("inf") and tries < 4:  # a user, too, would try again
            page.select_option(".widget-dropdown select", label=SCENARIOS[(tries + 1) % 2])
            tries += 1
            with suppress(TimeoutError):
                page.wait_for_function(DRAWN, arg=SCENARIOS[tries % 2], timeout=5_000)
                interactive = time.perf_counter() - start
        if picture:
            page.screenshot(path=picture)
        page.goto("about:blank")  # leaving the page makes Voila end its kernel
        return {
            "painted": painted,
            "interactive": interactive,
            "mb": first_load / 1e6,
            "hosts": sorted(traffic.hosts),
            "tries": tries,
        }
    finally:
        browser.close()
