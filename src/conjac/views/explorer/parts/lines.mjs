// Metrics, and the slope of the chosen one, along what the slider moves.

import { Chart, ends, faded } from "./chart.mjs";
import { bdi, el, text } from "./dom.mjs";
import { number } from "./format.mjs";

const DRAWN = ["precision", "recall", "specificity", "f1", "accuracy", "balanced_accuracy", "f1_macro"];
const MOST = 4;
const EDGE = 0.08; // of the axis at either end, where slopes may be too steep for the picture
const DASHES = ["solid", "solid", "dash", "dashdot", "dot"];

export function lines(view, host) {
  const legend = el("ul", { class: "legend" });
  let items = [];
  const values = new Chart(host, "Metrics along the slider", (colour) => drawnValues(view, colour));
  const slopes = new Chart(host, "Slope of the chosen metric", (colour) => drawnSlope(view, colour), { height: 240 });
  const title = text();
  const apart = text();
  return {
    node: el("div", {}, legend, el("p", { class: "note" }, apart.node), values.node, el("h3", {}, title.node), slopes.node),
    renew() {
      items = shown(view).map((place, k) => {
        const value = text();
        const swatch = el("span", { class: `swatch s${k} ${DASHES[k]}` });
        return { node: el("li", {}, swatch, bdi(view.scene.metrics[place].title), " ", el("b", {}, value.node)), place, value };
      });
      legend.replaceChildren(...items.map((item) => item.node));
      title.set(`Slope of ${view.scene.metrics[view.metric].title}`);
      values.renew();
      slopes.renew();
    },
    update() {
      for (const { place, value } of items) value.set(number(view.value(place).value));
      for (const chart of [values, slopes]) {
        if (view.alone) chart.place(view.at);
        else chart.hide();
      }
      apart.set(view.alone ? "" : `The lines are of ${axisName(view)} moved alone.`);
    },
  };
}

// The chosen metric first, then those that go with it.
function shown(view) {
  const others = DRAWN.map((name) => view.scene.metrics.findIndex((row) => row.name === name));
  return [view.metric, ...others.filter((place) => place >= 0 && place !== view.metric)].slice(0, MOST);
}

function drawnValues(view, colour) {
  const { at, metric } = view.now;
  const places = shown(view);
  const traces = places.flatMap((place, k) => {
    const hue = colour(`series-${k}`);
    const [value, lower, upper] = ["value", "lower", "upper"].map((side) => view.along(metric, place, side));
    const name = plain(view.scene.metrics[place].title);
    return [band(at, lower, upper, faded(hue, k ? 0.1 : 0.2)), line(at, value, lower, upper, name, hue, DASHES[k])];
  });
  const all = places.flatMap((place) => [...view.along(metric, place)]);
  const layout = { xaxis: axisOf(view), yaxis: { range: ends(all), title: { text: "value" } } };
  const { title } = view.scene.metrics[view.metric];
  return { traces: traces.reverse(), layout, description: `${title} and others along ${axisName(view)}, with pointwise intervals; the table of metrics holds the numbers.` };
}

function drawnSlope(view, colour) {
  const { at, gain, size } = view.now;
  const sides = ["value", "lower", "upper"].map((side) => view.along(gain, view.metric, side).map((one) => one * size));
  const [value, lower, upper] = sides;
  const hue = colour("series-0");
  const [first, last] = ends(at, 0);
  const edge = EDGE * (last - first);
  const [low, high] = ends(value.filter((_, k) => at[k] > first + edge && at[k] < last - edge));
  const range = [Math.min(low, 0) - 0.15 * (high - low), Math.max(high, 0) + 0.15 * (high - low)];
  const zero = { type: "line", xref: "paper", x0: 0, x1: 1, y0: 0, y1: 0, line: { color: colour("faint"), width: 1 } };
  const title = plain(view.scene.metrics[view.metric].title);
  const traces = [band(at, lower, upper, faded(hue, 0.2)), line(at, value, lower, upper, `slope of ${title}`, hue, "solid")];
  const layout = { xaxis: axisOf(view), yaxis: { range, title: { text: `per ${number(size)}` } }, shapes: [zero] };
  return { traces, layout, description: `Where it crosses zero, ${title} is at a best or a worst.` };
}

export function axisName(view) {
  const { name, coordinate } = view.now;
  return name === "threshold" ? (coordinate === "percentile" ? "share of rows alerted" : `threshold (${coordinate})`) : name;
}

export function axisOf(view) {
  return { range: ends(view.now.at, 0.02), title: { text: plain(axisName(view)) } };
}

// Text that Plotly shows as it is: it reads tags, entities, fields and mathematics.
export function plain(title) {
  const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", $: "&#36;" };
  return title.replace(/[&<>$]/g, (one) => escapes[one]).replaceAll("%{", "% {");
}

function line(x, y, lower, upper, name, color, dash) {
  const told = Array.from(y, (_, k) => `${number(y[k], 4)} [${number(lower[k])}, ${number(upper[k])}]`);
  const hovertemplate = `${name} %{text}<extra></extra>`;
  return { type: "scatter", mode: "lines", x, y, text: told, hovertemplate, name, line: { color, dash, width: 2 } };
}

// One closed outline for each run of steps at which there is an interval.
function band(at, lower, upper, fillcolor) {
  const [x, y] = [[], []];
  let run = [];
  const close = () => {
    x.push(...run.map((k) => at[k]), ...run.toReversed().map((k) => at[k]), null);
    y.push(...run.map((k) => upper[k]), ...run.toReversed().map((k) => lower[k]), null);
    run = [];
  };
  at.forEach((value, k) => {
    if ([value, lower[k], upper[k]].every(Number.isFinite)) run.push(k);
    else if (run.length) close();
  });
  if (run.length) close();
  return { type: "scatter", mode: "lines", x, y, fill: "toself", fillcolor, line: { width: 0 }, hoverinfo: "skip" };
}
