// Any metric against any other, along what the slider moves.

import { Chart, ends } from "./chart.mjs";
import { el, select } from "./dom.mjs";
import { number } from "./format.mjs";
import { axisName, plain } from "./lines.mjs";

const WRITTEN = 7;
const APART = 0.1; // of the ranges, between two values that are written

export function tradeoff(view, host, change) {
  const chart = new Chart(host, "Trade-off", (colour) => drawn(view, colour), { height: 380, cursor: "dot" });
  const options = view.scene.metrics.map((row, place) => [place, row.title]);
  const choice = select("Against", options, view.against, (place) => change(Number(place)), { "data-conjac": "against" });
  return {
    node: el("div", {}, choice.node, chart.node),
    renew() {
      choice.list.value = view.against;
      chart.renew();
    },
    update() {
      if (!view.alone) chart.hide();
      else chart.place(view.value(view.against).value, view.value(view.metric).value);
    },
  };
}

function drawn(view, colour) {
  const { metric, at } = view.now;
  const [x, y] = [view.along(metric, view.against), view.along(metric, view.metric)];
  const [across, up] = [ends(x), ends(y)];
  const names = [view.against, view.metric].map((place) => view.scene.metrics[place].title);
  const places = written(x, y, across, up);
  const told = Array.from(at, (value) => `${plain(axisName(view))} ${number(value, 4)}`);
  const hue = colour("series-0");
  const traces = [
    {
      type: "scatter",
      mode: "lines",
      x,
      y,
      text: told,
      line: { color: hue, width: 2 },
      hovertemplate: `%{text}<br>${plain(names[0])} %{x:.4g}<br>${plain(names[1])} %{y:.4g}<extra></extra>`,
    },
    {
      type: "scatter",
      mode: "markers+text",
      x: places.map((k) => x[k]),
      y: places.map((k) => y[k]),
      text: places.map((k) => number(at[k])),
      textposition: "top right",
      textfont: { color: colour("muted"), size: 11 },
      marker: { color: hue, size: 6 },
      hoverinfo: "skip",
      cliponaxis: false,
    },
  ];
  const layout = {
    xaxis: { range: across, title: { text: plain(names[0]) } },
    yaxis: { range: up, title: { text: plain(names[1]) } },
  };
  return { traces, layout, description: `${names[1]} against ${names[0]}, with some values of the slider beside the line.` };
}

function written(x, y, across, up) {
  const found = [];
  const wide = [across[1] - across[0], up[1] - up[0]];
  const far = (j, k) => Math.hypot((x[j] - x[k]) / wide[0], (y[j] - y[k]) / wide[1]) >= APART;
  for (let k = 0; k < WRITTEN * 4; k++) {
    const step = Math.round((k / (WRITTEN * 4 - 1)) * (x.length - 1));
    const known = Number.isFinite(x[step]) && Number.isFinite(y[step]);
    if (known && found.every((other) => far(other, step)) && found.length < 2 * WRITTEN) found.push(step);
  }
  return found;
}
