// How one number of the first convolution comes about: the window, the kernel, their products, and
// the sum.

// The products of one channel: functions of a place in the kernel, their sum and how far they reach.
function productsAt({ image, first }, { filter, row, column }, channel) {
  const [kh, kw, channels, filters] = first.kernel;
  const seen = (x, y) => {
    const [i, j] = [row * first.stride + y - (kh >> 1), column * first.stride + x - (kw >> 1)];
    const outside = i < 0 || j < 0 || i >= image.h || j >= image.w;
    return outside ? 0 : image.v[(i * image.w + j) * image.c + channel];
  };
  const weight = (x, y) => first.weights[((y * kw + x) * channels + channel) * filters + filter];
  const product = (x, y) => seen(x, y) * weight(x, y);
  let [sum, largest, heaviest] = [0, 1e-9, 1e-9];
  for (let y = 0; y < kh; y++)
    for (let x = 0; x < kw; x++) {
      sum += product(x, y);
      largest = Math.max(largest, Math.abs(product(x, y)));
      heaviest = Math.max(heaviest, Math.abs(weight(x, y)));
    }
  return { seen, weight, product, sum, largest, heaviest };
}

// Window, kernel and products of each channel as pictures, and the sum of all.
function productShots(question, place) {
  const [kh, kw, channels] = question.first.kernel;
  let total = 0;
  const shots = [];
  const add = (text, colour) => {
    const shot = canvasWith(text, text, "ecg-little");
    paint(shot.canvas, kw, kh, colour);
    shots.push(shot.node);
  };
  for (let channel = 0; channel < channels; channel++) {
    const found = productsAt(question, place, channel);
    total += found.sum;
    add(`window${channels > 1 ? `, channel ${channel + 1}` : ""}`, (x, y) => grey(255 * found.seen(x, y)));
    add("× kernel", (x, y) => signed(found.weight(x, y) / found.heaviest));
    add(`= ${kh * kw} products, sum ${number(found.sum, 2)}`, (x, y) =>
      signed(found.product(x, y) / found.largest));
  }
  return { shots, total };
}

// The map of one filter, to point at; sliders do the same.
function productsOf(parent, first) {
  const [kh, kw, channels, filters] = first.kernel;
  const picture = element("div", { class: "ecg-shots" });
  const sum = element("output", { class: "ecg-sum", "aria-live": "polite" });
  const map = canvasWith("", "The map of the chosen filter: point at a pixel");
  map.canvas.classList.add("ecg-point");
  const place = { filter: 0, row: 0, column: 0 };
  const setters = {};
  let latest = null;

  const redraw = () => {
    const { image, maps: { conv1 } } = latest;
    const { filter, row, column } = place;
    const { h, w, c, v } = conv1;
    const most = highest(conv1, filter) || 1;
    paint(map.canvas, w, h, (x, y) => x === column && y === row
      ? [0, 158, 115] : grey((255 * v[(y * w + x) * c + filter]) / most));
    map.name.textContent = `filter ${filter}: point at a pixel`;
    const { shots, total } = productShots({ image, first }, place);
    picture.replaceChildren(...shots);
    const shift = first.shift[filter];
    sum.textContent = `Sum of all ${kh * kw * channels} products ${number(total, 2)}, shift ` +
      `${number(shift, 2)}: ${number(total + shift, 2)}. After ReLU: ` +
      `${number(v[(row * w + column) * c + filter], 2)}`;
  };
  const slider = (name, label, high) => {
    const [node, set] = CONTROLS.slider({ label, low: 0, high, step: 1, unit: "" }, (value) => {
      place[name] = value;
      redraw();
    });
    node.querySelector("input").dataset.lmSuppressShortcuts = "true";
    setters[name] = set;
    set(place[name]);
    return node;
  };
  const point = ({ clientX, clientY }) => {
    const box = map.canvas.getBoundingClientRect();
    const { w, h } = latest.maps.conv1;
    const at = (part, count) => Math.min(Math.max(Math.floor(part * count), 0), count - 1);
    place.column = setters.column(at((clientX - box.left) / box.width, w));
    place.row = setters.row(at((clientY - box.top) / box.height, h));
    redraw();
  };
  for (const kind of ["pointermove", "pointerdown"]) map.canvas.addEventListener(kind, point);

  return (answer) => {
    const { h, w } = answer.maps.conv1;
    if (!latest) {
      [place.row, place.column] = [h >> 1, (5 * w) >> 4]; // in the QRS complex, or near
      const controls = element("div", { class: "ecg-controls" });
      controls.append(slider("filter", "Filter", filters - 1), slider("row", "Row", h - 1));
      controls.append(slider("column", "Column", w - 1));
      parent.replaceChildren(map.node, controls, picture, sum);
    }
    latest = answer;
    redraw();
  };
}
