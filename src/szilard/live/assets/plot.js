// One plot: curves with their bands over training steps, drawn as SVG, which is small and quick.

import { areas, span, strokes } from "./curves.js";
import { count, fixed, number, withBand } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const EDGE = { left: 54, right: 14, top: 8, bottom: 26 };
const REACH = 40; // pixels from the pointer to the point that it shows

const made = (tag, attributes, parent) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent?.append(element);
  return element;
};

// Round numbers in a span, some `most` of them, and how each is written.
const ticks = ([low, high], most) => {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= 0.7 * rough);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const plain = step >= 1e-4 && Math.max(Math.abs(low), Math.abs(high)) < 1e6;
  const found = [];
  const first = Math.ceil(low / step);
  for (let turn = 0; turn < 3 * most; turn++) { // not until the end is reached: huge numbers do not count on
    const value = (first + turn) * step;
    if (!(value <= high + 1e-9 * step)) break;
    found.push({ value, text: plain ? fixed(value, places) : number(value, 3) });
  }
  return found;
};

// Powers of ten in a span; 2 and 5 of them, too, where it is short.
const decades = ([low, high]) => {
  const found = [];
  const factors = high / low < 200 ? [1, 2, 5] : [1];
  const apart = Math.max(1, Math.round(Math.log10(high / low) / 7));
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    if (power % apart) continue;
    found.push(...factors.map((each) => each * 10 ** power).filter((each) => each >= low && each <= high));
  }
  return found;
};

const short = (step) => {
  if (step >= 1e6) return `${+(step / 1e6).toFixed(3)} M`;
  return step >= 1e4 ? `${+(step / 1e3).toFixed(3)} k` : count(+step.toFixed(6));
};

export class Plot {
  constructor(host) {
    this.host = host;
    this.svg = made("svg", { class: "plot-svg" }, host);
    this.axes = made("g", {}, this.svg);
    this.inner = made("svg", { x: EDGE.left, y: EDGE.top }, this.svg); // clips what it holds
    this.marks = made("g", {}, this.inner);
    this.mark = made("circle", { r: 4.5, class: "mark", visibility: "hidden" }, this.inner);
    this.tip = host.appendChild(document.createElement("div"));
    this.tip.className = "tip";
    this.tip.hidden = true;
    this.series = [];
    this.zoom = null;
    this.logarithmic = false;
    new ResizeObserver(() => this.draw()).observe(host);
    host.addEventListener("pointermove", (event) => this.point(event));
    host.addEventListener("pointerleave", () => this.hide());
    host.addEventListener("pointerdown", (event) => this.grasp(event));
    host.addEventListener("pointerup", (event) => this.release(event));
    host.addEventListener("dblclick", () => this.zoomTo(null));
  }

  // Series: points, name, colour, dash (as SVG has it) and unit.
  show(series, logarithmic) {
    if (logarithmic !== this.logarithmic) this.zoom = null;
    this.series = series;
    this.logarithmic = logarithmic;
    this.draw();
  }

  draw() {
    const [width, height] = [this.host.clientWidth, this.host.clientHeight];
    if (!width || !height) return;
    this.width = width - EDGE.left - EDGE.right;
    this.height = height - EDGE.top - EDGE.bottom;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.inner.setAttribute("width", this.width);
    this.inner.setAttribute("height", this.height);
    this.scale();
    this.drawAxes();
    this.marks.replaceChildren();
    if (!this.x) return;
    for (const { points, colour } of this.series) {
      const path = areas(points, this.x, this.y);
      if (path) made("path", { d: path, fill: colour, class: "band" }, this.marks);
    }
    for (const { points, colour, dash } of this.series) {
      made("path", { d: strokes(points, this.x, this.y), stroke: colour, "stroke-dasharray": dash, class: "curve" },
        this.marks);
      if (points.x.length === 1) {
        made("circle", { cx: this.x(points.x[0]), cy: this.y(points.y[0]), r: 3, fill: colour }, this.marks);
      }
    }
  }

