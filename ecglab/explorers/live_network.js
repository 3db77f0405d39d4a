// Bend a beat, and the network reads it: the strip with its handles, the five bars, and what is
// asked of the network each time.

const WIDE = 600; // units
const [LOW, HIGH, REACH] = [-1.75, 2.25, 1.3]; // mV, and s to either side
const SECOND = WIDE / (2 * REACH);
const MV = 0.4 * SECOND; // so a box is a square
const BOTTOM = (HIGH - LOW) * MV;
const [ROW, BAR, BEGIN, END] = [30, 18, 150, 520]; // of the bars
const LIMITS = { p: 0.5, qrs: 3, t: 1, late: 350 }; // as the sliders have them

const across = (time) => (time + REACH) * SECOND;
const down = (mv) => (HIGH - Math.min(Math.max(mv, LOW), HIGH)) * MV;
const beatOf = (data, state) => data.beats.find((beat) => beat.title === state.beat);
const untouched = (state) =>
  !state.p && !state.qrs && !state.t && !state.late && (state.wide ?? 1) === 1;

function read(data, state) {
  const { intervals, label } = beatOf(data, state);
  const here = intervals.length / 2;
  const moved = movedBy(state, data.fs);
  const [previous, next] = [intervals[here - 1] + moved, intervals[here] - moved];
  const usual = intervals.slice(here - 10, here).reduce((a, b) => a + b) + moved;
  const ms = 1000 / data.fs;
  return [
    ["Annotators", Object.keys(data.names)[label]],
    ["Since the beat before", number(ms * previous, 0, "ms")],
    ["of the mean of the last ten", share(previous, usual / 10 - previous)],
    ["To the next beat", number(ms * next, 0, "ms")],
  ];
}

// Another beat begins as it was recorded.
function settle(state) {
  const kept = { p: 0, qrs: 0, wide: 1, t: 0, late: 0, ...state, of: state.beat };
  const other = state.of !== undefined && state.of !== state.beat;
  return other ? { ...kept, p: 0, qrs: 0, wide: 1, t: 0, late: 0 } : kept;
}

// A handle that is dragged: `report` gets by how much, right and down, in units.
function handle(svg, kind, label, place, report) {
  const grip = shape(svg, kind, { ...place, class: "ecg-right ecg-handle" });
  shape(grip, "title", {}, label);
  drag(grip, svg, report);
  return grip;
}

function barsOf(svg, names) {
  return Object.entries(names).map(([letter, name], i) => {
    const y = BOTTOM + 46 + ROW * i;
    shape(svg, "text", { x: 4, y: y + BAR - 4 }, `${letter} ${name.split(",")[0]}`);
    shape(svg, "rect", { x: BEGIN, y, width: END - BEGIN, height: BAR, class: "ecg-cell" });
    const bar = shape(svg, "rect", { x: BEGIN, y, height: BAR, width: 0, class: "ecg-right" });
    const text = shape(svg, "text", { x: WIDE - 4, y: y + BAR - 4, "text-anchor": "end" });
    return (part) => {
      bar.setAttribute("width", part === null ? 0 : part * (END - BEGIN));
      text.textContent = part === null ? "…" : number(part, 3);
    };
  });
}

function draw(data, stage, alt, move) {
  const { fs, names } = data;
  for (const beat of data.beats) {
    beat.curves = beat.strips.map(curveOf);
    beat.usual = beat.typical.map(curveOf);
  }
  const svg = drawing(stage, WIDE, BOTTOM + 46 + ROW * 5, alt);
  paper(svg, 0.04 * SECOND, WIDE, BOTTOM);
  const window = { y: 0, width: (BEFORE + AFTER) * SECOND, height: BOTTOM, class: "ecg-band" };
  const band = shape(svg, "rect", window);
  const curve = shape(svg, "path", { class: "ecg-curve" });
  const lead = shape(svg, "text", { x: 6, y: 22, class: "ecg-title" });
  const scale = { x: WIDE - 6, y: 22, "text-anchor": "end" };
  shape(svg, "text", scale, "large box: 0.2 s, 0.5 mV");
  const title = { x: 4, y: BOTTOM + 30, class: "ecg-title" };
  const heading = shape(svg, "text", title);
  const bars = barsOf(svg, names);

  let [state, from] = [null, null];
  const within = (name, value) => Math.min(Math.max(value, -LIMITS[name]), LIMITS[name]);
  const shifted = (name, change, start) => {
    if (from?.start !== start) from = { start, value: state[name] || 0 }; // a new drag
    move({ [name]: within(name, from.value + change) });
  };
  const labels = { p: "P", qrs: "QRS", t: "T" };
  const grips = Object.keys(PLACES).map((name) =>
    handle(svg, "circle", `Drag up or down: ${labels[name]}`, { r: 11 }, ([, y], start) =>
      shifted(name, (start[1] - y) / MV, start)));
  const rail = { y: BOTTOM - 26, width: window.width, height: 22, rx: 11 };
  const sledge = handle(svg, "rect", "Drag left or right: the beat comes earlier or later", rail,
    ([x], start) => shifted("late", (1000 * (x - start[0])) / SECOND, start));

  const show = (shares, text) => {
    heading.textContent = text;
    bars.forEach((set, i) => set(shares ? shares[i] : null));
  };
  const panels = globalThis.Worker ? panelsOf(stage, data, show) : null;

  return (now) => {
    state = now;
    const beat = beatOf(data, state);
    const strip = bent(beat.curves[0], state, fs);
    const points = Array.from(strip, (mv, i) => [across(i / fs - REACH), down(mv)]);
    curve.setAttribute("d", path(points));
    lead.textContent = `lead ${beat.leads[0]}`;
    const late = movedBy(state, fs) / fs;
    for (const one of [band, sledge]) one.setAttribute("x", across(late - BEFORE));
    Object.values(PLACES).forEach((place, i) => {
      const sample = Math.round((REACH + late + place) * fs);
      grips[i].setAttribute("cx", across(late + place));
      grips[i].setAttribute("cy", down(strip[sample]));
    });
    if (untouched(state) && !panels?.own()) show(beat.shares, "What the network believes");
    panels?.ask(beat, state);
  };
}

const widget = explorer({ read, draw, settle });
