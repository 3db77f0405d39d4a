// The picture that a network sees of a beat, as `ecglab.images.rasterize` draws it, and the numbers
// beside it, as `ecglab.rhythm` and `ecglab.beats` compute them.

const [PARTS, single] = [16, Math.fround]; // an edge lies at a sixteenth of a pixel; float32

// For each step down the image, how much of every pixel lies above it, from 0 to 255. Halves go to
// the even number, as in NumPy.
function ramps(height) {
  const even = (x) => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  return Array.from({ length: height * PARTS + 1 }, (_, step) =>
    Array.from({ length: height }, (_, row) =>
      even(255 * Math.min(Math.max(step / PARTS - row, 0), 1))));
}

// Draw voltages as a line; returns one channel, row by row.
function rasterize(voltages, height, width, [lower, upper]) {
  const image = new Float32Array(height * width);
  const above = ramps(height);
  const last = voltages.length - 1;
  const step = (mv, below) => {
    const rows = single(single(upper - mv) * single(height / (upper - lower)));
    const inside = single(Math.min(Math.max(rows, 0.5), height - 0.5) + below) * PARTS;
    return inside % 1 === 0.5 ? 2 * Math.round(inside / 2) : Math.round(inside);
  };
  const at = (place) => { // on the line between two samples
    const before = Math.min(Math.floor(place), last - 1);
    const part = single(place - before);
    const value = single(voltages[before] * single(1 - part));
    return single(value + single(voltages[before + 1] * part));
  };
  for (let column = 0; column < width; column++) {
    const [from, to] = [column, column + 1].map((edge) => edge * (last / width));
    const seen = [at(from), at(Math.min(to, last))];
    for (let sample = Math.ceil(from); sample <= to; sample++) seen.push(voltages[sample]);
    const bottom = above[step(Math.min(...seen), 0.5)];
    const top = above[step(Math.max(...seen), -0.5)];
    for (let row = 0; row < height; row++) image[row * width + column] = bottom[row] - top[row];
  }
  return image;
}

// Channels, each one a picture of 0 to 255, as a map of 0 to 1 for `forward`.
function stacked(channels, height, width) {
  const c = channels.length;
  const v = new Float32Array(height * width * c);
  channels.forEach((values, k) => values.forEach((value, i) => (v[i * c + k] = value / 255)));
  return { h: height, w: width, c, v };
}

function median(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const mean = (numbers) => numbers.reduce((a, b) => a + b) / numbers.length;
const norm = (numbers) => Math.hypot(...numbers);
const clip = (value, bound) => Math.min(Math.max(value, -bound), bound);

// What the names of the columns speak of. `seconds` are the intervals around a beat, which lies
// before `seconds[here]`; `record` has what only the whole recording tells.
function terms(seconds, here, record) {
  const previous = (beat) => seconds[here + beat - 1];
  const next = (beat) => seconds[here + beat];
  const lastTen = seconds.slice(here - 10, here);
  const changes = lastTen.map((value, i) => Math.abs(value - seconds[here - 11 + i]));
  const found = {
    "previous": previous(0),
    "next": next(0),
    "mean of last 10": mean(lastTen),
    "median of last 10": median(lastTen),
    "mean so far": (record.before + previous(0)) / record.count,
    "change of last 10": median(changes),
    "record mean": record.mean,
    "record median": record.median,
    "record change": record.change,
    "0.8 s": 0.8,
  };
  for (const half of [5, 15, 50]) {
    const rows = Array.from({ length: 2 * half + 1 }, (_, k) => k - half);
    found[`median within ${half}`] = median(rows.map(previous));
    found[`irregularity within ${half}`] =
      median(rows.map((beat) => Math.abs(Math.log(next(beat) / previous(beat)))));
  }
  for (const k of [1, 2, 3]) {
    found[`${k} before previous`] = previous(-k);
    found[`${k} after next`] = next(k);
  }
  return found;
}

// What stands before the QRS complex in one lead, 200 to 60 ms before the beat, beside what the
// beats around have there.
function pWave(stretch, { shared, height }) {
  const middle = mean(stretch);
  const wave = stretch.map((mv) => mv - middle);
  const size = Math.max(norm(wave), 1e-6);
  const coherence = norm(shared);
  const product = wave.reduce((sum, mv, i) => sum + (mv / size) * shared[i], 0);
  return {
    "P coherence": coherence,
    "P likeness": product / Math.max(coherence, 1e-6),
    "P height": Math.log(size / height),
  };
}

// A column by its name: "log next / previous", or "P height in MLII", whose lead has a number.
function columnOf(name, known, waves, leads) {
  const [wave, lead] = name.split(" in ");
  if (wave.startsWith("P ")) return clip(waves[leads.indexOf(lead)][wave], 1.5);
  const [part, whole] = name.replace("log ", "").split(" / ");
  const value = whole ? known[part] / known[whole] : known[part];
  if (name.startsWith("log ")) return clip(Math.log(value), 1);
  if (name.includes("change")) return clip(value, 1);
  return clip(whole ? Math.log(value) : value, 1.5);
}
