// Several classes: where each offset stands. One that is moved alone is looked up; what several do together is estimated.

import { exact, percent } from "./format.mjs";
import { Joint } from "./joint.mjs";
import { View } from "./view.mjs";

const UNKNOWN = { value: NaN, lower: NaN, upper: NaN };

export class OffsetView extends View {
  start() {
    this.steps = this.rows.tracks.map((track) => track.base);
  }

  get step() {
    return this.steps[this.track];
  }

  set step(step) {
    this.steps[this.track] = step;
  }

  get away() {
    return this.steps.flatMap((step, k) => (step === this.rows.tracks[k].base ? [] : [k]));
  }

  // Whether nothing but the offset of the slider is moved.
  get alone() {
    return this.away.every((k) => k === this.track);
  }

  get isEstimated() {
    return this.away.length > 1;
  }

  // The one track that holds the figures here, if one does.
  get held() {
    const { tracks } = this.rows;
    let [found, moved] = [this.track, 0];
    for (let k = 0; k < tracks.length; k++) {
      if (this.steps[k] === tracks[k].base) continue;
      found = k;
      moved += 1;
    }
    return moved > 1 ? null : found;
  }

  looked(kind, place) {
    const { held } = this;
    if (held === null) return null;
    const track = this.rows.tracks[held];
    const k = place * track.at.length + this.steps[held];
    return { value: track[kind].value[k], lower: track[kind].lower[k], upper: track[kind].upper[k] };
  }

  get joint() {
    const key = [this.sheet, ...this.steps].join();
    if (this.jointKey !== key) {
      this.jointKey = key;
      this.rows.joint ??= new Joint(this.rows);
      this.jointFound = this.rows.joint.at(this.steps);
    }
    return this.jointFound;
  }

  matrix(place) {
    return this.looked("matrix", place) ?? this.joint.matrix(place);
  }

  value(place) {
    return this.looked("metric", place) ?? this.joint.metric(place);
  }

  slope(place) {
    return this.alone ? super.slope(place) : UNKNOWN;
  }

  gain(place) {
    return this.alone ? super.gain(place) : UNKNOWN;
  }

  rate(place) {
    return this.alone ? super.rate(place) : UNKNOWN;
  }

  turned(into) {
    const { labels, flips } = this.scene;
    const n = labels.length;
    const shifts = this.shifts();
    const none = shifts.map(() => 0);
    this.stood ??= into.map((_, place) => highest(flips, place * n, none));
    let sum = 0;
    for (let place = 0; place < into.length; place++) {
      into[place] = Number(highest(flips, place * n, shifts) !== this.stood[place]);
      sum += into[place];
    }
    return sum;
  }

  shifts() {
    return this.rows.tracks.map((track, k) => track.at[this.steps[k]] - track.at[track.base]);
  }

  moved(name) {
    if (name === "sheet") this.start();
  }

  // Steps lie where the rows turn, so they move with them: the offsets stay as near as there are steps.
  replace(k, sheet) {
    const { away, track: here } = this;
    const stood = away.map((place) => [place, this.rows.tracks[place].at[this.steps[place]]]);
    super.replace(k, sheet);
    this.jointKey = "";
    if (k !== this.sheet) return;
    this.start();
    for (const [place, value] of stood) {
      this.track = place;
      this.step = this.nearest(value);
    }
    this.track = here;
  }

  summary() {
    const { labels } = this.scene;
    const n = labels.length;
    let [all, mine] = [0, 0];
    for (let place = 0; place < n * n; place++) {
      const { value } = this.matrix(place);
      all += value;
      if (place % n === this.track) mine += value;
    }
    return `${percent(mine / all)} of the rows predicted ${labels[this.track]}${this.isEstimated ? ", estimated" : ""}`;
  }

  more() {
    const { tracks } = this.rows;
    const { labels } = this.scene;
    return { offsets: Object.fromEntries(this.away.map((k) => [labels[k], tracks[k].at[this.steps[k]]])) };
  }

  takeMore({ offsets }) {
    const here = this.track;
    const { step } = this;
    this.start();
    this.step = step;
    const strange = [];
    for (const [label, value] of Object.entries(offsets ?? {})) {
      this.track = this.scene.labels.indexOf(label);
      if (this.track >= 0 && Number.isFinite(value)) this.step = this.nearest(value);
      else strange.push(`offset of ${JSON.stringify(label)}`);
    }
    this.track = here;
    return strange;
  }

  inPython() {
    const told = this.rows.tracks.map((track, k) => exact(track.at[this.steps[k]]));
    return [`offsets=[${told.join(", ")}]`];
  }
}

// Which class is the highest of those that begin at a place, with what is added to each.
function highest(scores, first, shifts) {
  let [best, most] = [0, -Infinity];
  for (let k = 0; k < shifts.length; k++) {
    const score = scores[first + k] + shifts[k];
    if (score > most) {
      most = score;
      best = k;
    }
  }
  return best;
}
