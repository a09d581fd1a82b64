// The slider: dragged, stepped with the keys, or told a number. It stands on steps alone.

import { el, text, unique } from "./dom.mjs";
import { exact, number } from "./format.mjs";
import { axisName } from "./lines.mjs";

const FAR = 10;
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: FAR, PageDown: -FAR };

export function slider(view, go) {
  const [id, box] = [unique("slider"), unique("number")];
  const name = text();
  const read = text();
  const range = el("input", { id, type: "range", step: "any", "data-conjac": view.scene.kind === "threshold" ? "threshold" : "offset" });
  const typed = el("input", { id: box, type: "number", step: "any", "data-conjac": "value" });
  const back = el("button", { type: "button", "aria-label": "One step down", onclick: () => go(view.step - way()) }, "−");
  const on = el("button", { type: "button", "aria-label": "One step up", onclick: () => go(view.step + way()) }, "+");
  // Along the share alerted, values fall as the steps rise.
  const way = () => (view.now.at[0] > view.now.at[view.n - 1] ? -1 : 1);
  const clip = (value) => Math.max(Number(range.min), Math.min(Number(range.max), value));
  range.addEventListener("input", () => go(view.nearest(range.valueAsNumber)));
  range.addEventListener("change", () => (range.value = exact(clip(view.at))));
  range.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const ends = { Home: way() > 0 ? 0 : view.n - 1, End: way() > 0 ? view.n - 1 : 0 };
    if (!(event.key in KEYS) && !(event.key in ends)) return;
    event.preventDefault();
    go(ends[event.key] ?? view.step + way() * KEYS[event.key]);
  });
  const told = text();
  const shown = () => (Number.isFinite(view.at) ? exact(view.at) : view.at < 0 ? range.min : range.max);
  typed.addEventListener("change", () => {
    const asked = typed.valueAsNumber;
    if (Number.isFinite(asked)) go(view.nearest(asked));
    typed.value = shown();
    told.set(Number.isFinite(asked) && asked !== typed.valueAsNumber ? `${asked} is no step; this is the nearest.` : "");
  });
  const line = [el("label", { for: id }, name.node), el("label", { for: box, class: "spoken" }, "Value"), typed];
  return {
    node: el(
      "div",
      { class: "slider" },
      el("div", { class: "typed" }, line, el("span", {}, read.node), el("span", { class: "note", role: "status" }, told.node)),
      el("div", { class: "rail" }, back, range, on),
    ),
    renew() {
      const known = [...view.now.at].filter(Number.isFinite);
      range.min = exact(Math.min(...known));
      range.max = exact(Math.max(...known));
      name.set(axisName(view));
    },
    update() {
      const at = shown();
      if (range.value !== at) range.value = at;
      range.setAttribute("aria-valuetext", `${number(view.at, 4)}, ${view.summary()}`);
      if (typed.value !== at) typed.value = at;
      told.set("");
      read.set(view.summary());
    },
  };
}
