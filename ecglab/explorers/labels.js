// Name the beat: a strip with a marked beat, the reader's answer, the annotators', and a score.

// The first answer to a beat counts.
function settle(state) {
  const answers = { ...state.answers };
  if (state.call) answers[state.beat] ??= state.call;
  return { ...state, answers, call: "" };
}

function read({ classes, reasons, names }, { beat, answers = {} }) {
  const theirs = (k) => classes[k - 1];
  const score = (beats) => {
    const right = beats.filter((k) => answers[k] === theirs(k));
    return `${right.length} of ${beats.length}`;
  };
  const answered = Object.keys(answers);
  const answer = answers[beat];
  const verdict = answer === theirs(beat) ? "right" : "not what they said";
  return [
    ["Beat", `${beat} of ${classes.length}`],
    ["You", answer ? `${answer}, ${verdict}` : "?"],
    ["Cardiologists", answer ? theirs(beat) : "?"],
    ...(answer ? [["Why", reasons[beat - 1]]] : []),
    ["Score", score(answered)],
    ...names.map((name) => [`Their ${name}`, score(answered.filter((k) => theirs(k) === name))]),
  ];
}

function draw({ strips, fs, low, high, classes, lead }, stage, alt) {
  const [second, mv, top] = [120, 48, 30]; // units; above the paper there is room for the mark
  const width = (strips[0].length / fs) * second;
  const bottom = top + (high - low) * mv;
  const svg = drawing(stage, width, bottom + 26, alt);
  paper(svg, 0.04 * second, width, bottom, top);
  const ruler = { x: width / 2 - 0.06 * second, width: 0.12 * second, y: top, height: bottom - top };
  shape(svg, "rect", { ...ruler, class: "ecg-band" });
  const curve = shape(svg, "path", { class: "ecg-curve" });
  const marks = shape(svg, "g", { class: "ecg-marks" });
  const mark = shape(marks, "text", { x: width / 2, y: 22, "text-anchor": "middle" });
  shape(svg, "text", { x: 4, y: bottom + 20 }, `lead ${lead}`);
  const scale = { x: width - 4, y: bottom + 20, "text-anchor": "end" };
  shape(svg, "text", scale, "large box: 0.2 s, 0.5 mV; blue: 120 ms");

  return ({ beat, answers = {} }) => {
    const points = strips[beat - 1].map((step, i) =>
      [(i / fs) * second, top + (high - step / 50) * mv]);
    curve.setAttribute("d", path(points));
    mark.textContent = answers[beat] ? `${classes[beat - 1]} ▼` : "▼";
  };
}

const widget = explorer({ read, draw, settle });
