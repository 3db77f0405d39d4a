// A kernel over a beat image: nine products, their sum, and the map that grows from the sums.

const SIDE = 300;

// A square of cells, each a rectangle that can be filled; optionally with a number in it.
function cells(stage, title, rows, columns, numbers = false) {
  const holder = element("div", {}, element("b", {}, title));
  stage.append(holder);
  const svg = drawing(holder, SIDE, SIDE, title);
  const size = SIDE / Math.max(rows, columns);
  const squares = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = { x: column * size, y: row * size };
      const square = shape(svg, "rect", { ...at, width: size, height: size, class: "ecg-cell" });
      const middle = { x: at.x + size / 2, y: at.y + size / 2 + 5, "text-anchor": "middle" };
      squares.push({ square, text: numbers && shape(svg, "text", middle) });
    }
  const frame = shape(svg, "rect", { class: "ecg-frame" });
  const mark = (row, column, extent) => {
    const at = { x: column * size, y: row * size };
    for (const [key, value] of Object.entries({ ...at, width: extent * size, height: extent * size }))
      frame.setAttribute(key, value);
  };
  return { squares, mark };
}

const grey = (share) => `hsl(0 0% ${(100 * share).toFixed(1)}%)`;

// Purple above zero, orange below, white at zero: as dark as the number is far from it.
function signed(share) {
  const light = 100 - 62 * Math.min(1, Math.abs(share));
  return `hsl(${share < 0 ? "28 90%" : "268 50%"} ${light.toFixed(1)}%)`;
}

function sums(image, kernel) {
  const map = [];
  for (let row = 0; row + 2 < image.length; row++)
    for (let column = 0; column + 2 < image[0].length; column++)
      map.push(products(image, kernel, row, column).reduce((total, value) => total + value, 0));
  return map;
}

function products(image, kernel, row, column) {
  return kernel.map((weight, i) => (weight * image[row + Math.floor(i / 3)][column + (i % 3)]) / 255);
}

function explorer(data, stage, alt) {
  const { image } = data;
  const [rows, columns] = [image.length, image[0].length];
  stage.classList.add("ecg-panels");
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", alt);
  const picture = cells(stage, "Image", rows, columns);
  const nine = cells(stage, "Pixel × weight", 3, 3, true);
  const map = cells(stage, "Map so far", rows - 2, columns - 2);
  picture.squares.forEach(({ square }, i) => {
    square.style.fill = grey(image[Math.floor(i / columns)][i % columns] / 255);
  });

  return (state) => {
    const { row, column } = state;
    const kernel = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => state[`k${i}`]);
    const relu = (value) => (state.map === "relu" ? Math.max(value, 0) : value);
    const parts = products(image, kernel, row, column);
    const all = sums(image, kernel);
    const sum = all[row * (columns - 2) + column];
    const largest = Math.max(...all.map(Math.abs)) || 1;
    const reached = row * (columns - 2) + column;
    nine.squares.forEach(({ square, text }, i) => {
      square.style.fill = signed(Math.max(-0.5, Math.min(0.5, parts[i] / 2)));
      text.textContent = number(parts[i], 2);
    });
    map.squares.forEach(({ square }, i) => {
      square.style.fill = i > reached ? "" : signed(relu(all[i]) / largest);
    });
    picture.mark(row, column, 3);
    map.mark(row, column, 1);
    return [
      ["Window from", `row ${row}, column ${column}`],
      ["Sum of the nine products", number(sum, 2)],
      ["After ReLU", number(Math.max(sum, 0), 2)],
      ["Places done", `${number(reached + 1)} of ${number(all.length)}`],
    ];
  };
}
