// A kernel over a beat image: nine products, their sum, and the map that grows from the sums.

const [SIDE, TOP] = [300, 44]; // units: a square of cells, and its title above it

function products(image, kernel, row, column) {
  const pixels = kernel.map((_, i) => image[row + Math.floor(i / 3)][column + (i % 3)] / 255);
  return kernel.map((weight, i) => weight * pixels[i]);
}

// The sum of the nine products at each place, row by row.
function sums(image, kernel) {
  const map = [];
  for (let row = 0; row + 2 < image.length; row++)
    for (let column = 0; column + 2 < image[0].length; column++)
      map.push(products(image, kernel, row, column).reduce((total, value) => total + value, 0));
  return map;
}

const kernelOf = (state) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => state[`k${i}`]);
const placeOf = (image, { row, column }) => row * (image[0].length - 2) + column;

function read({ image }, state) {
  const all = sums(image, kernelOf(state));
  const place = placeOf(image, state);
  return [
    ["Window from", `row ${state.row}, column ${state.column}`],
    ["Sum of the nine products", number(all[place], 2)],
    ["After ReLU", number(Math.max(all[place], 0), 2)],
    ["Places done", `${number(place + 1)} of ${number(all.length)}`],
  ];
}

// A square of cells that can be filled, optionally with numbers, and a frame that can be moved.
function cells(stage, title, rows, columns, numbers = false) {
  const svg = drawing(stage, SIDE, TOP + SIDE, title);
  shape(svg, "text", { y: 30, class: "ecg-title" }, title);
  const size = SIDE / Math.max(rows, columns);
  const squares = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [x, y] = [column * size, TOP + row * size];
      const square = shape(svg, "rect", { x, y, width: size, height: size, class: "ecg-cell" });
      const middle = { x: x + size / 2, y: y + size / 2 + 10, "text-anchor": "middle" };
      const text = numbers && shape(svg, "text", { ...middle, class: "ecg-number" });
      squares.push({ square, text });
    }
  shape(svg, "rect", { y: TOP, width: columns * size, height: rows * size, class: "ecg-edge" });
  const frame = shape(svg, "rect", { class: "ecg-frame" });
  const mark = (row, column, extent) => {
    frame.setAttribute("x", column * size);
    frame.setAttribute("y", TOP + row * size);
    frame.setAttribute("width", extent * size);
    frame.setAttribute("height", extent * size);
  };
  return { squares, mark };
}

const fill = (square, colour) => square.setAttribute("style", colour && `fill: ${colour}`);

const grey = (share) => `hsl(0, 0%, ${(100 * share).toFixed(1)}%)`;

// Purple above zero, orange below, white at zero: as dark as the number is far from it.
function signed(share) {
  const light = 100 - 62 * Math.min(1, Math.abs(share));
  return `hsl(${share < 0 ? "28, 90%" : "268, 50%"}, ${light.toFixed(1)}%)`;
}

function draw({ image }, stage, alt) {
  const [rows, columns] = [image.length, image[0].length];
  stage.setAttribute("class", "ecg-stage ecg-panels");
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", alt);
  const picture = cells(stage, "Image", rows, columns);
  const nine = cells(stage, "Pixel × weight", 3, 3, true);
  const map = cells(stage, "Map so far", rows - 2, columns - 2);
  picture.squares.forEach(({ square }, i) => {
    fill(square, grey(image[Math.floor(i / columns)][i % columns] / 255));
  });

  return (state) => {
    const kernel = kernelOf(state);
    const relu = (value) => (state.map === "relu" ? Math.max(value, 0) : value);
    const parts = products(image, kernel, state.row, state.column);
    const all = sums(image, kernel);
    const largest = Math.max(...all.map(Math.abs)) || 1;
    const reached = placeOf(image, state);
    nine.squares.forEach(({ square, text }, i) => {
      fill(square, signed(Math.max(-0.5, Math.min(0.5, parts[i] / 2))));
      text.textContent = number(parts[i], 2);
    });
    map.squares.forEach(({ square }, i) => {
      fill(square, i > reached ? "" : signed(relu(all[i]) / largest));
    });
    picture.mark(state.row, state.column, 3);
    map.mark(state.row, state.column, 1);
  };
}

const widget = explorer({ read, draw });
