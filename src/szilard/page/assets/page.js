"use strict";
(() => {
  const config = {
    displaylogo: false,
    responsive: true,
    displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
    modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
  };
  const specs = new Map();

  const fitted = (layout, width) => {
    const own = structuredClone(layout); // Plotly writes into what it is given
    if (width >= 520) return own;
    own.font.size = 11;
    own.margin.l = 46;
    own.margin.r = Math.min(own.margin.r, 84);
    for (const note of own.annotations ?? []) note.font.size = Math.min(note.font.size, 11);
    for (const [name, value] of Object.entries(own)) {
      if (/^[xy]axis\d*$/.test(name) && value.title) value.title.font = { size: 11 };
    }
    return own;
  };

  const draw = (div, frame) => {
    const spec = specs.get(div);
    const chosen = spec.frames ? spec.frames[frame ?? spec.frames.length - 1] : spec;
    const stacked = spec.narrow && div.clientWidth < 600;
    if (stacked) div.style.height = `${spec.narrowHeight}px`;
    return Plotly.react(div, chosen.data, fitted(stacked ? spec.narrow : chosen.layout, div.clientWidth), config);
  };

  const plots = [...document.querySelectorAll(".plot")];
  for (const div of plots) {
    specs.set(div, JSON.parse(document.getElementById(`${div.id}-data`).textContent));
  }
  Promise.all(plots.map((div) => draw(div))).then(() => {
    document.documentElement.dataset.drawn = String(plots.length);
  });

  const button = document.getElementById("step-axis");
  button?.addEventListener("click", () => {
    const logarithmic = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(logarithmic));
    for (const div of plots.filter((plot) => plot.dataset.steps === "true")) {
      const own = specs.get(div).layout.xaxis;
      if (logarithmic && own.type === "log") {
        Plotly.relayout(div, { "xaxis.type": "log", "xaxis.range": own.range, "xaxis.tickmode": "array" });
        continue;
      }
      Plotly.relayout(div, {
        "xaxis.type": logarithmic ? "log" : "linear",
        "xaxis.autorange": true,
        "xaxis.tickmode": "auto",
        "xaxis.dtick": logarithmic && div.clientWidth < 700 ? 1 : null,
      });
    }
  });

  for (const slider of document.querySelectorAll("input[type=range][data-for]")) {
    const labels = slider.dataset.labels.split("|");
    const show = () => {
      document.getElementById(`${slider.dataset.for}-chosen`).textContent = labels[slider.value];
      slider.setAttribute("aria-valuetext", labels[slider.value]);
      draw(document.getElementById(slider.dataset.for), Number(slider.value));
    };
    slider.addEventListener("input", show);
    slider.setAttribute("aria-valuetext", labels[slider.value]);
  }

  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const div of plots) Plotly.relayout(div, { width: 660 });
  });
  addEventListener("afterprint", () => {
    for (const div of plots) Plotly.relayout(div, { width: null, autosize: true });
  });
})();
