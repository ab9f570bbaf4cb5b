"""A widget that shows an SVG string: `aria-label` is the tooltip, `#key` links are clicks."""

import anywidget
import traitlets

ESM = """
export default {
  render({ model, el }) {
    const root = el.attachShadow({ mode: "open" });  // two figures may use the same ids
    const tip = document.createElement("div");
    tip.style = "position:fixed;pointer-events:none;background:#222;color:#fff;" +
      "padding:2px 6px;font:12px sans-serif;display:none;z-index:9";
    const figure = document.createElement("div");
    root.append(figure, tip);
    const draw = () => { figure.innerHTML = model.get("svg"); };
    figure.addEventListener("mousemove", (event) => {
      const hit = event.target.closest("[data-tip], path[aria-label], a[aria-label]");
      tip.style.display = hit ? "block" : "none";
      if (!hit) return;
      tip.textContent = hit.dataset.tip || hit.getAttribute("aria-label");
      tip.style.left = `${event.clientX + 12}px`;
      tip.style.top = `${event.clientY + 12}px`;
    });
    figure.addEventListener("mouseleave", () => { tip.style.display = "none"; });
    figure.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      const target = link.getAttribute("href") || link.getAttribute("xlink:href");
      model.set("selected", target.replace("#", ""));
      model.save_changes();
    });
    model.on("change:svg", draw);
    draw();
  },
};
"""


class SvgView(anywidget.AnyWidget):
    """Shows `svg`; `selected` is the key of the last link that was clicked."""

    _esm = ESM
    svg = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
