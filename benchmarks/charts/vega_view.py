"""A widget that draws a Vega-Lite specification with a bundle the server holds as a file."""

import anywidget
import traitlets

from benchmarks.charts.candidates import BUNDLE

ESM = """
const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
const folder = document.body.dataset.voila ? "voila/files/" : "files/";
const { vegaEmbed } = await import(
  new URL(config.baseUrl + folder + "BUNDLE", location.href).href
);

export default {
  render({ model, el }) {
    const draw = async () => {
      const shown = await vegaEmbed(el, model.get("spec"), { renderer: "svg", actions: false });
      if (!(model.get("spec").params ?? []).length) return;
      shown.view.addSignalListener("ward", (name, value) => {
        model.set("selected", value.code?.[0] ?? "");
        model.save_changes();
      });
    };
    model.on("change:spec", draw);
    draw();
  },
};
""".replace("BUNDLE", BUNDLE)


class VegaView(anywidget.AnyWidget):
    """Draws `spec`; `selected` is the code of the last ward that was clicked."""

    _esm = ESM
    spec = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
