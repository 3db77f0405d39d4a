// Name the beat: a strip with a marked beat, the reader's answer, the annotators', and a score.

function explorer(data, stage, alt) {
  const { strips, fs, low, high, names, classes, reasons, lead } = data;
  const [width, bottom] = [(strips[0].length / fs) * SECOND, TOP + (high - low) * MV];
  const svg = drawing(stage, width, bottom + 26, alt);
  paper(svg, BOX, width, bottom, TOP);
  const curve = shape(svg, "path", { class: "ecg-curve" });
  const marks = shape(svg, "g", { class: "ecg-marks" });
  const mark = shape(marks, "text", { x: width / 2, y: 22, "text-anchor": "middle" });
  shape(svg, "text", { x: 4, y: bottom + 20 }, `lead ${lead}`);
  const scale = { x: width - 4, y: bottom + 20, "text-anchor": "end" };
  shape(svg, "text", scale, "large box: 0.2 s, 0.5 mV");
  const answers = new Map();
  let last;

  return (state) => {
    const k = state.beat - 1;
    // A call counts for the beat that was in sight when it came.
    if (last === k && state.call && !answers.has(k)) answers.set(k, state.call);
    last = k;
    curve.setAttribute("d", path(strips[k].map((step, i) =>
      [(i / fs) * SECOND, TOP + (high - step / 50) * MV])));
    const given = answers.get(k);
    mark.textContent = given ? `${classes[k]} ▼` : "▼";
    const own = (name) => [...answers].filter(([i]) => !name || classes[i] === name);
    const tally = (list) =>
      `${list.filter(([i, call]) => call === classes[i]).length} of ${list.length}`;
    const verdict = given === classes[k] ? "right" : "not what they said";
    return [
      ["Beat", `${k + 1} of ${classes.length}`],
      ["You", given ? `${given}, ${verdict}` : "?"],
      ["Cardiologists", given ? classes[k] : "?"],
      ...(given ? [["Why", reasons[k]]] : []),
      ["Score", tally(own())],
      ...names.map((name) => [`Their ${name}`, tally(own(name))]),
    ];
  };
}