  // From steps and values to pixels.
  scale() {
    const first = this.series.map(({ points }) => points.x.find((step) => step > 0) ?? Infinity);
    const last = this.series.map(({ points }) => points.x.at(-1));
    this.across = this.zoom ?? [this.logarithmic ? Math.min(...first) : 0, Math.max(...last)];
    if (!(this.across[0] < this.across[1])) this.across = [this.across[0], this.across[0] + 1];
    this.up = span(this.series.map(({ points }) => points), this.zoom);
    this.x = this.y = null;
    if (!this.up || !Number.isFinite(this.across[0] + this.across[1])) return;
    const along = this.logarithmic ? Math.log : (step) => step;
    const [low, high] = this.across.map(along);
    this.x = (step) => ((along(step) - low) / (high - low)) * this.width;
    this.back = (pixel) => {
      const found = low + (pixel / this.width) * (high - low);
      return this.logarithmic ? Math.exp(found) : found;
    };
    this.y = (value) => ((this.up[1] - value) / (this.up[1] - this.up[0])) * this.height;
  }

  drawAxes() {
    this.axes.replaceChildren();
    if (!this.x) return;
    const [left, top, right, bottom] = [EDGE.left, EDGE.top, EDGE.left + this.width, EDGE.top + this.height];
    for (const { value, text } of ticks(this.up, Math.max(3, Math.floor(this.height / 45)))) {
      const height = top + this.y(value);
      made("line", { x1: left, x2: right, y1: height, y2: height, class: value === 0 ? "zero" : "grid" }, this.axes);
      made("text", { x: left - 7, y: height + 4, class: "up" }, this.axes).textContent = text;
    }
    const even = () => ticks(this.across, Math.max(3, Math.floor(this.width / 80))).map(({ value }) => value);
    for (const step of this.logarithmic ? decades(this.across) : even()) {
      const place = left + this.x(step);
      made("line", { x1: place, x2: place, y1: top, y2: bottom, class: "grid" }, this.axes);
      const look = place > right - 12 ? "along last" : "along"; // within the figure
      made("text", { x: look === "along" ? place : right + EDGE.right, y: bottom + 17, class: look }, this.axes).textContent =
        short(step);
    }
    made("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" }, this.axes);
  }

  // What lies nearest to the pointer.
  point(event) {
    if (!this.x) return;
    const frame = this.host.getBoundingClientRect();
    const [at, up] = [event.clientX - frame.left - EDGE.left, event.clientY - frame.top - EDGE.top];
    let found = null;
    for (const each of this.series) {
      each.points.x.forEach((step, turn) => {
        const value = each.points.y[turn];
        if (value === null || (this.logarithmic && step <= 0)) return;
        const away = Math.hypot(this.x(step) - at, 0.3 * (this.y(value) - up));
        if (!found || away < found.away) found = { away, each, step, value, half: each.points.half[turn] };
      });
    }
    if (!found || found.away > REACH) {
      this.hide();
      return;
    }
    const { each, step, value, half } = found;
    this.mark.setAttribute("cx", this.x(step));
    this.mark.setAttribute("cy", this.y(value));
    this.mark.setAttribute("fill", each.colour);
    this.mark.setAttribute("visibility", "visible");
    this.tip.hidden = false;
    const told = [each.name, `${withBand(value, half)} ${each.unit}`, `step ${count(step)}`];
    this.tip.textContent = told.filter(Boolean).join("\n");
    const left = EDGE.left + this.x(step);
    this.tip.style.left = `${left + (left > frame.width / 2 ? -12 - this.tip.offsetWidth : 12)}px`;
    this.tip.style.top = `${EDGE.top + Math.min(this.y(value), this.height - this.tip.offsetHeight)}px`;
  }

  hide() {
    this.tip.hidden = true;
    this.mark.setAttribute("visibility", "hidden");
  }

  // A stretch that the pointer is drawn across becomes the whole.
  grasp(event) {
    this.grasped = event.clientX;
    this.host.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  release(event) {
    if (this.grasped === undefined || !this.x) return;
    const left = this.host.getBoundingClientRect().left + EDGE.left;
    const ends = [this.grasped, event.clientX].map((each) => this.back(each - left)).sort((one, other) => one - other);
    if (Math.abs(event.clientX - this.grasped) > 8) this.zoomTo(ends);
    this.grasped = undefined;
  }

  zoomTo(span) {
    this.zoom = span;
    this.hide();
    this.draw();
  }
}
