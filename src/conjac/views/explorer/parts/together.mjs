// All offsets at once: a small slider a class.

import { bdi, el, text, unique } from "./dom.mjs";
import { number, shorten } from "./format.mjs";

export function together(view, change) {
  const { labels } = view.scene;
  const told = text();
  const lines = labels.map((label, k) => {
    const id = unique("offset");
    const value = text();
    const range = el("input", { id, type: "range", min: 0, step: 1, "data-class": label });
    range.addEventListener("input", () => {
      view.steps[k] = range.valueAsNumber;
      change();
    });
    return { node: el("li", {}, el("label", { for: id }, bdi(shorten(label)), " ", el("b", {}, value.node)), range), range, value };
  });
  const reset = () => {
    view.start();
    change();
  };
  const button = el("button", { type: "button", "data-conjac": "reset", onclick: reset }, "All back to where they were");
  return {
    node: el("details", {}, el("summary", {}, "All offsets"), el("ul", { class: "offsets" }, lines.map((one) => one.node)), button, el("p", { class: "note", role: "status" }, told.node)),
    renew() {
      lines.forEach(({ range }, k) => (range.max = view.rows.tracks[k].at.length - 1));
    },
    update() {
      lines.forEach(({ range, value }, k) => {
        const at = view.rows.tracks[k].at[view.steps[k]];
        if (range.valueAsNumber !== view.steps[k]) range.value = view.steps[k];
        range.setAttribute("aria-valuetext", number(at));
        value.set(number(at));
      });
      const { sample } = view.rows;
      const words = `Several offsets are moved: matrix and metrics are estimated, with intervals for what a count of all rows would give. ${sample.told}`;
      told.set(view.isEstimated ? words : "One offset at a time is counted on all rows.");
    },
  };
}
