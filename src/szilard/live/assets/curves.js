// Curves as they were told, and their paths.

// Points that were told one stretch after another: evenly thinned ones, early ones, and the last one.
export class Curve {
  constructor() {
    this.even = [[], [], []];
    this.early = [[], [], []];
    this.last = [[], [], []];
    this.said = null;
    this.error = null;
  }

  take(told) {
    for (let part = 0; part < 3; part++) {
      this.even[part].length = Math.min(this.even[part].length, told.from);
      this.even[part].push(...told.even[part]);
      this.early[part].push(...told.early[part]);
    }
    this.last = told.last;
    this.said = told.said;
    this.error = told.error;
  }

  // All points by step; one that lies where its neighbour does is left out.
  points() {
    const [x, y, half] = [0, 1, 2].map((part) => [...this.even[part], ...this.early[part], ...this.last[part]]);
    const order = [...x.keys()].sort((one, other) => x[one] - x[other]);
    const kept = order.filter((at, turn) => {
      const before = order[turn - 1];
      return turn === 0 || x[before] !== x[at] || y[before] !== y[at];
    });
    return { x: kept.map((at) => x[at]), y: kept.map((at) => y[at]), half: kept.map((at) => half[at]) };
  }
}

const at = (value) => value.toFixed(1);

// Stretches of points without a gap that can be drawn: indices.
const stretches = (points, drawn) => {
  const found = [[]];
  for (let turn = 0; turn < points.x.length; turn++) {
    if (drawn(turn)) found.at(-1).push(turn);
    else if (found.at(-1).length) found.push([]);
  }
  return found.filter((each) => each.length);
};

// The path of a curve in pixels.
export const strokes = (points, x, y) =>
  stretches(points, (turn) => points.y[turn] !== null && Number.isFinite(x(points.x[turn])))
    .map((each) => `M${each.map((turn) => `${at(x(points.x[turn]))} ${at(y(points.y[turn]))}`).join("L")}`)
    .join("");

// The path of its band, closed; empty where it has none.
export const areas = (points, x, y) => {
  const known = (turn) => points.y[turn] !== null && points.half[turn] !== null && Number.isFinite(x(points.x[turn]));
  const end = (turn, sign) => `${at(x(points.x[turn]))} ${at(y(points.y[turn] + sign * points.half[turn]))}`;
  return stretches(points, known)
    .filter((each) => each.length > 1)
    .map((each) => {
      const there = each.map((turn) => end(turn, 1));
      const back = each.reverse().map((turn) => end(turn, -1));
      return `M${[...there, ...back].join("L")}Z`;
    })
    .join("");
};

// What is shown of the y axis: all of the curves (between two steps), and as much of the bands as leaves them room.
export const span = (all, zoom) => {
  let [low, high, below, above] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y, half } of all) {
    for (let at = 0; at < y.length; at++) {
      if (y[at] === null || (zoom && (x[at] < zoom[0] || x[at] > zoom[1]))) continue;
      low = Math.min(low, y[at]);
      high = Math.max(high, y[at]);
      below = Math.min(below, y[at] - (half[at] ?? 0));
      above = Math.max(above, y[at] + (half[at] ?? 0));
    }
  }
  if (!(low <= high)) return null;
  const room = 0.5 * (high - low) || Math.min(above - below, Math.abs(high)) || 1;
  const ends = [Math.max(below, low - room), Math.min(above, high + room)];
  const pad = 0.06 * (ends[1] - ends[0]) || 0.06 * Math.abs(high) || 1;
  return [ends[0] - pad, ends[1] + pad];
};
