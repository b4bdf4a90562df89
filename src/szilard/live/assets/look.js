// How runs are told apart, and elements made.

const LIGHT = ["#0072B2", "#D55E00", "#009E73", "#A44A7F", "#A87400", "#1A1A1A"];
const DARK = ["#56B4E9", "#FF8A3D", "#2FC8A0", "#E08FC0", "#F0C24A", "#F3F4F6"];
const DASHES = ["", "9 5", "2 4", "9 4 2 4", "16 6"];

// Colour and dash of a curve: of one run its curves have colours, of several each run has one.
export const penOf = (dark, alone, run, curve) => {
  const colours = dark ? DARK : LIGHT;
  const [turn, further] = alone ? [curve, 0] : [run, curve];
  const dash = DASHES[(Math.floor(turn / colours.length) + further) % DASHES.length];
  return { colour: colours[turn % colours.length], dash };
};

// An element with plain text in it, which is never taken for HTML.
export const made = (tag, className = "", text = undefined) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
