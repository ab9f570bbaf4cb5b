"""The widget that draws a specification, in Voila and in JupyterLab, without internet."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from platformdirs import user_cache_path

from ioc_analytics.views.charts import PATTERNS
from ioc_analytics.views.i18n import Language

__all__ = ["BUNDLE", "Figure", "vega_bundle"]

BUNDLE = "vega.js"

_ESM = """
let loading;

function askKernel(model) {
  return new Promise((done) => {
    model.on("msg:custom", (message) => {
      if (message.kind !== "bundle") return;
      done(URL.createObjectURL(new Blob([message.text], { type: "text/javascript" })));
    });
    model.send({ kind: "bundle" });
  });
}

function lines(title, width) {  // one that is wider than the drawing would make it smaller
  const most = Math.max(12, Math.floor(width / 9.5));
  return title.split(" ").reduce((done, word) => {
    const last = done.at(-1);
    const fits = last && `${last} ${word}`.length <= most;
    return fits ? [...done.slice(0, -1), `${last} ${word}`] : [...done, word];
  }, []);
}

async function vega(model) {
  const base = document.body.dataset.voila ? document.body.dataset.baseUrl : null;
  const address = base
    ? new URL(`${base}templates/ioc/static/BUNDLE?v=VERSION`, location.href).href
    : await askKernel(model);
  return (await import(address)).vegaEmbed;
}

export default {
  async render({ model, el }) {
    const frame = document.createElement("div");
    frame.style.width = "100%";
    el.innerHTML = `<svg width="0" height="0" aria-hidden="true">PATTERNS</svg>`;
    el.append(frame);
    loading ??= vega(model);
    const embed = await loading;
    let shown, columns, drawing = Promise.resolve();
    const fitting = () => Math.max(1, Math.floor(frame.clientWidth / 170));
    const draw = async () => {
      shown?.finalize();
      columns = fitting();
      const options = { renderer: "svg", actions: false, formatLocale: model.get("number_format") };
      const spec = structuredClone(model.get("spec"));
      spec.title.text = lines(spec.title.text, frame.clientWidth);
      for (const { encoding } of spec.layer)
        if (encoding.color?.legend) encoding.color.legend.columns = columns;
      if (spec.projection) spec.height = Math.min(spec.height, frame.clientWidth);
      shown = await embed(frame, spec, options);
      if (!("ward" in shown.view.getState().signals)) return;
      shown.view.addSignalListener("ward", (_, value) => {
        const code = value.code?.[0] ?? "";
        model.set("selected", code === model.get("selected") ? "" : code);
        model.save_changes();
      });
    };
    const redraw = () => (drawing = drawing.then(draw));
    model.on("change:spec", redraw);
    redraw();
    const resized = new ResizeObserver(() => columns && fitting() !== columns && redraw());
    resized.observe(frame);
    return () => {
      resized.disconnect();
      shown?.finalize();
    };
  },
};
"""


@cache
def _version() -> str:
    from importlib.metadata import version

    return version("vl-convert-python")


def vega_bundle() -> Path:
    """Return the file that holds Vega for the browser; it is written once per installed version.

    vl-convert carries Vega; the bundle is the very code that draws the static SVG.
    """
    folder = user_cache_path("ioc-analytics") / f"vega-{_version()}"
    file = folder / "voila" / "templates" / "ioc" / "static" / BUNDLE
    if not file.exists():
        import vl_convert

        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_text(vl_convert.javascript_bundle("export { vegaEmbed };"), encoding="utf-8")
        fresh.replace(file)
    return file


class Figure(anywidget.AnyWidget):
    """Draws a Vega-Lite specification; a new one redraws it.

    Attributes
    ----------
    spec : dict
        The specification with its data.
    selected : str
        Code of the ward chosen by a click; "" after a second click on it or beside all wards.
    """

    _esm = (
        _ESM.replace("BUNDLE", BUNDLE)
        .replace("VERSION", _version())
        .replace("PATTERNS", PATTERNS.replace("`", ""))
    )
    spec = traitlets.Dict().tag(sync=True)
    number_format = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)

    def __init__(self, spec: dict[str, Any], language: Language) -> None:
        super().__init__(spec=spec, number_format=language.number_format())
        self.layout.width = "100%"
        self.on_msg(self._answer)

    def _answer(self, _: Any, content: dict[str, Any], __: list[bytes]) -> None:
        """Hand the bundle to a page that no server of ours delivers it to (JupyterLab)."""
        if content.get("kind") == "bundle":
            text = vega_bundle().read_text(encoding="utf-8")
            self.send({"kind": "bundle", "text": text})
