// Every metric where the slider stands: its value, how fast it moves, and which way is better.

import { bdi, classed, el, text } from "./dom.mjs";
import { interval, number, signed } from "./format.mjs";

const ARROWS = { 1: "▲ raise", "-1": "▼ lower", 0: "" };

export function metricsTable(view, choose) {
  const caption = text();
  const lines = view.scene.metrics.map((metric, place) => {
    const [value, limits, gain, gainLimits, way] = [text(), text(), text(), text(), text()];
    const button = el("button", { type: "button", class: "plain", onclick: () => choose(place) }, bdi(metric.title));
    const row = el(
      "tr",
      { "data-metric": metric.name },
      el("th", { scope: "row" }, button),
      el("td", {}, value.node, " ", el("span", { class: "ci" }, limits.node)),
      el("td", {}, gain.node, " ", el("span", { class: "ci" }, gainLimits.node)),
      el("td", { class: "way" }, way.node),
    );
    return { row, button, value, limits, gain, gainLimits, way };
  });
  const head = ["Metric", "Value", null, "Better"].map((name) =>
    el("th", { scope: "col" }, name ?? ["Change per ", caption.node]),
  );
  const table = el(
    "table",
    { "aria-label": "Metrics" },
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, lines.map((line) => line.row)),
  );
  const mine = (place) => [-1, view.track].includes(view.scene.metrics[place].place) || place === view.metric;
  return {
    node: el("div", { class: "scroll", role: "group", tabindex: 0, "aria-label": "Table of metrics" }, table),
    renew() {
      lines.forEach(({ row }, place) => (row.hidden = !mine(place)));
    },
    update() {
      caption.set(`${signed(view.now.size)} of ${view.now.name === "threshold" ? view.now.coordinate : "offset"}`);
      lines.forEach((line, place) => {
        if (line.row.hidden) return;
        const found = view.value(place);
        line.value.set(number(found.value, 4));
        line.limits.set(Number.isFinite(found.value) ? interval(found.lower, found.upper) : view.isEstimated ? "not estimated" : "0/0");
        const gain = view.scaled(view.gain(place));
        line.gain.set(signed(gain.value));
        line.gainLimits.set(Number.isFinite(gain.value) ? interval(gain.lower, gain.upper, signed) : "");
        line.way.set(ARROWS[view.betters(place)]);
        classed(line.row, place === view.metric ? "here" : "");
        line.button.setAttribute("aria-pressed", place === view.metric);
      });
    },
  };
}

// Of several classes: each with its recall, precision and F1; filled in while it is open.
export function classesTable(view) {
  const kinds = ["recall", "precision", "f1"];
  const lines = view.scene.labels.map((label, of) => {
    const places = kinds.map((kind) => view.scene.metrics.findIndex((row) => row.place === of && row.name.startsWith(kind)));
    const cells = places.map(() => ({ value: text(), limits: text() }));
    const told = cells.map(({ value, limits }) => el("td", {}, value.node, " ", el("span", { class: "ci" }, limits.node)));
    return { row: el("tr", {}, el("th", { scope: "row" }, bdi(label)), told), places, cells };
  });
  const head = ["Class", "Recall", "Precision", "F1"].map((name) => el("th", { scope: "col" }, name));
  const table = el(
    "table",
    { "aria-label": "Classes" },
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, lines.map((line) => line.row)),
  );
  const update = () => {
    if (!node.open) return;
    for (const { places, cells } of lines) {
      places.forEach((place, k) => {
        const found = view.value(place);
        cells[k].value.set(number(found.value));
        cells[k].limits.set(Number.isFinite(found.value) ? interval(found.lower, found.upper) : "0/0");
      });
    }
  };
  const scroll = el("div", { class: "scroll", role: "group", tabindex: 0, "aria-label": "Table of classes" }, table);
  const node = el("details", { ontoggle: update }, el("summary", {}, "Every class"), scroll);
  return { node, update };
}

export function ratesTable(view) {
  const lines = view.scene.rates.map(([paid, gained]) => {
    const [value, limits] = [text(), text()];
    const row = el(
      "tr",
      {},
      el("th", { scope: "row" }, bdi(paid), " per unit of ", bdi(gained)),
      el("td", {}, value.node, " ", el("span", { class: "ci" }, limits.node)),
    );
    return { row, value, limits };
  });
  const head = el("tr", {}, el("th", { scope: "col" }, "What is paid"), el("th", { scope: "col" }, "Rate"));
  const table = el(
    "table",
    { "aria-label": "Exchange rates" },
    el("thead", {}, head),
    el("tbody", {}, lines.map((line) => line.row)),
  );
  return {
    node: el("div", { class: "scroll", role: "group", tabindex: 0, "aria-label": "Table of exchange rates" }, table),
    update() {
      lines.forEach((line, place) => {
        const found = view.rate(place);
        line.value.set(number(found.value));
        line.limits.set(interval(found.lower, found.upper));
      });
    },
  };
}
