// Numbers as people read them. What is undefined is a dash.

export const NONE = "–";
const GROUPED = new Intl.NumberFormat("en-US");

// Whole numbers in groups of three digits.
export function grouped(value) {
  return GROUPED.format(value).replace("-", "−");
}

export function number(value, digits = 3) {
  if (value === null || !Number.isFinite(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text;
  if (size >= 1e7 || size < 1e-4) text = size.toExponential(digits - 1).replace("e+", "e").replace("e-", "e−");
  else if (size >= 10 ** digits) text = grouped(Math.round(size));
  else text = String(Number(size.toPrecision(digits)));
  return value < 0 ? `−${text}` : text;
}

export function signed(value, digits = 3) {
  return value > 0 ? `+${number(value, digits)}` : number(value, digits);
}

export function count(value) {
  if (value === null || !Number.isFinite(value)) return NONE;
  return Number.isInteger(value) ? grouped(value) : number(value, 4);
}

export function percent(share) {
  if (!Number.isFinite(share)) return NONE;
  return `${Number((100 * share).toPrecision(3))} %`;
}

export function interval(lower, upper, told = number) {
  return Number.isFinite(lower) && Number.isFinite(upper) ? `[${told(lower)}, ${told(upper)}]` : "no interval";
}

// A number that reads back as itself: a digit less, and rows at it are counted otherwise.
export function exact(value) {
  return String(value);
}

export function shorten(text, length = 24) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
