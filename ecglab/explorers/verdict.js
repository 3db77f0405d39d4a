// Verdicts: a beat, what the network sees and believes, and what becomes of all beats at a threshold.

const [LEFT, RIGHT, EDGE_RIGHT] = [348, 384, 590]; // units: a column ends, the other one runs
const [TOP, LOWEST] = [34, 446]; // where both columns begin, and where the right one ends
const [ROW, BAR] = [34, 22]; // from bar to bar; a bar's height

// What becomes of a beat; probabilities are counted in thousandths.
function outcome({ parts, calls, labels }, { threshold }, beat) {
  const belief = Math.max(...parts[beat]);
  const called = belief >= Math.round(1000 * threshold);
  return { belief, called, right: calls[beat] === labels[beat] };
}

// How many beats are called rightly, called wrongly, and shown to a person.
function tally(data, state) {
  const all = data.titles.map((_, beat) => outcome(data, state, beat));
  const called = all.filter((one) => one.called);
  const rightly = called.filter((one) => one.right).length;
  return [rightly, called.length - rightly, all.length - called.length];
}

function read(data, state) {
  const { titles, names, calls, labels } = data;
  const beat = titles.indexOf(state.beat);
  const { belief, called, right } = outcome(data, state, beat);
  const how = right ? "right" : "wrong";
  const person = `shown to a person: the network would have been ${how}`;
  const [rightly, wrongly, shown] = tally(data, state);
  return [
    ["Annotators", names[labels[beat]]],
    ["Network", names[calls[beat]]],
    ["Belief", number(belief / 1000, 3)],
    ["Threshold", number(state.threshold, 2)],
    ["Verdict", called ? `called, ${how}ly` : person],
    [`Of these ${titles.length} beats`,
      `${rightly} called rightly, ${wrongly} wrongly, ${shown} shown to a person`],
  ];
}

// A second, a mV and the lower end of the paper, in units.
function scaleOf({ strips, fs, low, high }) {
  const second = (LEFT * fs) / (strips[0].length - 1);
  const mv = 0.4 * second; // so a box is a square
  return { second, mv, bottom: TOP + (high - low) * mv };
}

// The strip of the beat on ECG paper.
function stripOf(svg, { strips, fs, middle, high }, { second, mv, bottom }) {
  paper(svg, 0.04 * second, LEFT, bottom, TOP);
  const curve = shape(svg, "path", { class: "ecg-curve" });
  const marks = shape(svg, "g", { class: "ecg-marks" });
  shape(marks, "text", { x: (middle / fs) * second, y: 26, "text-anchor": "middle" }, "▼");
  shape(svg, "text", { x: 4, y: bottom + 22 }, "large box: 0.2 s, 0.5 mV");
  return (beat) => {
    const points = strips[beat].map((step, i) =>
      [(i / fs) * second, TOP + (high - step / 100) * mv]);
    curve.setAttribute("d", path(points));
  };
}

// The picture, below a title, with or without a heat map over it.
function pictureOf(svg, { sides, pictures, maps, names, calls }, top, height) {
  const pixel = Math.min(LEFT / sides[1], height / sides[0]);
  const place = { y: top + 12, width: sides[1] * pixel, height: sides[0] * pixel };
  const how = { preserveAspectRatio: "none", style: "image-rendering: pixelated" };
  const title = shape(svg, "text", { y: top, class: "ecg-title" });
  const layers = shape(svg, "g");
  const add = (png) =>
    shape(layers, "image", { ...place, ...how, href: `data:image/png;base64,${png}` });
  return (beat, overlay) => {
    const over = maps[overlay]; // there is none where none is chosen
    title.textContent = over ? `Orange: speaks for ${names[calls[beat]]}` : "What the network sees";
    layers.replaceChildren();
    add(pictures[beat]);
    if (over) add(over[beat]);
  };
}

// A dot in the right column, and the text beside it.
function legend(svg, y, kind, text = "") {
  shape(svg, "circle", { cx: RIGHT + 7, cy: y - 6, r: 7, class: kind });
  return shape(svg, "text", { x: RIGHT + 22, y }, text);
}

// The bars of the classes, and the threshold through them.
function barsOf(svg, { names, parts, labels }) {
  const left = RIGHT + 24;
  const x = (share) => left + (EDGE_RIGHT - left) * share;
  const bottom = TOP + names.length * ROW;
  shape(svg, "text", { x: RIGHT, y: 24, class: "ecg-title" }, "Probability");
  const bars = names.map((name, i) => {
    const y = TOP + i * ROW + (ROW - BAR) / 2;
    shape(svg, "text", { x: RIGHT, y: y + 17 }, name);
    shape(svg, "rect", { x: left, y, width: x(1) - left, height: BAR, class: "ecg-cell" });
    return shape(svg, "rect", { x: left, y, height: BAR });
  });
  const line = shape(svg, "path", { class: "ecg-threshold" });
  const flag = shape(svg, "text", { x: RIGHT, y: bottom + 22 });
  legend(svg, bottom + 50, "ecg-right", "annotators’ class");
  legend(svg, bottom + 76, "ecg-wrong", "another class");
  return (beat, threshold) => {
    bars.forEach((bar, i) => {
      bar.setAttribute("width", x(parts[beat][i] / 1000) - left);
      bar.setAttribute("class", i === labels[beat] ? "ecg-right" : "ecg-wrong");
    });
    line.setAttribute("d", `M${x(threshold)} ${TOP}V${bottom}`);
    flag.textContent = `threshold: ${number(threshold, 2)}`;
  };
}

// All beats in one bar of three parts.
function tallyOf(svg, { titles }, top) {
  const kinds = [
    ["called rightly", "ecg-right"], ["called wrongly", "ecg-wrong"], ["to a person", "ecg-cell"],
  ];
  shape(svg, "text", { x: RIGHT, y: top, class: "ecg-title" }, `All ${titles.length} beats`);
  const bar = { y: top + 12, height: BAR };
  const rects = kinds.map(([, kind]) => shape(svg, "rect", { ...bar, class: kind }));
  const texts = kinds.map(([, kind], i) => legend(svg, top + 60 + 26 * i, kind));
  return (counts) => {
    let x = RIGHT;
    counts.forEach((count, i) => {
      const width = ((EDGE_RIGHT - RIGHT) * count) / titles.length;
      rects[i].setAttribute("x", x);
      rects[i].setAttribute("width", width);
      texts[i].textContent = `${kinds[i][0]}: ${count}`;
      x += width;
    });
  };
}

function draw(data, stage, alt) {
  const scale = scaleOf(data);
  const height = Math.max(LOWEST, scale.bottom + 270); // at least 200 for the picture
  const svg = drawing(stage, 600, height, alt);
  const showStrip = stripOf(svg, data, scale);
  const showPicture = pictureOf(svg, data, scale.bottom + 56, height - scale.bottom - 70);
  const showBars = barsOf(svg, data);
  const showTally = tallyOf(svg, data, TOP + 5 * ROW + 120);

  return (state) => {
    const beat = data.titles.indexOf(state.beat);
    showStrip(beat);
    showPicture(beat, state.overlay);
    showBars(beat, state.threshold);
    showTally(tally(data, state));
  };
}

const widget = explorer({ read, draw });
