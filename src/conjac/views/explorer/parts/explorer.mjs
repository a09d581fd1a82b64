// The explorer: one module, for a file, a notebook and a server. `mount` is all that its hosts call.

import { advice } from "./advice.mjs";
import { bdi, el, section, select, text } from "./dom.mjs";
import { interval, number, shorten, signed } from "./format.mjs";
import { lines } from "./lines.mjs";
import { FEW, matrices } from "./matrix.mjs";
import { classesTable, metricsTable, ratesTable } from "./metrics.mjs";
import { moves } from "./moves.mjs";
import { OffsetView } from "./offsets.mjs";
import { points, surface } from "./pictures.mjs";
import { restore, sharing, stateOf } from "./share.mjs";
import { slider } from "./slider.mjs";
import { tradeoff } from "./tradeoff.mjs";
import { together } from "./together.mjs";
import { View } from "./view.mjs";

const SETTLED = 250; // milliseconds after the last move until it is told to the host and to a screen reader

export function mount(given) {
  let last = -Infinity;
  const rest = async () => {
    while (performance.now() - last < SETTLED) await new Promise((done) => setTimeout(done, SETTLED));
  };
  const host = { ...given, rest }; // pictures wait until the slider rests
  const { root, scene } = host;
  const { pictures } = scene;
  const several = scene.kind === "offsets";
  const view = several ? new OffsetView(scene) : new View(scene);
  const missing = text();
  const stand = (state) => {
    const found = restore(view, state, Boolean(host.ask));
    missing.set(found.length ? `Not in this page: ${shorten(found.join(", "), 200)}.` : "");
    return found;
  };
  if (host.state !== undefined && host.state !== null) stand(host.state);
  const spoken = text();
  const words = text();
  let settle = 0;

  const paint = () => {
    for (const part of parts) part.update();
    words.set(sentence(view));
    clearTimeout(settle);
    settle = setTimeout(() => {
      spoken.set(sentence(view));
      host.moved(stateOf(view));
    }, SETTLED);
  };
  const renew = () => {
    for (const part of parts) part.renew?.();
    paint();
  };
  const go = (step) => {
    if (Array.isArray(step)) {
      view.steps = [...step];
      return renew();
    }
    const next = Math.max(0, Math.min(view.n - 1, step));
    last = performance.now();
    if (next === view.step) return;
    view.step = next;
    paint();
  };
  const change = (name, value) => {
    const { at } = view;
    view[name] = value;
    view.moved(name, at);
    renew();
  };
  const jump = (state) => {
    const found = stand(state);
    renew();
    chosen();
    return found;
  };

  const choices = pickers(view, change);
  const chosen = () => choices.forEach((one) => one.show());
  const bar = slider(view, go);
  const table = metricsTable(view, (place) => {
    change("metric", place);
    chosen();
  });
  const made = {
    matrix: matrices(view),
    rates: ratesTable(view),
    lines: lines(view, host),
    tradeoff: tradeoff(view, host, (place) => change("against", place)),
    advice: advice(view, go),
    together: several && together(view, paint),
    classes: several && classesTable(view),
    sharing: sharing(view, host, jump),
    moves: host.ask && scene.moves.length ? moves(view, host, renew) : null,
    surface: pictures.surface && surface(view, host),
    points: pictures.points && points(view, host),
  };
  const few = scene.labels.length <= FEW;
  const parts = [bar, table, ...Object.values(made).filter(Boolean)];
  root.replaceChildren(
    el(
      "header",
      {},
      el("p", { class: "brand" }, "conjac explorer"),
      el("h1", {}, bdi(scene.title)),
      el("div", { class: "fields" }, choices.map((one) => one.node)),
    ),
    el("div", { class: "controls", role: "region", "aria-label": "Slider" }, bar.node),
    el(
      "main",
      { tabindex: -1 },
      el("p", { class: "caution", role: "status" }, missing.node),
      el("p", { class: "lead" }, words.node),
      el("p", { class: "spoken", "aria-live": "polite" }, spoken.node),
      made.together ? made.together.node : null,
      made.moves ? section("What else moves", made.moves.node) : null,
      columns(few ? "few" : "many", [section("Matrix and Jacobian", made.matrix.node)], [section("Metrics", table.node, several ? made.classes.node : null)]),
      columns("wide", [section("Along the slider", made.lines.node)], [section("Where to go", made.advice.node)]),
      columns("wide", [section("Trade-off", made.tradeoff.node)], [section("Exchange rates", made.rates.node)]),
      made.surface ? section(pictures.surfaceTitle, made.surface.node) : null,
      made.points ? section(pictures.points.title, made.points.node) : null,
      section("Share this state", made.sharing.node),
      section("What this is", el("ul", { class: "plain" }, scene.notes.map((note) => el("li", {}, bdi(note))))),
    ),
  );
  renew();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", renew);
  const remove = () => {
    clearTimeout(settle);
    dark.removeEventListener("change", renew);
    made.moves?.remove();
  };
  return { jump, renew, remove };
}

function columns(kind, ...parts) {
  return el("div", { class: `columns ${kind}` }, parts.map((one) => el("div", {}, one)));
}

function pickers(view, change) {
  const { scene } = view;
  const found = [];
  const add = (label, name, options, data) => {
    const one = select(label, options, view[name], (value) => change(name, Number(value)), { "data-conjac": data });
    found.push({ node: one.node, show: () => (one.list.value = view[name]) });
  };
  const groups = scene.sheets.map((sheet, place) => [place, sheet.name || "all rows"]);
  if (groups.length > 1) add("Group", "sheet", groups, "group");
  add("Metric", "metric", scene.metrics.map((row, place) => [place, row.title]), "metric");
  const several = scene.kind === "offsets";
  const tracks = view.rows.tracks.map((track, place) => [place, several ? scene.labels[place] : track.coordinate]);
  if (tracks.length > 1) add(several ? "Offset of class" : "Coordinate", "track", tracks, several ? "class" : "coordinate");
  return found;
}

function sentence(view) {
  const row = view.scene.metrics[view.metric];
  const value = view.value(view.metric);
  if (!view.alone) {
    const limits = view.isEstimated ? ` ${interval(value.lower, value.upper)}, estimated` : "";
    return `${row.title} is ${number(value.value, 4)}${limits}, with several offsets away from where they were.`;
  }
  const gain = view.scaled(view.gain(view.metric));
  const where = view.now.name === "threshold" ? number(view.at, 4) : `${view.now.name} = ${number(view.at, 4)}`;
  const at = `${row.title} is ${number(value.value, 4)} at ${where}`;
  if (!Number.isFinite(gain.lower)) return `${at}; too few rows are near to say surely how it moves.`;
  const sure = gain.lower > 0 || gain.upper < 0 ? "" : ", which cannot be told from zero";
  return `${at}; ${signed(view.now.size)} would change it by ${signed(gain.value)}${sure}.`;
}
