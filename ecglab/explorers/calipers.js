// Calipers on ECG paper: the reader's interval, and the one that cardiologists marked.

function read({ spans }, state) {
  const ms = Math.abs(state.right - state.left);
  const [begin, end] = spans[state.interval];
  const theirs = 1000 * (end - begin);
  return [
    ["Between the calipers", number(ms, 0, "ms")],
    ["Small boxes", number(ms / 40, 1)],
    ["As a rate", ms ? number(60000 / ms, 0, "a minute") : "none"],
    ["Cardiologists", state.marks ? `${state.interval} ${number(theirs, 0, "ms")}` : "?"],
    ["You are off by", state.marks ? number(ms - theirs, 0, "ms") : "?"],
  ];
}

function draw(data, stage, alt, move) {
  const { steps, fs, low, high, spans, lead } = data;
  const width = 600; // units, however long the strip
  const second = (width * fs) / steps.length;
  const box = 0.04 * second;
  const mv = 10 * box;
  const bottom = (high - low) * mv;
  const svg = drawing(stage, width, bottom + 26, alt);
  paper(svg, box, width, bottom);
  const band = shape(svg, "rect", { y: 0, height: bottom, class: "ecg-band" });
  const points = steps.map((step, i) => [(i / fs) * second, (high - step / 100) * mv]);
  shape(svg, "path", { d: path(points), class: "ecg-curve" });
  const marks = shape(svg, "g", { class: "ecg-marks" });
  const legs = shape(marks, "path");
  const grips = ["left", "right"].map((name) => {
    const place = { y: 0, width: 28, height: bottom, class: "ecg-grip ecg-across" };
    const grip = shape(marks, "rect", place);
    drag(grip, svg, ([x]) => move({ [name]: (1000 * x) / second }));
    return grip;
  });
  shape(svg, "text", { x: 4, y: bottom + 20 }, `lead ${lead}`);
  const scale = { x: width - 4, y: bottom + 20, "text-anchor": "end" };
  shape(svg, "text", scale, "small box: 40 ms, 0.1 mV");

  return (state) => {
    const [from, to] = [state.left, state.right].map((ms) => ((ms / 1000) * second).toFixed(1));
    legs.setAttribute("d", `M${from} 0V${bottom}M${to} 0V${bottom}M${from} 20H${to}`);
    [from, to].forEach((x, i) => grips[i].setAttribute("x", x - 14));
    const [begin, end] = spans[state.interval];
    band.setAttribute("x", begin * second);
    band.setAttribute("width", state.marks ? (end - begin) * second : 0);
  };
}

const widget = explorer({ read, draw });
