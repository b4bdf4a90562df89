// The page that follows runs: it listens for news, keeps the curves, and draws what has changed.
// All text that comes from records is set as text, never as HTML.

import { Curve } from "./curves.js";
import { Plot } from "./plot.js";
import { made, penOf } from "./look.js";
import { ago, change, count, withError } from "./words.js";

const night = matchMedia("(prefers-color-scheme: dark)");

const runs = new Map(); // by number: head, quantities, curves by key, whether it is hidden, its row
const panels = new Map(); // by key of the quantity
const place = (id) => document.getElementById(id);
const state = { shown: [], chosen: read(), logarithmic: false, offset: 0, order: [], source: null, due: new Set() };

function read() {
  const found = new URLSearchParams(location.hash.slice(1)).get("show");
  return found ? found.split(",") : [];
}

const known = () => {
  const found = new Map();
  for (const number of state.order) {
    for (const each of runs.get(number)?.quantities ?? []) if (!found.has(each.key)) found.set(each.key, each);
  }
  return [...found.values()].sort((one, other) => one.rank - other.rank);
};

const alone = () => state.order.length === 1;
const pen = (number, at) => penOf(night.matches, alone(), state.order.indexOf(number), at);

// Runs

function showRun(number) {
  const run = runs.get(number);
  const { head, row } = run;
  row.card.dataset.kind = head.kind;
  row.name.textContent = row.name.title = head.name;
  row.status.textContent = head.short;
  row.count.textContent = `${count(head.records)} record${head.records === 1 ? "" : "s"}`;
  row.step.textContent = head.step === null ? "" : `step ${count(head.step)}`;
  const notes = [];
  if (head.replaced !== null) {
    const when = new Date(1000 * (head.replaced - state.offset)).toLocaleTimeString();
    notes.push(`Another record took this place at ${when}: what is shown is the new one.`);
  }
  if (head.kind !== "written" && head.kind !== "complete") notes.push(head.words);
  if (head.damaged) notes.push(`${count(head.damaged)} damaged lines of its journal were left out.`);
  row.words.textContent = notes.join(" ");
  row.words.hidden = !notes.length;
  row.card.style.setProperty("--colour", alone() ? "var(--line)" : pen(number, 0).colour);
  row.box.parentElement.hidden = alone();
}

function rowOf(number) {
  const card = made("li");
  const label = made("label");
  const box = made("input");
  box.type = "checkbox";
  box.checked = true;
  box.title = "show its curves";
  box.addEventListener("change", () => {
    runs.get(number).hidden = !box.checked;
    state.shown.forEach((key) => state.due.add(key));
    draw();
  });
  label.append(box);
  const row = { card, box, name: made("strong"), status: made("span", "status") };
  for (const each of ["count", "step", "last"]) row[each] = made("span", each);
  row.words = made("p", "words");
  card.append(label, row.name, row.status, row.count, row.step, row.last, row.words);
  place("runs").append(card);
  return row;
}

function age() {
  for (const { head, row } of runs.values()) {
    row.last.textContent = head?.grew ? `last record ${ago(Date.now() / 1000 + state.offset - head.grew)}` : "";
  }
}

// Panels

function panelOf(quantity) {
  const figure = made("figure");
  figure.dataset.key = quantity.key;
  const heading = made("h2", "", quantity.title);
  if (quantity.unit) heading.append(" ", made("small", "", quantity.unit));
  const values = made("ul", "values");
  const host = made("div", "plot");
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", quantity.title);
  figure.append(heading, host, values);
  place("panels").append(figure);
  return { figure, plot: new Plot(host), values };
}

function drawPanel(quantity) {
  if (!panels.has(quantity.key)) panels.set(quantity.key, panelOf(quantity));
  const { plot, values } = panels.get(quantity.key);
  const series = [];
  const items = [];
  for (const number of state.order) {
    const run = runs.get(number);
    const own = run?.quantities?.find((each) => each.key === quantity.key);
    if (!own || run.hidden) continue;
    (run.curves.get(quantity.key) ?? []).forEach((curve, at) => {
      const points = curve.points();
      if (!points.x.length) return;
      const look = pen(number, at);
      const name = [alone() ? "" : run.head.name, own.curves[at]].filter(Boolean).join(", ");
      series.push({ points, name, unit: own.unit, ...look });
      items.push(valueOf(curve, look, name));
    });
  }
  values.replaceChildren(...items);
  plot.show(series, state.logarithmic);
}

