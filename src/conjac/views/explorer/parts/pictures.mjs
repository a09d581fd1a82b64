// The surface, painted in Python, and rows as points, which know when they are predicted otherwise.

import { Chart, ends, faded } from "./chart.mjs";
import { el, text } from "./dom.mjs";
import { grouped, shorten, signed } from "./format.mjs";
import { plain } from "./lines.mjs";
import { Rings } from "./rings.mjs";

const BARE = { l: 0, r: 0, t: 0, b: 0 };
const NARROW = 600; // pixels below which the whole surface is seen from farther away
const farther = ({ x, y, z }) => ({ x: 1.4 * x, y: 1.4 * y, z: 1.4 * z });
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star", "x"];

export function surface(view, host) {
  const { pictures } = view.scene;
  const space = hasWebGL();
  const painted = space ? pictures.surface : pictures.flat;
  const make = () => {
    const { data, layout } = themed(painted, pictures.dark, host.root);
    const { title, meta, width, height, ...rest } = layout;
    if (space && host.root.clientWidth < NARROW) {
      rest.scene.camera.eye = farther(rest.scene.camera.eye);
      for (const one of data) one.showscale = false; // the axis tells it as well
    }
    return { traces: data, layout: { ...rest, showlegend: false, ...(space && { margin: BARE }) }, description: meta.description };
  };
  const chart = new Chart(host, pictures.surfaceTitle, make, { height: 460 });
  const note = space ? "" : "WebGL is missing here: the surface is seen from above.";
  return {
    node: el("div", { "data-conjac": space ? "surface" : "surface-flat" }, el("p", { class: "note" }, note), chart.node),
    renew: () => chart.renew(),
    update() {},
  };
}

function hasWebGL() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

// What is painted in the light, in the colours that hold.
function themed(painted, darker, root) {
  const dark = getComputedStyle(root).getPropertyValue("--theme").trim() === "dark";
  if (!dark) return structuredClone(painted);
  const now = (one) => {
    if (typeof one === "string") return darker[one] ?? fadedInDark(one, darker);
    if (Array.isArray(one)) return one.map(now);
    if (one === null || typeof one !== "object" || ArrayBuffer.isView(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, now(item)]));
  };
  return now(painted);
}

function fadedInDark(colour, dark) {
  const parts = /^rgba\((\d+),(\d+),(\d+),([\d.]+)\)$/.exec(colour);
  if (!parts) return colour;
  const hex = `#${parts.slice(1, 4).map((one) => Number(one).toString(16).padStart(2, "0")).join("")}`;
  return dark[hex] ? faded(dark[hex], parts[4]) : colour;
}

export function points(view, host) {
  const map = view.scene.pictures.points;
  const now = text();
  const chart = new Chart(host, map.title, (colour) => drawn(map, colour), { height: 460 });
  const changed = new Uint8Array(map.x.length);
  const rings = new Rings(chart, map.x, map.y, changed);
  return {
    node: el("div", { "data-conjac": "points" }, el("p", { class: "note" }, now.node), chart.node),
    renew: () => chart.renew(),
    update() {
      const sum = view.turned(changed);
      rings.draw();
      now.set(`${grouped(sum)} of these ${grouped(changed.length)} rows are predicted otherwise than at the operating point: ringed.`);
    },
  };
}

function groups(map) {
  return map.marks.map((_, k) => [...map.mark.keys()].filter((place) => map.mark[place] === k));
}

function drawn(map, colour) {
  const scale = Array.from({ length: 21 }, (_, k) => [k / 20, colour(`diverging-${k}`)]);
  const traces = groups(map).map((places, k) => ({
    type: "scatter",
    mode: "markers",
    name: plain(shorten(map.marks[k])),
    x: places.map((p) => map.x[p]),
    y: places.map((p) => map.y[p]),
    text: places.map((p) => `row ${map.row[p]}, true ${plain(map.true[p])}, predicted ${plain(map.predicted[p])} at the operating point<br>adds ${signed(map.contribution[p])} ${plain(map.unit)}`),
    hovertemplate: "%{text}<extra></extra>",
    marker: {
      symbol: SYMBOLS[k % SYMBOLS.length],
      size: places.map((p) => (map.contribution[p] ? 9 : 5)),
      color: places.map((p) => map.contribution[p] ?? 0),
      colorscale: scale,
      cmin: -map.limit,
      cmax: map.limit,
      line: { color: colour("faint"), width: 0.5 },
      showscale: k === 0,
      colorbar: { title: { text: plain(map.unit), side: "right" }, thickness: 12, len: 0.8, outlinewidth: 0, tickformat: ".2~e" },
    },
  }));
  const legend = { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, bgcolor: "rgba(0,0,0,0)" };
  const layout = {
    xaxis: { range: ends(map.x), title: { text: plain(map.x_label) }, showgrid: false },
    yaxis: { range: ends(map.y), title: { text: plain(map.y_label) }, showgrid: false },
    showlegend: true,
    legend,
    margin: { l: 58, r: 14, t: 46, b: 46 },
  };
  return { traces, layout, description: map.description };
}
