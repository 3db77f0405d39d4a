// Calipers on ECG paper: the reader's interval, and the one that cardiologists marked.

function explorer(data, stage, alt) {
  const { steps, fs, low, high, spans, lead } = data;
  const [width, bottom] = [(steps.length / fs) * SECOND, TOP + (high - low) * MV];
  const zoom = 600 / width; // the same letters, however short the strip
  const svg = drawing(stage, width, bottom + 26 / zoom, alt);
  svg.style.setProperty("--ecg-zoom", 1 / zoom);
  const above = TOP - 2; // no marks stand above this paper
  svg.setAttribute("viewBox", `0 ${above} ${width} ${bottom + 26 / zoom - above}`);
  paper(svg, BOX, width, bottom, TOP);
  const band = shape(svg, "rect", { y: TOP, height: bottom - TOP, class: "ecg-band" });
  const points = steps.map((step, i) => [(i / fs) * SECOND, TOP + (high - step / 100) * MV]);
  shape(svg, "path", { d: path(points), class: "ecg-curve" });
  const marks = shape(svg, "g", { class: "ecg-marks" });
  const legs = shape(marks, "path");
  shape(svg, "text", { x: 4, y: bottom + 20 / zoom }, `lead ${lead}`);
  const scale = { x: width - 4, y: bottom + 20 / zoom, "text-anchor": "end" };
  shape(svg, "text", scale, "small box: 40 ms, 0.1 mV");

  return (state) => {
    const [from, to] = [state.left, state.right].map((ms) => ((ms / 1000) * SECOND).toFixed(1));
    legs.setAttribute("d", `M${from} ${TOP}V${bottom}M${to} ${TOP}V${bottom}M${from} ${TOP + 8}H${to}`);
    const [begin, end] = spans[state.interval];
    band.setAttribute("x", begin * SECOND);
    band.setAttribute("width", state.marks ? (end - begin) * SECOND : 0);
    const ms = Math.abs(state.right - state.left);
    const theirs = 1000 * (end - begin);
    return [
      ["Between the calipers", number(ms, 0, "ms")],
      ["Small boxes", number(ms / 40, 1)],
      ["As a rate", ms ? number(60000 / ms, 0, "a minute") : "none"],
      ["Cardiologists", state.marks ? `${state.interval} ${number(theirs, 0, "ms")}` : "?"],
      ["You are off by", state.marks ? number(ms - theirs, 0, "ms") : "?"],
    ];
  };
}