function valueOf(curve, look, name) {
  const item = made("li");
  item.style.setProperty("--colour", look.colour);
  if (name) item.append(made("span", "name", name));
  item.append(made("strong", "", withError(curve.last[1][0] ?? null, curve.last[2][0], curve.error)));
  const said = change(curve.said);
  if (said) item.append(made("span", "said", said));
  return item;
}

// Draws what is due, in the order in which it is shown.
function draw() {
  if (document.hidden) return;
  const begin = performance.now();
  const quantities = new Map(known().map((each) => [each.key, each]));
  for (const [key, panel] of panels) {
    if (state.shown.includes(key)) continue;
    panel.figure.remove();
    panels.delete(key);
  }
  for (const key of state.shown) if (quantities.has(key) && state.due.delete(key)) drawPanel(quantities.get(key));
  const order = state.shown.filter((key) => panels.has(key)).map((key) => panels.get(key).figure);
  order.forEach((figure, turn) => {
    if (place("panels").children[turn] !== figure) place("panels").insertBefore(figure, place("panels").children[turn]);
  });
  place("nothing").hidden = order.length > 0;
  const root = document.documentElement.dataset;
  root.took = String(Math.round(performance.now() - begin));
  if (order.length) root.drawn ??= String(Math.round(performance.now()));
}

// News

function take(news) {
  state.offset = news.now - Date.now() / 1000;
  const order = news.order.map(String);
  const moved = order.join() !== state.order.join();
  state.order = order;
  for (const [number, run] of runs) {
    if (order.includes(number)) continue;
    run.row.card.remove();
    runs.delete(number);
  }
  for (const [number, { series, quantities, ...head }] of Object.entries(news.runs)) {
    const run = runs.get(number) ?? { curves: new Map(), hidden: false, row: rowOf(number) };
    runs.set(number, run);
    if (quantities) Object.assign(run, { quantities, curves: new Map() });
    run.head = head;
    for (const [key, told] of Object.entries(series)) {
      if (!run.curves.has(key)) run.curves.set(key, told.map(() => new Curve()));
      told.forEach((each, at) => run.curves.get(key)[at].take(each));
      state.due.add(key);
    }
    if (quantities) news.shown.forEach((key) => state.due.add(key));
  }
  const changed = news.shown.join() !== state.shown.join();
  state.shown = news.shown;
  if (moved) state.shown.forEach((key) => state.due.add(key));
  order.filter((number) => runs.has(number)).forEach(showRun);
  place("left-out").hidden = !news.left_out;
  place("left-out").textContent = `${count(news.left_out)} more records have no room here: give their directories.`;
  if (changed || Object.values(news.runs).some((run) => run.quantities)) choose();
  age();
  draw();
}

function listen() {
  state.source?.close();
  for (const run of runs.values()) run.curves = new Map();
  state.source = new EventSource(`news?show=${encodeURIComponent(state.chosen.join(","))}`);
  state.source.addEventListener("open", () => connected("live", "connected"));
  state.source.addEventListener("error", () =>
    connected("lost", "szilard live has ended or does not answer: what is shown is what it told last. "
      + "Start it again, and open the address that it prints."));
  state.source.addEventListener("message", (event) => take(JSON.parse(event.data)));
}

function connected(kind, words) {
  const shown = place("connection");
  shown.dataset.kind = kind;
  shown.textContent = words;
}

// What the reader chooses

function choose() {
  const boxes = known().map((quantity) => {
    const label = made("label", "", "");
    const box = made("input");
    box.type = "checkbox";
    box.value = quantity.key;
    box.checked = state.shown.includes(quantity.key);
    label.title = quantity.key;
    label.append(box, ` ${quantity.title}`);
    return label;
  });
  place("quantities").replaceChildren(...boxes);
}

place("quantities").addEventListener("change", () => {
  const wanted = [...place("quantities").querySelectorAll("input:checked")].map((box) => box.value);
  if (!wanted.length) return choose();
  state.chosen = wanted;
  location.hash = new URLSearchParams({ show: wanted.join(",") }).toString();
  return listen();
});

function drawAll() {
  state.shown.forEach((key) => state.due.add(key));
  draw();
}

place("step-axis").addEventListener("click", () => {
  state.logarithmic = !state.logarithmic;
  place("step-axis").setAttribute("aria-pressed", String(state.logarithmic));
  drawAll();
});
night.addEventListener("change", () => {
  state.order.forEach(showRun);
  drawAll();
});
document.addEventListener("visibilitychange", () => draw());
setInterval(age, 1000);
listen();
