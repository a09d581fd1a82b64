// Several offsets moved together: the estimator of `conjac.views.summary.scene.joint`, by adding and dividing.

const UNSEEN = 0.2; // as there

export function estimated({ tracks, sample, ratios }, steps, nMetrics) {
  const n = tracks.length;
  const moves = tracks.map((track, k) => track.at[steps[k]] - track.at[track.base]);
  const base = new Float64Array(n * n);
  const alone = new Float64Array(n * n);
  for (let place = 0; place < n * n; place++) {
    base[place] = tracks[0].matrix.value[place * tracks[0].at.length + tracks[0].base];
    tracks.forEach(({ at, matrix }, k) => (alone[place] += matrix.value[place * at.length + steps[k]] - base[place]));
  }
  const known = (sample.known ??= prepared(sample, n));
  const together = summed(sample, known, n, (row, add) => add(highest(sample.score, row, n, moves), 1));
  const away = moves.flatMap((move, k) => (move ? [k] : []));
  const apart = summed(sample, known, n, (row, add) => {
    for (const k of away) add(highestOf(sample.score, row, n, known.stays[row], k, moves[k]), 1);
  });
  const [one, other] = [together.deviation, apart.deviation];
  let [squares, products] = [0, 0];
  for (let k = 0; k < one.length; k++) {
    squares += other[k] * other[k];
    products += one[k] * other[k];
  }
  const slope = squares > 0 ? products / squares : 1;
  const found = base.map((cell, k) => cell + slope * alone[k] + together.sum[k] - slope * apart.sum[k]);
  const deviation = one.map((part, k) => part - slope * other[k]);
  const stderr = Float64Array.from(found, (_, place) => {
    let sum = UNSEEN * known.unit[Math.floor(place / n)] ** 2;
    for (let k = place; k < deviation.length; k += n * n) sum += deviation[k] * deviation[k];
    return Math.sqrt(sum);
  });
  const metrics = Array.from({ length: nMetrics }, (_, place) => ratio(ratios[place], found, deviation));
  const limits = (value, error) => ({ value, lower: value - sample.quantile * error, upper: value + sample.quantile * error });
  return {
    matrix: (place) => limits(Math.max(0, Math.round(found[place] * 10) / 10), stderr[place]),
    metric: (place) => limits(...metrics[place]),
  };
}

// What does not depend on the moves.
function prepared({ score, true: labels, weight, stratum, replicate, spread, n_replicates: n_groups }, n) {
  const strata = Math.max(...stratum) + 1;
  const [total, group, of] = [new Float64Array(strata), new Float64Array(strata * n_groups), new Int32Array(strata)];
  const [squares, weights] = [new Float64Array(n), new Float64Array(n)];
  const stays = Int32Array.from(labels, (_, row) => highest(score, row, n, null));
  labels.forEach((label, row) => {
    total[stratum[row]] += weight[row];
    group[stratum[row] * n_groups + replicate[row]] += spread[row];
    of[stratum[row]] = label;
    squares[label] += spread[row] ** 2;
    weights[label] += weight[row];
  });
  return { strata, total, group, of, stays, unit: squares.map((one, k) => (weights[k] > 0 ? one / weights[k] : 0)) };
}

// Sums over the sample of where rows go, less where they were, and the deviations of its random groups.
function summed({ true: labels, weight, stratum, replicate, spread, n_replicates: groups }, { strata, total, group, of, stays }, n, goes) {
  const sum = new Float64Array(n * n);
  const deviation = new Float64Array(groups * n * n);
  const mean = new Float64Array(strata * n);
  for (let row = 0; row < labels.length; row++) {
    const first = labels[row] * n;
    const add = (column, by) => {
      const stay = stays[row];
      if (column === stay) return;
      for (const [to, sign] of [[column, by], [stay, -by]]) {
        sum[first + to] += sign * weight[row];
        mean[stratum[row] * n + to] += sign * weight[row];
        deviation[replicate[row] * n * n + first + to] += sign * spread[row];
      }
    };
    goes(row, add);
  }
  for (let s = 0; s < strata; s++) {
    for (let column = 0; column < n; column++) {
      const share = mean[s * n + column] / total[s];
      if (!share) continue;
      for (let g = 0; g < groups; g++) deviation[g * n * n + of[s] * n + column] -= group[s * groups + g] * share;
    }
  }
  return { sum, deviation };
}

function highest(score, row, n, moves) {
  let [best, most] = [0, -Infinity];
  for (let k = 0; k < n; k++) {
    const value = score[row * n + k] + (moves ? moves[k] : 0);
    if (value > most) [best, most] = [k, value];
  }
  return best;
}

// Where one offset alone is moved: to its class, or, of a row of that class, wherever the highest is then.
function highestOf(score, row, n, stay, k, move) {
  if (stay !== k && move < 0) return stay;
  let [best, most] = [0, -Infinity];
  for (let j = 0; j < n; j++) {
    const value = score[row * n + j] + (j === k ? move : 0);
    if (value > most) [best, most] = [j, value];
  }
  return best;
}

// A mean of ratios of sums of cells, with the error that the deviations give it; undefined of any other metric.
function ratio(told, cells, deviation) {
  if (!told) return [NaN, NaN];
  const size = cells.length;
  const value = meanOf(told, cells);
  let squares = 0;
  for (let start = 0; start < deviation.length; start += size) {
    const moved = cells.map((cell, k) => cell + deviation[start + k]);
    squares += (meanOf(told, moved) - value) ** 2;
  }
  return [value, Math.sqrt(squares)];
}

function meanOf({ weight, undefined: empty, above, below }, cells) {
  const [over, under] = [above, below].map(({ form, cell, by }) => {
    const sums = new Float64Array(weight.length);
    form.forEach((place, k) => (sums[place] += by[k] * cells[cell[k]]));
    return sums;
  });
  let [sum, total] = [0, 0];
  weight.forEach((one, k) => {
    const share = under[k] === 0 ? empty : over[k] / under[k];
    if (share === null || Number.isNaN(share)) return;
    sum += one * share;
    total += one;
  });
  return total ? sum / total : (empty ?? NaN);
}
