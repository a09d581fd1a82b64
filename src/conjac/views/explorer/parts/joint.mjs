// Several offsets moved together: the estimator of `conjac.views.summary.scene.joint`, by adding and dividing.

const UNSEEN = 0.2; // as there

export class Joint {
  constructor({ tracks, sample, ratios }) {
    Object.assign(this, { tracks, sample, ratios, n: tracks.length, alone: [] });
    const { true: labels, weight, stratum, replicate, spread, n_replicates: groups } = sample;
    const n = this.n;
    this.strata = stratum.reduce((most, one) => Math.max(most, one), 0) + 1;
    this.total = new Float64Array(this.strata);
    this.group = new Float64Array(this.strata * groups);
    this.labelOf = new Int32Array(this.strata);
    const [squares, weights] = [new Float64Array(n), new Float64Array(n)];
    labels.forEach((label, row) => {
      this.total[stratum[row]] += weight[row];
      this.group[stratum[row] * groups + replicate[row]] += spread[row];
      this.labelOf[stratum[row]] = label;
      squares[label] += spread[row] ** 2;
      weights[label] += weight[row];
    });
    this.unseen = squares.map((one, k) => (weights[k] > 0 ? UNSEEN * (one / weights[k]) ** 2 : 0));
    this.stays = this.goTo(new Float64Array(n));
    this.base = Float64Array.from({ length: n * n }, (_, place) => counted(tracks[0], place, tracks[0].base));
  }

  // The matrix and the metrics at one step of each track.
  at(steps) {
    const { n, tracks, base } = this;
    const moves = Float64Array.from(tracks, ({ at, base: here }, k) => at[steps[k]] - at[here]);
    const together = this.summed(this.goTo(moves));
    const apart = { sum: new Float64Array(n * n), deviation: new Float64Array(together.deviation.length) };
    const alone = new Float64Array(n * n);
    tracks.forEach((track, k) => {
      if (steps[k] === track.base) return;
      const { sum, deviation } = this.moved(k, steps[k], moves[k]);
      add(apart.sum, sum);
      add(apart.deviation, deviation);
      for (let place = 0; place < n * n; place++) alone[place] += counted(track, place, steps[k]) - base[place];
    });
    const squares = product(apart.deviation, apart.deviation);
    const slope = squares > 0 ? product(together.deviation, apart.deviation) / squares : 1;
    const found = base.map((cell, k) => cell + slope * alone[k] + together.sum[k] - slope * apart.sum[k]);
    const deviation = together.deviation.map((part, k) => part - slope * apart.deviation[k]);
    const stderr = found.map((_, place) => {
      let sum = this.unseen[Math.floor(place / n)];
      for (let k = place; k < deviation.length; k += n * n) sum += deviation[k] * deviation[k];
      return Math.sqrt(sum);
    });
    const metrics = this.ratios.map((told) => (told ? ratio(told, found, deviation) : [NaN, NaN]));
    const half = this.sample.quantile;
    const limits = (value, error) => ({ value, lower: value - half * error, upper: value + half * error });
    return {
      matrix: (place) => limits(Math.max(0, Math.round(found[place] * 10) / 10), stderr[place]),
      metric: (place) => limits(...metrics[place]),
    };
  }

  // What one offset alone does to the sample; that of its last step is kept.
  moved(k, step, move) {
    if (this.alone[k]?.step !== step) {
      const moves = new Float64Array(this.n);
      moves[k] = move;
      this.alone[k] = { step, ...this.summed(this.goTo(moves)) };
    }
    return this.alone[k];
  }

  // Where each row of the sample goes.
  goTo(moves) {
    const { n } = this;
    const { score, true: labels } = this.sample;
    const found = new Int32Array(labels.length);
    for (let row = 0, first = 0; row < found.length; row++, first += n) {
      let most = -Infinity;
      for (let k = 0; k < n; k++) {
        const value = score[first + k] + moves[k];
        if (value > most) {
          most = value;
          found[row] = k;
        }
      }
    }
    return found;
  }

  // Sums over the sample of where rows go, less where they were, and the deviations of its random groups.
  summed(goes) {
    const { n, stays, strata, total, group, labelOf } = this;
    const { true: labels, weight, stratum, replicate, spread, n_replicates: groups } = this.sample;
    const sum = new Float64Array(n * n);
    const deviation = new Float64Array(groups * n * n);
    const mean = new Float64Array(strata * n);
    for (let row = 0; row < goes.length; row++) {
      const [to, from] = [goes[row], stays[row]];
      if (to === from) continue;
      const first = labels[row] * n;
      const own = stratum[row] * n;
      const part = replicate[row] * n * n + first;
      sum[first + to] += weight[row];
      sum[first + from] -= weight[row];
      mean[own + to] += weight[row];
      mean[own + from] -= weight[row];
      deviation[part + to] += spread[row];
      deviation[part + from] -= spread[row];
    }
    for (let s = 0; s < strata; s++) {
      for (let column = 0; column < n; column++) {
        const share = mean[s * n + column] / total[s];
        if (!share) continue;
        const cell = labelOf[s] * n + column;
        for (let g = 0; g < groups; g++) deviation[g * n * n + cell] -= group[s * groups + g] * share;
      }
    }
    return { sum, deviation };
  }
}

function counted({ at, matrix }, place, step) {
  return matrix.value[place * at.length + step];
}

function add(to, more) {
  for (let k = 0; k < to.length; k++) to[k] += more[k];
}

function product(one, other) {
  let sum = 0;
  for (let k = 0; k < one.length; k++) sum += one[k] * other[k];
  return sum;
}

// A mean of ratios of sums of cells, with the error that the deviations give it.
function ratio({ weight, undefined: empty, above, below }, cells, deviation) {
  const size = cells.length;
  const forms = ({ form, cell, by }, of, start) => {
    const sums = new Float64Array(weight.length);
    for (let k = 0; k < form.length; k++) sums[form[k]] += by[k] * of[start + cell[k]];
    return sums;
  };
  const mean = (over, under) => {
    let [sum, all] = [0, 0];
    for (let k = 0; k < weight.length; k++) {
      const share = under[k] === 0 ? empty : over[k] / under[k];
      if (share === null || Number.isNaN(share)) continue;
      sum += weight[k] * share;
      all += weight[k];
    }
    return all ? sum / all : (empty ?? NaN);
  };
  const [over, under] = [forms(above, cells, 0), forms(below, cells, 0)];
  const value = mean(over, under);
  let squares = 0;
  for (let start = 0; start < deviation.length; start += size) {
    const [more, most] = [forms(above, deviation, start), forms(below, deviation, start)];
    add(more, over);
    add(most, under);
    squares += (mean(more, most) - value) ** 2;
  }
  return [value, Math.sqrt(squares)];
}
