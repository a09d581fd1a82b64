// Where to put the slider: decisions made in Python, the best of any metric, of any costs, and targets.

import { bdi, el, select, unique } from "./dom.mjs";
import { interval, number } from "./format.mjs";

export function advice(view, go) {
  const list = el("ul", { class: "advice" });
  const told = el("p", { class: "note", role: "status" });
  const say = (step, words) => {
    told.replaceChildren(words);
    if (step >= 0) go(step);
  };
  const costs = costForm(view, say);
  const targets = targetForm(view, say);
  const best = el(
    "button",
    { type: "button", "data-conjac": "best", onclick: () => say(...bestOf(view)) },
    "Best of the chosen metric",
  );
  return {
    node: el("div", {}, list, el("div", { class: "forms" }, el("div", { class: "field" }, best), costs, targets), told),
    renew() {
      const found = view.scene.advice[view.sheet] ?? [];
      list.replaceChildren(...found.map((one) => item(one, go)));
    },
    update() {},
  };
}

const EXTREMES = { none: "where nobody is predicted positive", all: "where all are predicted positive" };

function item({ aim, step, kind, message, threshold, offsets, value, metric, asked, alerts }, go) {
  if (step < 0 || step.length === 0) return el("li", {}, bdi(aim), el("span", { class: "sub" }, message));
  const told = threshold && `at ${number(threshold.value, 4)} ${interval(threshold.lower, threshold.upper)}`;
  const where = offsets ? `${offsets.length} offsets together` : threshold.value === null ? EXTREMES[alerts] : told;
  const what = `${metric} ${number(value.value, 4)} ${interval(value.lower, value.upper)}`;
  const how = kind === "target" ? "a target" : "an optimum";
  return el(
    "li",
    { class: asked ? "asked" : "" },
    el("button", { type: "button", "data-aim": aim, onclick: () => go(step) }, bdi(aim)),
    el("span", { class: "sub" }, `${where}, ${how}`),
    el("span", { class: "sub" }, bdi(what)),
  );
}

// The best of the steps; of several alike the one in their middle.
function bestOf(view) {
  const { title, better } = view.scene.metrics[view.metric];
  const values = view.along(view.now.metric, view.metric).map((one) => (better < 0 ? -one : one));
  const step = middle(values);
  if (step < 0) return [-1, `${title} is defined at no step.`];
  return [step, `${title} is best at ${number(view.now.at[step], 4)}, of the ${view.n} steps of the slider; judged on the rows that chose it, kindly.`];
}

function middle(values) {
  let most = -Infinity;
  for (const one of values) if (one > most) most = one;
  if (!Number.isFinite(most)) return -1;
  const alike = [...values.keys()].filter((k) => values[k] === most);
  return alike[alike.length >> 1];
}

function costForm(view, say) {
  const { labels } = view.scene;
  if (labels.length !== 2) return null;
  const id = unique("cost");
  const miss = el("input", { id, type: "number", min: 0, step: "any", value: 5, "data-conjac": "cost" });
  const apply = (event) => {
    event.preventDefault();
    const price = miss.valueAsNumber;
    if (!(price >= 0)) return say(-1, "A cost is a number of 0 or more.");
    const cost = view.along(view.now.matrix, 2).map((missed, k) => -(price * missed + view.along(view.now.matrix, 1)[k]));
    const step = middle(cost);
    return say(step, `A miss costing ${number(price)} false alarms, the least cost is ${number(-cost[step], 4)} false alarms’ worth, at ${number(view.now.at[step], 4)}, of the ${view.n} steps of the slider.`);
  };
  return el(
    "form",
    { class: "field", onsubmit: apply },
    el("label", { for: id }, "A miss costs, in false alarms"),
    el("span", {}, miss, el("button", { type: "submit" }, "Least cost")),
  );
}

function targetForm(view, say) {
  const id = unique("target");
  const options = view.scene.metrics.map((row, place) => [place, row.title]);
  const start = Math.max(0, view.scene.metrics.findIndex((row) => row.name === "recall"));
  const metric = select("Target", options, start, () => {}, { "data-conjac": "target-metric" });
  const bound = el("input", { id, type: "number", step: "any", value: 0.9, "data-conjac": "target" });
  const apply = (event) => {
    event.preventDefault();
    say(...meeting(view, Number(metric.list.value), bound.valueAsNumber));
  };
  return el(
    "form",
    { class: "field", onsubmit: apply },
    metric.node,
    el("label", { for: id }, "of at least, or at most for a cost or a rate of errors"),
    el("span", {}, bound, el("button", { type: "submit" }, "Meet it")),
  );
}

// Of the steps that meet a target, the one that meets it most narrowly; its interval inverts the metric's own.
function meeting(view, place, bound) {
  const { title, better } = view.scene.metrics[place];
  if (!Number.isFinite(bound)) return [-1, "A target is a number."];
  const side = better < 0 ? -1 : 1;
  const { metric, at } = view.now;
  const [value, lower, upper] = ["value", "lower", "upper"].map((name) => view.along(metric, place, name));
  let step = -1;
  value.forEach((one, k) => {
    if (side * one >= side * bound && (step < 0 || side * one <= side * value[step])) step = k;
  });
  const sign = side > 0 ? "at least" : "at most";
  if (step < 0) return [-1, `No step has ${title} of ${sign} ${number(bound)}.`];
  const open = [...at].filter((_, k) => lower[k] <= bound && bound <= upper[k] && Number.isFinite(at[k]));
  const range = open.length ? ` Rows drawn anew could ask for ${number(Math.min(...open), 4)} to ${number(Math.max(...open), 4)}.` : "";
  return [step, `${title} of ${sign} ${number(bound)}: at ${number(at[step], 4)} it is ${number(value[step], 4)}.${range}`];
}
