// What `conjac.views.summary.scene.pack` packed: arrays of numbers, by their places in the tree.

export function unpack({ value, arrays }, blob) {
  let start = 0;
  const read = arrays.map(({ kind, digits, shape, bytes }) => {
    const part = blob.subarray(start, (start += bytes));
    return decoded(kind, part, shape.at(-1) ?? 1, 24 - digits);
  });
  const restore = (one) => {
    if (Array.isArray(one)) return one.map(restore);
    if (one === null || typeof one !== "object") return one;
    if ("$" in one) return read[one.$];
    if (["value", "below", "above"].every((key) => key in one)) return figure(...[one.value, one.below, one.above].map(restore));
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, restore(item)]));
  };
  return restore(value);
}

function decoded(kind, bytes, run, dropped) {
  const size = kind === "d" ? 8 : 4;
  const plain = new Uint8Array(bytes.length);
  const n = bytes.length / size;
  for (let byte = 0, from = 0; byte < size; byte++) {
    for (let k = byte; k < plain.length; k += size) plain[k] = bytes[from++];
  }
  if (kind === "d") return new Float64Array(plain.buffer);
  const coded = new Uint32Array(plain.buffer);
  const whole = new Int32Array(n);
  for (let k = 0, sum = 0; k < n; k++) {
    sum = (k % run ? sum : 0) + ((coded[k] >>> 1) ^ -(coded[k] & 1));
    whole[k] = sum;
  }
  return kind === "i" ? whole : floats(whole, dropped);
}

// A figure with its limits, which are kept as their distances from it.
function figure(value, below, above) {
  const limit = (sign, distance) => Float32Array.from(value, (one, k) => one + sign * distance[k]);
  return { value, lower: limit(-1, below), upper: limit(1, above) };
}

function floats(whole, dropped) {
  const bits = new Int32Array(whole.length);
  whole.forEach((one, k) => {
    bits[k] = one < 0 ? (-one << dropped) | 0x80000000 : one << dropped;
  });
  return new Float32Array(bits.buffer);
}

export function unzipped(text) {
  return inflated(fromBase85(text));
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%,()*+-;:=.?@^_`{|}~";

// Five letters for four bytes, which are in HTML as they are: `conjac.views.explorer.page.in_text`.
export function fromBase85(text) {
  const values = new Uint8Array(128);
  [...LETTERS].forEach((letter, value) => (values[letter.charCodeAt(0)] = value));
  const bytes = new DataView(new ArrayBuffer(4 * Math.ceil(text.length / 5)));
  for (let k = 0, at = 0; k < text.length; k += 5, at += 4) {
    let word = 0;
    for (let n = k; n < k + 5; n++) word = word * 85 + (n < text.length ? values[text.charCodeAt(n)] : 84);
    bytes.setUint32(at, word);
  }
  const missing = (5 - (text.length % 5)) % 5;
  return new Uint8Array(bytes.buffer, 0, bytes.byteLength - missing);
}

export async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
