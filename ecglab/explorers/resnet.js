// ResNet-50 in plain JavaScript: what chapter 6 writes in NumPy, fifty layers of it. A map is
// { h, w, c, v }: height, width, channels, and the values row by row, all channels of a pixel
// side by side. A layer is { kernel: [kh, kw, in, out], stride, weights, shift }.

// Each input value goes to all filters at once, times its row of weights. After a ReLU about half
// of the values are 0 and send nothing.
function convolve({ h, w, c, v }, { kernel, stride, weights, shift }) {
  const [kh, kw, , filters] = kernel;
  const [top, left] = [kh >> 1, kw >> 1]; // rows and columns of zeros around the map
  const rows = Math.floor((h + 2 * top - kh) / stride) + 1;
  const columns = Math.floor((w + 2 * left - kw) / stride) + 1;
  const out = new Float32Array(rows * columns * filters);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const sum = out.subarray((row * columns + column) * filters, (row * columns + column + 1) * filters);
      sum.set(shift);
      for (let i = 0; i < kh; i++) {
        const y = row * stride + i - top;
        if (y < 0 || y >= h) continue;
        for (let j = 0; j < kw; j++) {
          const x = column * stride + j - left;
          if (x < 0 || x >= w) continue;
          addProducts(sum, v, (y * w + x) * c, weights, (i * kw + j) * c * filters, c);
        }
      }
    }
  return { h: rows, w: columns, c: filters, v: out };
}

// sum += values · weights: some values from a place on, and as many rows of weights.
function addProducts(sum, values, from, weights, row, count) {
  const filters = sum.length;
  for (let k = 0; k < count; k++, row += filters) {
    const value = values[from + k];
    if (value === 0) continue;
    for (let f = 0; f < filters; f++) sum[f] += value * weights[row + f];
  }
}

function relu(map) {
  for (let i = 0; i < map.v.length; i++) if (map.v[i] < 0) map.v[i] = 0;
  return map;
}

// The largest of 3×3 values, at every second row and column; nothing is below the zeros around.
function pool({ h, w, c, v }) {
  const [rows, columns] = [(h + 1) >> 1, (w + 1) >> 1];
  const out = new Float32Array(rows * columns * c);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = Math.max(2 * row - 1, 0); y < Math.min(2 * row + 2, h); y++)
        for (let x = Math.max(2 * column - 1, 0); x < Math.min(2 * column + 2, w); x++)
          for (let k = 0; k < c; k++) {
            const at = (row * columns + column) * c + k;
            out[at] = Math.max(out[at], v[(y * w + x) * c + k]);
          }
  return { h: rows, w: columns, c, v: out };
}

function add(one, other) {
  for (let i = 0; i < one.v.length; i++) one.v[i] += other.v[i];
  return one;
}

// Three convolutions; what came in is added, projected where the size has changed.
function block(x, name, layers) {
  let y = relu(convolve(x, layers[`${name}_1`]));
  y = relu(convolve(y, layers[`${name}_2`]));
  y = convolve(y, layers[`${name}_3`]);
  const shortcut = layers[`${name}_0`];
  return relu(add(y, shortcut ? convolve(x, shortcut) : x));
}

function average({ c, v }) {
  const means = new Float32Array(c);
  for (let i = 0; i < v.length; i++) means[i % c] += (v[i] * c) / v.length;
  return means;
}

function dense(values, { weights, shift }) {
  const sum = Float32Array.from(shift);
  addProducts(sum, values, 0, weights, 0, values.length);
  return sum;
}

function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

// From an image and the columns of numbers beside it to logits, and the maps on the way.
function forward({ layers, blocks, scaling }, image, columns) {
  const maps = { conv1: relu(convolve(image, layers.conv1)) };
  let x = pool(maps.conv1);
  for (const name of blocks) maps[name] = x = block(x, name, layers);
  let features = average(x);
  if (scaling) {
    const y = { v: columns.map((value, i) => value * scaling.scale[i] + scaling.shift[i]) };
    for (const name of ["rr_dense1", "rr_dense2"]) y.v = relu({ v: dense(y.v, layers[name]) }).v;
    features = Float32Array.of(...features, ...y.v);
  }
  return { logits: dense(features, layers.logits), maps };
}

// Class activation map: how much each pixel of the last map adds to a class's logit, if it does.
function activation({ h, w, c, v }, { kernel, weights }, kind) {
  const evidence = new Float32Array(h * w);
  for (let i = 0; i < v.length; i++)
    evidence[Math.floor(i / c)] += (v[i] * weights[(i % c) * kernel[1] + kind]) / (h * w);
  return relu({ h, w, c: 1, v: evidence });
}

// --- reading a network's file ------------------------------------------------------------------

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}

// Half precision: a sign, five bits of exponent, ten of fraction.
function halves(buffer) {
  return Float32Array.from(new Uint16Array(buffer), (bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
    return bits >> 15 ? -size : size;
  });
}

// Layers from a description; a filter's scale is multiplied into its weights.
function unpack(network) {
  const [half, single] = [halves(bytes(network.half)), new Float32Array(bytes(network.single))];
  const layers = {};
  let [from, at] = [0, 0];
  const take = (count) => single.subarray(at, (at += count));
  for (const { name, kernel, stride } of network.layers) {
    const [count, filters] = [kernel.reduce((a, b) => a * b), kernel.at(-1)];
    const [scale, shift] = [take(filters), take(filters)];
    const weights = half.slice(from, (from += count)).map((value, i) => value * scale[i % filters]);
    layers[name] = { kernel, stride, weights, shift };
  }
  const count = network.columns.length;
  return { layers, blocks: network.blocks, scaling: count && { scale: take(count), shift: take(count) } };
}
