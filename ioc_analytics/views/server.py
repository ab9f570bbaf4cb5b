"""The dashboards' server: Voila with our pages, loopback only, until Ctrl-C."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from ioc_analytics.errors import IocError
from ioc_analytics.lake import Lake
from ioc_analytics.views.figure import vega_bundle

__all__ = ["DASHBOARDS", "require_free", "serve_dashboards", "voila_arguments"]

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
_WEB = Path(__file__).parent / "web"
_IDLE_SECONDS = 600  # a page that was closed gives its kernel back after this time


def voila_arguments(port: int) -> list[str]:
    """Return the command line with which Voila serves our dashboards safely.

    Source code is stripped, tracebacks stay in the log, only loopback is bound, one kernel per
    notebook is started ahead, kernels of closed pages end.
    """
    return [
        str(DASHBOARDS),
        f"--port={port}",
        "--Voila.ip=127.0.0.1",
        "--Voila.port_retries=0",
        "--Voila.log_level=WARN",
        "--no-browser",
        "--template=ioc",
        "--VoilaConfiguration.allow_template_override=NO",
        "--VoilaConfiguration.allow_theme_override=NO",
        "--VoilaConfiguration.strip_sources=True",
        "--VoilaConfiguration.show_tracebacks=False",
        "--VoilaConfiguration.file_allowlist=$^",  # no file beside the notebooks is served
        "--VoilaConfiguration.extension_denylist=@voila-dashboards/jupyterlab-preview",
        "--VoilaConfiguration.extension_denylist=jupyterlab_pygments",
        "--VoilaConfiguration.preheat_kernel=True",
        "--VoilaConfiguration.default_pool_size=1",
        f"--MappingKernelManager.cull_idle_timeout={_IDLE_SECONDS}",
        "--MappingKernelManager.cull_interval=60",
    ]


def serve_dashboards(lake: Lake, port: int) -> None:
    """Serve the dashboards at http://127.0.0.1:`port` until Ctrl-C.

    What the server and its kernels report, tracebacks included, goes to a log file and never to a
    page.

    Raises
    ------
    IocError
        The port is taken.
    """
    require_free(port)
    local = "://" not in lake.path
    os.environ["IOC_LAKE"] = os.path.abspath(lake.path) if local else lake.path
    vega = vega_bundle().parents[4]  # the folder above voila/templates/ioc/static
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(_WEB), str(vega), os.environ.get("JUPYTER_PATH")])
    )
    from tornado.ioloop import IOLoop
    from voila.app import Voila

    class Dashboards(Voila):
        """Voila that answers only to the names of this machine (against DNS rebinding)."""

        def init_settings(self) -> dict[str, Any]:
            """Return Voila's settings without its leave for foreign host names."""
            return {**super().init_settings(), "allow_remote_access": False}

    log = Path(os.environ["IOC_LAKE"] if local else ".") / "dashboards.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    ready = f"Dashboards: http://127.0.0.1:{port}  (Ctrl-C stops them; log: {log})"
    IOLoop.current().add_callback(print, ready, flush=True)
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 2)  # also for the kernels, which inherit it
    Dashboards.launch_instance(voila_arguments(port))


def require_free(port: int) -> None:
    """Refuse a port that another program uses, in one sentence with what to do."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise IocError(
                f"Port {port} is taken by another program; choose another, "
                f"for example: make run PORT={port + 1}"
            ) from None
