"""A widget that draws a Vega-Lite specification with a bundle the server holds as a file."""

import anywidget
import traitlets

from benchmarks.charts.candidates import BUNDLE
from benchmarks.charts.data import PATTERNS

ESM = """
const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
const folder = document.body.dataset.voila ? "voila/files/" : "files/";
const { vegaEmbed } = await import(
  new URL(config.baseUrl + folder + "BUNDLE", location.href).href
);

export default {
  render({ model, el }) {
    const figure = document.createElement("div");
    el.innerHTML = `<svg width="0" height="0">PATTERNS</svg>`;
    el.append(figure);
    let shown;
    const draw = async () => {
      shown?.finalize();
      shown = await vegaEmbed(figure, model.get("spec"), { renderer: "svg", actions: false });
      if (!("ward" in shown.view.getState().signals)) return;
      shown.view.addSignalListener("ward", (name, value) => {
        model.set("selected", value.code?.[0] ?? "");
        model.save_changes();
      });
    };
    model.on("change:spec", draw);
    draw();
  },
};
""".replace("BUNDLE", BUNDLE).replace("PATTERNS", PATTERNS)


class VegaView(anywidget.AnyWidget):
    """Draws `spec`; `selected` is the code of the last ward that was clicked."""

    _esm = ESM
    spec = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
