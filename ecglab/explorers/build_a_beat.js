// Build a beat: the beat model of `ecglab.heart`, drawn on ECG paper.
// All tables come from Python in `data`; only the sums are written here once more.

function bounds(waves, kind, reach) {
  const own = waves.filter((wave) => wave.kind === kind);
  return [
    Math.min(...own.map((wave) => wave.centre - reach * wave.sigma)),
    Math.max(...own.map((wave) => wave.centre + reach * wave.sigma)),
  ];
}

function turned([x, y, z], degrees) {
  const [cos, sin] = [Math.cos, Math.sin].map((f) => f((degrees * Math.PI) / 180));
  return [x * cos - y * sin, x * sin + y * cos, z];
}

const times = (factor, vector) => vector.map((x) => factor * x);

// The Gaussians of one beat: kind, centre and sigma in s, dipole in mV.
function wavesOf(data, s) {
  const [waves, t] = data.qrs[s.conduction];
  const late = data.late_follows[s.conduction];
  const main = waves
    .map(([, , dipole]) => dipole)
    .reduce((a, b) => (Math.hypot(b[0], b[1]) > Math.hypot(a[0], a[1]) ? b : a));
  const turn = s.axis - (Math.atan2(main[1], main[0]) * 180) / Math.PI;
  const qrs = waves.map(([ms, sd, dipole]) => ({
    kind: "QRS",
    centre: ms / 1000,
    sigma: sd / 1000,
    dipole: times(s.qrs_amplitude, turned(dipole, ms > 40 ? turn * late : turn)),
  }));
  let [begin, end] = bounds(qrs, "QRS", data.reach);
  const stretch = s.qrs_width / 1000 / (end - begin);
  for (const wave of qrs) [wave.centre, wave.sigma] = [wave.centre * stretch, wave.sigma * stretch];
  [begin, end] = bounds(qrs, "QRS", data.reach);

  const width = s.p_width / 1000;
  const p = { kind: "P", centre: begin - s.pr / 1000 + width / 2, sigma: width / (2 * data.reach) };
  p.dipole = times(s.p_amplitude, turned([1, 0, 0.3], 55));
  const sigma = data.t_width / (2.4 * data.reach);
  const peak = begin + s.qt / 1000 - data.reach * sigma;
  const after = times(s.t_amplitude, turned(t, turn * late));
  const st = { kind: "ST", centre: (end + peak) / 2, sigma: (peak - end) / 3 };
  st.dipole = times(s.st, turned([1, 0, 0.5], s.axis));
  const rise = { kind: "T", centre: peak - 1.5 * sigma, sigma: 1.4 * sigma, dipole: times(0.3, after) };
  const fall = { kind: "T", centre: peak, sigma, dipole: times(0.85, after) };
  const all = [p, ...qrs, ...(s.st ? [st] : []), rise, fall];
  for (const wave of all) {
    wave.stretch = data.follows_rr.includes(wave.kind) ? Math.sqrt(s.rr / 1000) : 1;
    wave.centre *= wave.stretch;
    wave.sigma *= wave.stretch;
  }
  return all;
}

// What a lead sees at a time in s after the R wave, in mV.
function voltage(data, waves, lead, time) {
  return waves.reduce((sum, wave) => {
    const size = wave.dipole.reduce((dot, x, i) => dot + x * data.leads[lead][i], 0);
    return sum + size * Math.exp(-0.5 * ((time - wave.centre) / wave.sigma) ** 2);
  }, 0);
}

function axis(data, waves, begin, end) {
  const net = (lead) => {
    const steps = Array.from({ length: 101 }, (_, i) => begin + ((end - begin) * i) / 100);
    const mv = steps.map((time) => voltage(data, waves, lead, time) - voltage(data, waves, lead, begin));
    return Math.max(...mv) + Math.min(...mv);
  };
  return (Math.atan2(net("aVF") / Math.cos(Math.PI / 6), net("I")) * 180) / Math.PI;
}

// Where PR, QRS and QT begin and end, in s after the R wave; without P or T, no PR or QT.
function intervals(data, state, waves) {
  const [p] = bounds(waves, "P", data.reach);
  const [begin, end] = bounds(waves, "QRS", data.reach);
  const [, t] = bounds(waves, "T", data.reach);
  return {
    PR: state.p_amplitude ? [p, begin] : null,
    QRS: [begin, end],
    QT: state.t_amplitude ? [begin, t] : null,
  };
}

function read(data, state) {
  const waves = wavesOf(data, state);
  const rr = state.rr / 1000;
  const spans = intervals(data, state, waves);
  const ms = (span, stretch = 1) =>
    span ? number((1000 * (span[1] - span[0])) / stretch, 0, "ms") : "none";
  return [
    ["Rate", number(60 / rr, 0, "a minute")],
    ["PR", ms(spans.PR)],
    ["QRS", ms(spans.QRS)],
    ["QT", ms(spans.QT)],
    ["QTc (Bazett)", ms(spans.QT, Math.sqrt(rr))],
    ["Axis", number(axis(data, waves, ...spans.QRS), 0, "°")],
  ];
}

function draw(data, stage, alt) {
  const box = 12; // units a small box: 40 ms and 0.1 mV
  const [first, last] = data.seconds;
  const [low, high] = data.mv;
  const x = (seconds) => ((seconds - first) / 0.04) * box;
  const y = (mv) => ((high - mv) / 0.1) * box;
  const svg = drawing(stage, x(last), y(low), alt);
  paper(svg, box, x(last), y(low));
  const curve = shape(svg, "path", { class: "ecg-curve" });
  const title = shape(svg, "text", { x: 10, y: 26, class: "ecg-title" });
  const scale = "small box: 40 ms, 0.1 mV";
  shape(svg, "text", { x: x(last) - 10, y: 26, "text-anchor": "end" }, scale);
  const marks = shape(svg, "g", { class: "ecg-marks" });

  return (state) => {
    const waves = wavesOf(data, state);
    const rr = state.rr / 1000;
    const points = [];
    for (let time = first; time <= last + 1e-9; time += 0.004) {
      let mv = 0;
      for (let k = -2; k <= Math.ceil((last + 0.6) / rr); k++)
        mv += voltage(data, waves, state.lead, time - k * rr);
      points.push([x(time), y(mv)]);
    }
    curve.setAttribute("d", path(points));
    title.textContent = `Lead ${state.lead}`;

    marks.replaceChildren();
    Object.entries(intervals(data, state, waves)).forEach(([name, span], row) => {
      if (!span) return;
      const [from, to] = span.map(x);
      const at = y(low) - 78 + 28 * row;
      shape(marks, "path", { d: `M${from} ${at - 5}v10m0 -5H${to}m0 -5v10` });
      shape(marks, "text", { x: to + 6, y: at + 5 }, name);
    });
  };
}

const widget = explorer({ read, draw });
