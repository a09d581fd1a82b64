// A Plotly chart that is drawn when it is first seen, and a cursor over it that moves without drawing it again.

import { el, text } from "./dom.mjs";

const MARGIN = { l: 58, r: 14, t: 10, b: 46 };
const FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, system-ui, sans-serif';

export function colours(root) {
  const style = getComputedStyle(root);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

export function faded(colour, opacity) {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
  return `rgba(${r},${g},${b},${opacity})`;
}

export class Chart {
  // ``make`` returns traces, a layout and a description, in the colours that hold.
  constructor(host, name, make, { height = 300, cursor = "line" } = {}) {
    Object.assign(this, { host, make, height, range: null, area: null, overlay: () => {}, stale: true, seen: false });
    this.plot = el("div", { class: "plot", style: `height:${height}px` });
    this.cursor = el("div", { class: `cursor ${cursor}`, hidden: true });
    this.missing = text();
    this.box = el("div", { class: "chart", role: "img", "aria-label": name }, this.plot, this.cursor);
    this.node = el("div", {}, this.box, el("p", { class: "note" }, this.missing.node));
    this.name = name;
    new IntersectionObserver((all) => this.show(all.some((one) => one.isIntersecting)), { rootMargin: "200px" }).observe(
      this.box,
    );
    new ResizeObserver(() => this.resize()).observe(this.box);
  }

  show(seen) {
    this.seen = seen;
    if (seen && this.stale) this.draw();
  }

  // What is behind the picture has changed; it is drawn again once it is seen.
  renew() {
    this.stale = true;
    if (this.seen) this.draw();
  }

  async draw() {
    if (this.drawing) return;
    this.drawing = true;
    try {
      const Plotly = await this.host.plotly();
      await this.host.rest();
      while (this.stale) {
        this.stale = false;
        const { traces, layout, description, config } = this.make(colours(this.host.root));
        this.box.setAttribute("aria-label", `${this.name}. ${description}`);
        this.range = [layout.xaxis?.range, layout.yaxis?.range];
        await Plotly.react(this.plot, traces, this.framed(layout), { displayModeBar: false, ...config });
      }
      if (!this.drawn) this.plot.on("plotly_relayout", () => this.zoomed());
      this.drawn = true;
      this.missing.set("");
      this.settle();
    } catch (error) {
      this.missing.set(`This picture could not be drawn here: ${error.message}`);
    } finally {
      this.drawing = false;
    }
  }

  framed(layout) {
    const colour = colours(this.host.root);
    const axis = { gridcolor: colour("rule"), zeroline: false, linecolor: colour("faint"), fixedrange: false };
    const { xaxis, yaxis, ...rest } = layout;
    return {
      template: "none",
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: FONT, size: 12, color: colour("ink") },
      hoverlabel: { bgcolor: colour("wash"), bordercolor: colour("rule"), font: { color: colour("ink") } },
      margin: MARGIN,
      showlegend: false,
      width: this.box.clientWidth,
      height: this.height,
      xaxis: { ...axis, ...xaxis },
      yaxis: { ...axis, ...yaxis },
      ...rest,
    };
  }

  async resize() {
    const width = this.box.clientWidth;
    if (!this.drawn || !width || width === this.plot.layout.width) return;
    const Plotly = await this.host.plotly();
    await Plotly.relayout(this.plot, { width });
    this.settle();
  }

  zoomed() {
    const { xaxis, yaxis } = this.plot.layout;
    this.range = [xaxis?.range, yaxis?.range];
    this.settle();
  }

  hide() {
    this.placed = null;
    this.cursor.hidden = true;
  }

  // Put what lies over the picture where it belongs now.
  settle() {
    const axes = this.plot.querySelector(".nsewdrag"); // what the mouse drags: the axes, wherever margins put them
    this.area = axes && ["x", "y", "width", "height"].map((name) => Number(axes.getAttribute(name)));
    if (this.placed) this.place(...this.placed);
    this.overlay();
  }

  // Where a place of the axes lies in the box, in pixels; nothing outside the axes.
  where(x, y) {
    const [across, up] = this.range ?? [];
    if (!this.area || !across) return null;
    const [left, top, width, height] = this.area;
    const right = (x - across[0]) / (across[1] - across[0]);
    const high = up ? (y - up[0]) / (up[1] - up[0]) : 1;
    if (!(right >= 0 && right <= 1 && high >= 0 && high <= 1)) return null;
    return [left + right * width, top + (1 - high) * height];
  }

  // Move the cursor to a place of the axes; y is left out of a line.
  place(x, y) {
    this.placed = [x, y];
    const at = this.where(x, y ?? this.range?.[1]?.[1]);
    if (this.cursor.hidden === Boolean(at)) this.cursor.hidden = !at;
    if (at) this.cursor.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
  }
}

// The ends of some numbers, with a little room.
export function ends(values, share = 0.05) {
  let [low, high] = [Infinity, -Infinity];
  for (const one of values) {
    if (!Number.isFinite(one)) continue;
    if (one < low) low = one;
    if (one > high) high = one;
  }
  if (low > high) return [0, 1];
  const room = share * (high - low) || 1e-9;
  return [low - room, high + room];
}
