// How numbers and changes are written for people.

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

const signed = (text) => text.replace("-", "−");

const thousands = (text) => {
  const [whole, part] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? spaced : `${spaced}.${part}`;
};

export const count = (value) => signed(thousands(String(value)));

export const fixed = (value, places) => {
  const text = signed(thousands(value.toFixed(places)));
  return /[1-9]/.test(text) ? text : text.replace("−", "");
};

const tenTo = (power) => `10${[...String(power)].map((each) => RAISED[each]).join("")}`;

// A number to so many significant digits.
export const number = (value, digits = 4) => {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(value)));
  if (power >= 6 || power < -4) {
    const factor = (value / 10 ** power).toFixed(Math.min(digits, 3) - 1).replace(/\.?0+$/, "");
    return `${signed(factor)}·${tenTo(power)}`;
  }
  return fixed(value, Math.max(0, digits - 1 - power));
};

// A value with half the width of its band, the latter to two significant digits, as szilard.numbers writes errors.
export const withBand = (value, half) => {
  if (value === null || half === null || half === undefined || !(half > 0)) return number(value);
  const places = 1 - Math.floor(Math.log10(half));
  const power = Math.floor(Math.log10(Math.max(Math.abs(value), half)));
  if ((places >= -3 && places <= 6) || (places > 6 && power >= -1)) {
    return `${fixed(value, Math.max(places, 0))} ± ${fixed(half, Math.max(places, 0))}`;
  }
  const [amount, spread] = [value, half].map((each) => fixed(each / 10 ** power, Math.max(places + power, 0)));
  return `(${amount} ± ${spread})·${tenTo(power)}`;
};

// The same with its standard error, where it has no band.
export const withError = (value, half, error) => {
  if (half > 0 || !(error > 0) || value === null) return withBand(value, half);
  return `${number(value)} (standard error ${number(error, 2)})`;
};

// What is certain of a curve, in a sentence; empty where it has no band.
export const change = (said) => {
  if (!said) return "";
  const { rose, fell, now } = said;
  const at = (step) => `step ${count(step)}`;
  const last = number(now[1], 3);
  const from = (place) => number(place[1], 3);
  if (rose && fell && fell[0] < rose[0]) {
    return `fell from ${from(fell)}, and has risen since ${at(rose[0])}: ${from(rose)} → ${last}`;
  }
  if (rose && fell) return `rose from ${from(rose)}, and has fallen since ${at(fell[0])}: ${from(fell)} → ${last}`;
  if (rose) return `has risen since ${at(rose[0])}: ${from(rose)} → ${last}`;
  if (fell) return `has fallen since ${at(fell[0])}: ${from(fell)} → ${last}`;
  return "no rise or fall is certain yet";
};

// How long ago, in seconds.
export const ago = (seconds) => {
  if (seconds < 1.5) return "just now";
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
};
