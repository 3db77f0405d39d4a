// A recorded beat, and what becomes of it when a reader bends it or moves it along its strip.

// The bytes of a text in base64, by hand: the picture at rest is drawn without a browser's `atob`.
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
function bytesOf(text) {
  let [bits, held] = [0, 0];
  const bytes = [];
  for (const letter of text.replace(/=+$/, "")) {
    [bits, held] = [((bits << 6) | BASE64.indexOf(letter)) & 0xffff, held + 6];
    if (held >= 8) bytes.push((bits >> (held -= 8)) & 255);
  }
  return bytes;
}

// A curve in mV, from its steps from sample to sample.
function curveOf(text) {
  let sum = 0;
  return Float32Array.from(bytesOf(text), (byte) => {
    sum += (byte << 24) >> 24; // a byte with a sign
    return sum / 200;
  });
}

const [BEFORE, AFTER] = [0.25, 0.35]; // s about a beat: what belongs to it
const HALF_QRS = 0.06; // s: what is stretched to either side of the R wave
const PLACES = { p: -0.16, qrs: 0, t: 0.24 }; // s after the R wave: where a handle is
const SPREADS = { p: 0.022, qrs: 0.014, t: 0.045 }; // s: how far around it the curve follows

// From where in the recorded beat a moment of the bent one is taken: QRS is stretched, what lies
// outside is pushed together.
function source(time, wide) {
  const inner = HALF_QRS * wide;
  if (Math.abs(time) <= inner) return time / wide;
  const end = time < 0 ? BEFORE : AFTER;
  const outside = HALF_QRS + ((Math.abs(time) - inner) * (end - HALF_QRS)) / (end - inner);
  return Math.sign(time) * outside;
}

const raised = (time, state) =>
  Object.entries(PLACES).reduce((sum, [name, place]) =>
    sum + (state[name] || 0) * Math.exp(-0.5 * ((time - place) / SPREADS[name]) ** 2), 0);

// Samples by which the beat comes later.
const movedBy = (state, fs) => Math.floor(((state.late || 0) * fs) / 1000 + 0.5);

// A strip with the beat bent and moved. The beat is what rises above a straight line from where
// its window begins to where it ends; it is taken out there and added elsewhere.
function bent(strip, state, fs) {
  const middle = strip.length / 2;
  const [first, last] = [middle - BEFORE * fs, middle + AFTER * fs - 1];
  const line = (i) => strip[first] + ((strip[last] - strip[first]) * (i - first)) / (last - first);
  const beat = (i) => { // what rises, also between two samples
    const from = Math.min(Math.max(Math.floor(i), first), last - 1);
    const part = Math.min(Math.max(i - from, 0), 1);
    return (strip[from] - line(from)) * (1 - part) + (strip[from + 1] - line(from + 1)) * part;
  };
  const result = Float32Array.from(strip);
  const [moved, wide] = [movedBy(state, fs), state.wide ?? 1];
  if (!moved && wide === 1 && !state.p && !state.qrs && !state.t) return result; // to the last bit
  for (let i = first; i <= last; i++) result[i] = line(i);
  for (let i = first; i <= last; i++) {
    const time = (i - middle) / fs;
    result[i + moved] += beat(source(time, wide) * fs + middle) + raised(time, state);
  }
  return result;
}

// What the network is given, or why it can't be.
function refusal({ format, recipe, image, columns }) {
  if (format !== "ecglab network 1") return "this file holds no network that this page can read";
  if (recipe.zoom) return "its picture has a rhythm strip, which this page does not draw";
  if (recipe.highpass !== 0.5) return "it was trained on another baseline than these beats have";
  const typical = recipe.show.some((kind) => kind !== "beat");
  const own = recipe.before === BEFORE && recipe.after === AFTER;
  if (recipe.show.includes("late difference")) return "it is shown late beats, which this page lacks";
  if (typical && !own) return "its window is another than that of the typical beats here";
  if (!own && columns.some((name) => name.startsWith("P "))) return "P waves need the window here";
  return image[2] === recipe.leads.length * recipe.show.length ? "" : "its recipe does not fit it";
}

// The number of the lead that a network asks for: a name, some names, or "any".
const leadOf = (beat, asked) =>
  Math.max(0, beat.leads.findIndex((lead) => asked.split("|").includes(lead)));

// The image and the columns of numbers that a network reads of a beat in a state.
function given({ recipe, image, columns, mv, fs }, beat, state) {
  const [height, width] = image;
  const leads = recipe.leads.map((asked) => leadOf(beat, asked));
  const moved = movedBy(state, fs);
  const windows = leads.map((lead) => {
    const strip = bent(beat.curves[lead], state, fs);
    const middle = strip.length / 2 + moved;
    return strip.slice(middle - Math.round(recipe.before * fs), middle + Math.round(recipe.after * fs));
  });
  const shows = {
    "beat": (window) => window,
    "typical": (_, usual) => usual,
    "difference": (window, usual) => window.map((value, i) => value - usual[i]),
  };
  const channels = recipe.show.flatMap((kind) => windows.map((window, k) =>
    rasterize(shows[kind](window, beat.usual[leads[k]]), height, width, mv)));
  const wave = (lead, k) => // 200 to 60 ms before the beat
    pWave(Array.from(windows[k].slice(18, 68)), beat.waves[lead]);
  const waves = columns.some((name) => name.startsWith("P ")) ? leads.map(wave) : [];
  const seconds = beat.intervals.map((samples) => samples / fs);
  const here = seconds.length / 2;
  seconds[here - 1] += moved / fs;
  seconds[here] -= moved / fs;
  const known = terms(seconds, here, beat.record);
  const told = columns.map((name) => columnOf(name, known, waves, recipe.leads));
  return { image: stacked(channels, height, width), columns: told };
}
