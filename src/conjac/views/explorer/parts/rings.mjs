// Rings around some points of a chart, on a canvas of their own: the picture beneath is not painted again.

import { colours } from "./chart.mjs";
import { el } from "./dom.mjs";

const RADIUS = 6;
const WIDE = 16;

export class Rings {
  constructor(chart, x, y, shown) {
    Object.assign(this, { chart, x, y, shown, canvas: el("canvas", { class: "rings", "aria-hidden": "true" }) });
    chart.box.append(this.canvas);
    chart.overlay = () => {
      this.colour = colours(chart.host.root)("ink"); // asked for now, since asking lays the page out
      this.draw();
    };
  }

  draw() {
    const { chart, canvas, shown } = this;
    if (!chart.area || !chart.seen) return;
    const { width } = chart.plot.layout;
    const scale = devicePixelRatio;
    if (canvas.width !== Math.round(width * scale)) {
      [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(chart.height * scale)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${chart.height}px`];
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, chart.height);
    const ring = this.ring(scale, this.colour);
    for (let place = 0; place < shown.length; place++) {
      const at = shown[place] && chart.where(this.x[place], this.y[place]);
      if (at) pen.drawImage(ring, at[0] - WIDE / 2, at[1] - WIDE / 2, WIDE, WIDE);
    }
    canvas.dataset.rings = shown.reduce((sum, one) => sum + one, 0);
  }

  // One ring, drawn once in a colour, and then copied.
  ring(scale, colour) {
    if (this.drawn?.colour !== colour || this.drawn.scale !== scale) {
      const image = el("canvas", { width: WIDE * scale, height: WIDE * scale });
      const pen = image.getContext("2d");
      pen.scale(scale, scale);
      pen.strokeStyle = colour;
      pen.lineWidth = 1.5;
      pen.arc(WIDE / 2, WIDE / 2, RADIUS, 0, 2 * Math.PI);
      pen.stroke();
      this.drawn = { colour, scale, image };
    }
    return this.drawn.image;
  }
}
