// A thousand people: who is ill, whom a test finds, and whom it alarms for nothing.

const ROWS = 25;
const KINDS = [
  ["True positives", "ecg-right"],
  ["False negatives", "ecg-wrong"],
  ["False positives", "ecg-false"],
  ["True negatives", "ecg-cell"],
];

// How many people are of each kind, in the order of KINDS.
function count(state) {
  const whole = (people) => Math.floor(people + 0.5);
  const ill = whole(10 * state.prevalence);
  const tp = whole((ill * state.sensitivity) / 100);
  const fp = whole(((1000 - ill) * (100 - state.specificity)) / 100);
  return [tp, ill - tp, fp, 1000 - ill - fp];
}

function read(data, state) {
  const counts = count(state);
  const [tp, fn, fp, tn] = counts;
  return [
    ["Ill", `${tp + fn} of 1,000`],
    ...KINDS.map(([name], i) => [name, String(counts[i])]),
    ["Positive predictive value", `${share(tp, fp)}: of ${tp + fp} alarms ${tp} are true`],
    ["Negative predictive value", `${share(tn, fn)}: of ${tn + fn} all-clears ${tn} are true`],
  ];
}

function draw(data, stage, alt) {
  const svg = drawing(stage, 600, 440, alt);
  const dots = Array.from({ length: 1000 }, (_, i) => {
    const [column, row] = [Math.floor(i / ROWS), i % ROWS];
    return shape(svg, "circle", { cx: 14.7 * column + 13, cy: 14.7 * row + 11, r: 6 });
  });
  const legend = KINDS.map(([, kind], i) => {
    const [x, y] = [8 + 300 * (i % 2), 398 + 28 * Math.floor(i / 2)];
    shape(svg, "circle", { cx: x + 6, cy: y - 6, r: 7, class: kind });
    return shape(svg, "text", { x: x + 20, y });
  });

  return (state) => {
    const counts = count(state);
    let next = 0;
    KINDS.forEach(([name, kind], i) => {
      for (const end = next + counts[i]; next < end; next++) dots[next].setAttribute("class", kind);
      legend[i].textContent = `${name}: ${counts[i]}`;
    });
  };
}

const widget = explorer({ read, draw });
