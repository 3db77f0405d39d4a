// What a dense and a convolutional layer cost on an image: parameters, memory, work.

const BATCH = 64; // images in a training step
const NUMBER = 4; // bytes of a 32-bit number
const HELD = 4; // numbers a parameter needs in training: itself, its slope, two averages of Adam
const LAYERS = ["dense", "convolution", "dense, as many numbers out"];
const CLASSES = ["ecg-wrong", "ecg-right", "ecg-false"];
const [DECADES, REACH] = [14, 330]; // a bar for 10^14 would be so many units long

// For each of LAYERS: parameters, numbers that come out of one image, multiply-adds.
function costs({ side, colours, outputs, kernels, width }) {
  const places = side * side;
  const pixels = places * Number(colours);
  const window = width * width * Number(colours);
  const maps = places * kernels;
  return [
    { parameters: (pixels + 1) * outputs, out: outputs, work: pixels * outputs },
    { parameters: (window + 1) * kernels, out: maps, work: window * maps },
    { parameters: (pixels + 1) * maps, out: maps, work: pixels * maps },
  ];
}

const memory = ({ parameters }) => NUMBER * HELD * parameters;
const answers = ({ out }) => NUMBER * BATCH * out;

function count(value) {
  if (value < 1e6) return number(value);
  if (value < 1e9) return number(value / 1e6, 1, "million");
  return number(value / 1e9, 1, "billion");
}

function bytes(value) {
  return value < 1e9 ? number(value / 1e6, 3, "MB") : number(value / 1e9, 1, "GB");
}

const QUANTITIES = [
  ["Parameters", ({ parameters }) => parameters, count],
  ["Memory for the parameters in training", memory, bytes],
  [`Memory for what comes out of ${BATCH} images`, answers, bytes],
  ["Multiply-adds for one image", ({ work }) => work, count],
];

function read(data, state) {
  const all = costs(state);
  const [dense, convolution] = all;
  return [
    ...LAYERS.map((name, i) => [`Parameters, ${name}`, count(all[i].parameters)]),
    ["Training memory, dense", bytes(memory(dense) + answers(dense))],
    ["Training memory, convolution", bytes(memory(convolution) + answers(convolution))],
    ["Multiply-adds, dense", count(dense.work)],
    ["Multiply-adds, convolution", count(convolution.work)],
  ];
}

function draw(data, stage, alt) {
  const svg = drawing(stage, 600, 452, alt);
  const bars = QUANTITIES.map(([title, of, write], i) => {
    const top = 4 + 104 * i;
    shape(svg, "text", { x: 4, y: top + 18, class: "ecg-title" }, title);
    const rows = CLASSES.map((kind, j) => {
      const y = top + 26 + 24 * j;
      const bar = shape(svg, "rect", { x: 4, y, height: 18, class: kind });
      return { bar, text: shape(svg, "text", { y: y + 14 }) };
    });
    return { of, write, rows };
  });
  const starts = [4, 100, 240];
  LAYERS.forEach((name, j) => {
    shape(svg, "rect", { x: starts[j], y: 428, width: 14, height: 14, class: CLASSES[j] });
    shape(svg, "text", { x: starts[j] + 20, y: 440 }, name);
  });

  return (state) => {
    const all = costs(state);
    for (const { of, write, rows } of bars)
      rows.forEach(({ bar, text }, j) => {
        const value = of(all[j]);
        const length = (REACH * Math.log10(value)) / DECADES;
        bar.setAttribute("width", length.toFixed(1));
        text.setAttribute("x", (length + 12).toFixed(1));
        text.textContent = write(value);
      });
  };
}

const widget = explorer({ read, draw });
