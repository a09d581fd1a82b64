// What Python recomputes: inputs that drift, hyper-parameters. One request at a time, and the newest waits.

import { bdi, el, select, text, unique } from "./dom.mjs";
import { exact, number, signed } from "./format.mjs";
import { unpack } from "./unpack.mjs";

const SHOWN = 3; // of each kind, before others are added
const PAUSE = 40; // milliseconds after a move until Python is asked
const STEPS = 120;

export function moves(view, host, renewed) {
  const { scene } = view;
  const still = [...scene.sheets];
  const stands = scene.sheets.map(() => "{}"); // of each sheet, the moves that it was made with
  const rows = new Map();
  const list = el("div", { class: "moves" });
  const adding = el("div");
  const told = text();
  const status = el("p", { class: "note", role: "status" }, told.node);
  let busy = false;
  let wait = 0;
  let removed = false;

  const asked = () => JSON.stringify(view.moves);
  const show = (k, sheet, key) => {
    scene.sheets[k] = sheet;
    stands[k] = key;
    renewed();
  };
  const ask = async () => {
    if (busy || removed || stands[view.sheet] === asked()) return;
    busy = true;
    list.setAttribute("aria-busy", "true");
    const [k, key] = [view.sheet, asked()];
    try {
      if (key === "{}") {
        view.code = [];
        show(k, still[k], key);
        told.set("As it was measured and fitted.");
      } else {
        told.set("Scoring the rows again …");
        const { tree, blob } = await host.ask({ moves: JSON.parse(key), sheet: k });
        if (removed) return;
        const answer = unpack(tree, blob);
        view.code = answer.code;
        show(k, answer.sheet, key);
        told.set(`${answer.told} ${number(answer.seconds, 2)} s.`);
      }
    } catch (error) {
      told.set(`Not moved: ${error.message}`);
      stands[k] = key; // ask again only when something moves
    } finally {
      busy = false;
      list.removeAttribute("aria-busy");
    }
    ask();
  };
  const soon = () => {
    clearTimeout(wait);
    wait = setTimeout(ask, PAUSE);
  };
  const move = (one, value) => {
    const held = Math.min(one.high, Math.max(one.low, one.whole ? Math.round(value) : value));
    const { [one.name]: _, ...rest } = view.moves;
    view.moves = held === one.value ? rest : { ...rest, [one.name]: held };
    rows.get(one.name)?.show();
    soon();
  };
  const add = (one) => {
    if (rows.has(one.name)) return;
    const row = slider(one, () => view.moves[one.name] ?? one.value, (value) => move(one, value));
    rows.set(one.name, row);
    list.append(row.node);
    offer();
  };
  const offer = () => {
    const left = scene.moves.filter((one) => !rows.has(one.name));
    const options = [["", "choose"], ...left.map((one) => [one.name, named(one)])];
    const pick = (name) => {
      const one = left.find((other) => other.name === name);
      if (!one) return;
      add(one);
      rows.get(name).range.focus();
    };
    adding.replaceChildren(...(left.length ? [select("Move another", options, "", pick, { "data-conjac": "add-move" }).node] : []));
  };
  const reset = () => {
    view.moves = {};
    rows.forEach((row) => row.show());
    soon();
  };
  const follow = () => {
    for (const one of scene.moves) if (one.name in view.moves) add(one);
    rows.forEach((row) => row.show());
    if (stands[view.sheet] !== asked()) soon();
  };
  const first = (kind) => scene.moves.filter((one) => one.kind === kind).slice(0, SHOWN);
  [...first("hyper"), ...first("drift"), ...first("offset")].forEach(add);
  offer();
  return {
    node: el(
      "div",
      { "data-conjac": "moves" },
      el("p", { class: "note" }, "Rows are scored again, each with its measurements moved; labels stay. Where to go, the surface and rows as points stay those of the rows as they were measured."),
      list,
      el("div", { class: "fields" }, adding, el("div", { class: "field" }, el("button", { type: "button", "data-conjac": "reset", onclick: reset }, "Reset"))),
      status,
    ),
    renew: follow,
    update() {},
    remove() {
      removed = true;
      clearTimeout(wait);
    },
  };
}

function named(one) {
  return one.kind === "drift" ? `Drift of ${one.title}` : one.title;
}

function slider(one, now, move) {
  const [id, box] = [unique("move"), unique("move-value")];
  const place = (value) => (one.log ? Math.log(value) : value);
  const [low, high] = [place(one.low), place(one.high)];
  const range = el("input", { id, type: "range", min: low, max: high, step: one.whole ? 1 : (high - low) / STEPS, "data-move": one.name });
  const typed = el("input", { id: box, type: "number", step: "any", min: one.low, max: one.high, "aria-label": `Value of ${named(one)}` });
  const unit = one.unit ? `, ${one.unit}` : "";
  range.addEventListener("input", () => {
    const value = one.log ? Math.exp(range.valueAsNumber) : range.valueAsNumber;
    const near = Math.abs(place(value) - place(one.value)) < (high - low) / (2 * STEPS); // the middle can be found again
    move(near ? one.value : Number(value.toPrecision(4)));
  });
  typed.addEventListener("change", () => Number.isFinite(typed.valueAsNumber) && move(typed.valueAsNumber));
  return {
    range,
    node: el("div", { class: "move" }, el("label", { for: id }, bdi(named(one)), el("span", { class: "sub" }, unit)), el("div", { class: "rail" }, range, typed)),
    show() {
      const value = now();
      range.value = place(value);
      range.setAttribute("aria-valuetext", `${one.kind === "drift" ? signed(value) : number(value)}${one.unit && ` ${one.unit}`}`);
      if (typed.valueAsNumber !== value) typed.value = exact(value);
    },
  };
}
