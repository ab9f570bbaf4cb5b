"""The dashboards' server: Voila with our pages, loopback only, until Ctrl-C."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from ioc_analytics.errors import IocError
from ioc_analytics.lake import Lake

__all__ = ["DASHBOARDS", "serve_dashboards", "voila_arguments"]

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
        "--VoilaConfiguration.file_allowlist=[]",
        "--VoilaConfiguration.preheat_kernel=True",
        "--VoilaConfiguration.default_pool_size=1",
        f"--MappingKernelManager.cull_idle_timeout={_IDLE_SECONDS}",
        "--MappingKernelManager.cull_interval=60",
    ]


def serve_dashboards(lake: Lake, port: int) -> None:
    """Serve the dashboards at http://127.0.0.1:`port` until Ctrl-C.

    Raises
    ------
    IocError
        The port is taken.
    """
    _require_free(port)
    os.environ["IOC_LAKE"] = lake.path if "://" in lake.path else os.path.abspath(lake.path)
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(_WEB), os.environ.get("JUPYTER_PATH")])
    )
    from tornado.ioloop import IOLoop
    from voila.app import Voila

    IOLoop.current().add_callback(
        print, f"Dashboards: http://127.0.0.1:{port}  (Ctrl-C stops them)", flush=True
    )
    Voila.launch_instance(voila_arguments(port))


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise IocError(
                f"Port {port} is taken by another program; choose another, "
                f"for example: make run PORT={port + 1}"
            ) from None
