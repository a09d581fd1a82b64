// What `conjac.views.summary.scene.pack` packed: arrays of numbers, by their places in the tree.

const DROPPED = 10; // of 24 binary digits; `DROPPED` there

export function unpack({ value, arrays }, blob) {
  let start = 0;
  const read = arrays.map(({ kind, shape, bytes }) => {
    const part = blob.subarray(start, (start += bytes));
    return decoded(kind, part, shape.at(-1) ?? 1);
  });
  const restore = (one) => {
    if (Array.isArray(one)) return one.map(restore);
    if (one === null || typeof one !== "object") return one;
    if ("$" in one) return read[one.$];
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, restore(item)]));
  };
  return restore(value);
}

function decoded(kind, bytes, run) {
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
  return kind === "i" ? whole : floats(whole);
}

function floats(whole) {
  const bits = new Int32Array(whole.length);
  whole.forEach((one, k) => {
    bits[k] = one < 0 ? (-one << DROPPED) | 0x80000000 : one << DROPPED;
  });
  return new Float32Array(bits.buffer);
}

export function unzipped(base64) {
  return inflated(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
}

export async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
