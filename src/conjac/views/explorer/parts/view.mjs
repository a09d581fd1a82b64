// Where the explorer stands, and the figures there: all of them looked up.

import { exact, grouped, percent } from "./format.mjs";

export class View {
  constructor(scene) {
    this.scene = scene;
    this.sheet = 0;
    this.track = Math.max(0, this.rows.tracks.findIndex((track) => track.coordinate === scene.shown));
    this.metric = scene.metric;
    this.against = this.partner("recall", "precision");
    this.shifted = {}; // what else was moved, by name, where Python recomputes
    this.code = []; // and how, as Python
    this.start();
  }

  start() {
    this.step = this.now.base;
  }

  // Whether what the slider's track holds is what is shown; else its lines are of other rows' decisions.
  get alone() {
    return true;
  }

  get rows() {
    return this.scene.sheets[this.sheet];
  }

  get now() {
    return this.rows.tracks[this.track];
  }

  get n() {
    return this.now.at.length;
  }

  get at() {
    return this.now.at[this.step];
  }

  partner(...names) {
    const found = names.map((name) => this.scene.metrics.findIndex((row) => row.name === name));
    return found.find((place) => place >= 0 && place !== this.scene.metric) ?? (this.scene.metric ? 0 : 1);
  }

  // The figure in one place of an array whose last axis is the step.
  figure({ value, lower, upper }, place, step = this.step) {
    const k = place * this.n + step;
    return { value: value[k], lower: lower[k], upper: upper[k] };
  }

  matrix(place) {
    return this.figure(this.now.matrix, place);
  }

  slope(place) {
    return this.figure(this.now.slope, place);
  }

  value(place) {
    return this.figure(this.now.metric, place);
  }

  gain(place) {
    return this.figure(this.now.gain, place);
  }

  rate(place) {
    return this.figure(this.now.exchange, place);
  }

  // How far the counts of a true class may be from the exact ones, where rows are known by bins alone.
  bound(label) {
    return this.rows.bound ? this.rows.bound[label * this.n + this.step] : 0;
  }

  // What the slopes rest on, in words.
  evidence() {
    const { effective } = this.rows;
    if (!effective) return "";
    const told = this.scene.labels.map((label, k) => `${grouped(Math.round(effective[k * this.n + this.step]))} of ${label}`);
    return `Effective rows near the threshold: ${told.join(", ")}.`;
  }

  // The largest slope of a cell here, by which cells are shaded.
  steepest() {
    let most = 0;
    for (let place = 0; place < this.scene.labels.length ** 2; place++) most = Math.max(most, Math.abs(this.slope(place).value) || 0);
    return most;
  }

  // Which rows of the point map are predicted otherwise than at the operating point: how many, and each into an array.
  turned(into) {
    const { flips } = this.scene;
    const { base } = this.now;
    let sum = 0;
    for (let place = 0; place < into.length; place++) {
      into[place] = Number(this.step < flips[place] !== base < flips[place]);
      sum += into[place];
    }
    return sum;
  }

  // The step whose value is nearest; values may fall along the steps, as the share alerted does.
  nearest(value) {
    const { at } = this.now;
    const falls = at[0] > at[at.length - 1];
    let low = 0;
    let high = at.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (at[middle] > value === falls) low = middle;
      else high = middle;
    }
    return at[low] === value || Math.abs(at[low] - value) <= Math.abs(at[high] - value) ? low : high;
  }

  // The metric along the steps, or its limits or slopes.
  along(figures, place, side = "value") {
    return figures[side].subarray(place * this.n, (place + 1) * this.n);
  }

  // The same place after another group, coordinate or class was chosen.
  moved(name, at) {
    if (name === "sheet" && Number.isFinite(at)) this.step = Math.min(this.step, this.n - 1);
  }

  // The same rows after something else moved; two classes keep their steps.
  replace(k, sheet) {
    this.scene.sheets[k] = sheet;
  }

  summary() {
    const alerted = this.matrix(1).value + this.matrix(3).value;
    const all = alerted + this.matrix(0).value + this.matrix(2).value;
    return `${percent(alerted / all)} of the rows predicted positive`;
  }

  // What else a state holds, of an explorer of several classes.
  more() {
    return {};
  }

  takeMore() {
    return [];
  }

  // The arguments that say where it stands; at an end of a coordinate, in the first one.
  inPython() {
    const { at, coordinate } = Number.isFinite(this.at) ? this.now : this.rows.tracks[0];
    const unit = coordinate === "probability" ? [] : [`coordinate="${coordinate}"`];
    return [`threshold=${exact(at[this.step])}`, ...unit];
  }

  scaled(figure, by = this.now.size) {
    return { value: figure.value * by, lower: figure.lower * by, upper: figure.upper * by };
  }

  // Which way to move for a better value: 1, -1, or 0 where that is not told from noise.
  betters(place) {
    const { lower, upper } = this.gain(place);
    return ((lower > 0) - (upper < 0)) * this.scene.metrics[place].better;
  }
}
