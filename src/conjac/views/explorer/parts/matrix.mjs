// The matrix and its Jacobian, as tables: a cell is a figure with its interval, read one by one with the arrow keys.

import { bdi, classed, el, text, unique } from "./dom.mjs";
import { count, interval, number, percent, shorten, signed } from "./format.mjs";

export const FEW = 4; // classes up to which a cell holds its interval
const SMALL = 14; // classes from which the letters of a table are small
const NAMES = ["true negatives", "false positives", "false negatives", "true positives"];
const SHADES = 15;
const AROUND = 20;
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function matrices(view) {
  const told = text();
  const counted = grid(view, "Confusion matrix", (place) => cellOf(view, place), told);
  let most = 0;
  const moved = grid(view, "Its Jacobian", (place) => slopeOf(view, place, most), told);
  const caption = text();
  const evidence = text();
  const few = view.scene.labels.length <= FEW;
  return {
    node: el(
      "div",
      { class: few || view.scene.labels.length > SMALL ? "stack" : "pair" },
      el("figure", {}, el("figcaption", {}, "Confusion matrix"), counted.node),
      el("figure", {}, el("figcaption", {}, "Its Jacobian: change per ", caption.node), moved.node, el("p", { class: "note" }, evidence.node)),
      el("p", { class: "cell-told note", "aria-live": "polite" }, told.node),
    ),
    update() {
      caption.set(`${signed(view.now.size)} of ${view.now.name === "threshold" ? view.now.coordinate : view.now.name}`);
      evidence.set(view.evidence());
      most = view.steepest() * view.now.size;
      counted.update();
      moved.update();
    },
  };
}

// What a cell shows; of many classes only its number and shade, until it is asked for more.
function cellOf(view, place) {
  const found = view.matrix(place);
  const label = Math.floor(place / view.scene.labels.length);
  const share = found.value / view.rows.totals[label];
  const off = view.bound(label);
  return {
    big: count(found.value),
    shade: `q${Math.round(SHADES * (share || 0))}`,
    small: () => interval(found.lower, found.upper, (x) => count(Math.round(x))),
    extra: () => `${percent(share)} of its class${off ? `, ± ${number(off)} within a bin` : ""}`,
  };
}

function slopeOf(view, place, most) {
  const found = view.scaled(view.slope(place));
  const shade = Math.round((AROUND / 2) * (1 + (most ? found.value / most : 0) || 1));
  return {
    big: signed(found.value, view.scene.labels.length > FEW ? 2 : 3),
    shade: `d${Math.max(0, Math.min(AROUND, shade))}`,
    small: () => interval(found.lower, found.upper, signed),
    extra: () => "",
  };
}

function grid(view, name, look, told) {
  const { labels } = view.scene;
  const n = labels.length;
  const few = n <= FEW;
  const cells = [];
  const rows = labels.map((label, i) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, few ? el("span", { class: "sub" }, "true ") : null, bdi(shorten(label))),
      labels.map((_, j) => {
        const cell = few ? wide(i, j, n) : { node: el("td"), big: text() };
        if (!few) cell.node.append(cell.big.node);
        cell.node.tabIndex = i + j ? -1 : 0;
        cell.node.dataset.cell = `${i},${j}`;
        cells.push(cell);
        return cell.node;
      }),
    ),
  );
  const id = unique("grid");
  const head = labels.map((label) =>
    el("th", { scope: "col" }, few ? el("span", { class: "sub" }, "predicted ") : null, bdi(shorten(label))),
  );
  const table = el(
    "table",
    { class: few ? "matrix" : n > SMALL ? "heat small" : "heat", role: "grid", "aria-label": name, id },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, few ? "" : "true \\ predicted"), head)),
    el("tbody", {}, rows),
  );
  const say = (place) => {
    const { big, small, extra } = look(place);
    const where = `true ${labels[Math.floor(place / n)]}, predicted ${labels[place % n]}`;
    told.set(`${name}, ${where}: ${[`${big} ${small()}`, extra()].filter(Boolean).join(", ")}`);
  };
  table.addEventListener("focusin", ({ target }) => target.dataset.cell && say(placeOf(target, n)));
  table.addEventListener("pointerover", ({ target }) => {
    const cell = target.closest("[data-cell]");
    if (cell && !few) say(placeOf(cell, n));
  });
  table.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move || !event.target.dataset.cell) return;
    event.preventDefault();
    const [i, j] = event.target.dataset.cell.split(",").map(Number);
    const next = cells[(i + move[0]) * n + j + move[1]];
    if (!next || j + move[1] < 0 || j + move[1] >= n) return;
    event.target.tabIndex = -1;
    next.node.tabIndex = 0;
    next.node.focus();
  });
  return {
    node: el("div", { class: "scroll", role: "group", tabindex: few ? false : 0, "aria-label": `Table: ${name}` }, table),
    update() {
      cells.forEach((cell, place) => {
        const now = look(place);
        cell.big.set(few || now.big !== "0" ? now.big : "·");
        if (few) {
          cell.small.set(now.small());
          cell.extra.set(now.extra());
        } else classed(cell.node, now.shade);
      });
    },
  };
}

function wide(i, j, n) {
  const [big, small, extra] = [text(), text(), text()];
  const name = n === 2 ? el("span", { class: "name" }, NAMES[2 * i + j]) : null;
  const node = el(
    "td",
    { class: i === j ? "right" : "" },
    name,
    el("span", { class: "big" }, big.node),
    el("span", { class: "ci" }, small.node),
    el("span", { class: "share" }, extra.node),
  );
  return { node, big, small, extra };
}

function placeOf(cell, n) {
  const [i, j] = cell.dataset.cell.split(",").map(Number);
  return i * n + j;
}
