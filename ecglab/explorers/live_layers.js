// The layers: the maps of the first convolution and of each block.

const SHOW = 16; // maps of a layer, at most
const titleOf = (name) => name === "conv1"
  ? "The first convolution" : name.replace("conv", "Stage ").replace("_block", ", block ");

// Some maps side by side on one canvas, each with its own scale from black, 0, to white.
function tiles(canvas, { h, w, c, v }, channels) {
  const columns = Math.ceil(Math.sqrt(channels.length));
  const rows = Math.ceil(channels.length / columns);
  const most = channels.map((k) => highest({ c, v }, k) || 1);
  paint(canvas, columns * (w + 1) - 1, rows * (h + 1) - 1, (x, y) => {
    const place = Math.floor(y / (h + 1)) * columns + Math.floor(x / (w + 1));
    const [row, column] = [y % (h + 1), x % (w + 1)];
    if (row === h || column === w || place >= channels.length) return [128, 128, 128];
    return grey((255 * v[(row * w + column) * c + channels[place]]) / most[place]);
  });
}

function highest({ c, v }, channel) {
  let most = 0;
  for (let i = channel; i < v.length; i += c) if (v[i] > most) most = v[i];
  return most;
}

// The channels that answer most strongly.
function strongest(map) {
  const peaks = Array.from({ length: map.c }, (_, k) => [highest(map, k), k]);
  return peaks.sort((a, b) => b[0] - a[0]).slice(0, SHOW).map(([, k]) => k);
}

// The sum of all maps of a layer, from its lowest value on: its thumbnail.
function overall({ h, w, c, v }) {
  const sums = new Float32Array(h * w);
  for (let i = 0; i < v.length; i++) sums[Math.floor(i / c)] += v[i];
  const least = Math.min(...sums);
  return { h, w, c: 1, v: sums.map((sum) => sum - least) };
}

// The strip of thumbnails, and what the chosen one shows.
function layersOf(parent) {
  const strip = element("div", { class: "ecg-strip", role: "group", "aria-label": "Layers" });
  const heading = element("p", { class: "ecg-layer" });
  const maps = element("canvas", { role: "img", class: "ecg-pixels ecg-maps" });
  const [products, buttons] = [element("div", { class: "ecg-products" }), {}];
  let [chosen, first, drawProducts, latest] = ["conv1", null, null, null];

  const show = () => {
    const map = latest.maps[chosen];
    const all = Array.from({ length: Math.min(map.c, 64) }, (_, k) => k);
    const some = chosen === "conv1" ? all : strongest(map);
    const which = some.length < map.c ? `; the ${some.length} that answer most` : "";
    heading.textContent = `${titleOf(chosen)}: ${map.c} maps of ${map.h} × ${map.w} pixels${which}`;
    maps.setAttribute("aria-label", heading.textContent);
    tiles(maps, map, some);
    products.hidden = chosen !== "conv1";
    if (!products.hidden) drawProducts(latest);
    for (const [name, { button }] of Object.entries(buttons))
      button.setAttribute("aria-pressed", name === chosen);
  };
  const choose = (name) => {
    chosen = name;
    show();
  };
  const build = (names) => {
    for (const name of names) {
      const shot = canvasWith(name.replace("conv", "").replace("_block", "."), "");
      shot.canvas.setAttribute("aria-hidden", "true");
      const button = element("button", { type: "button", "aria-label": titleOf(name) }, shot.node);
      button.dataset.lmSuppressShortcuts = "true";
      button.addEventListener("click", () => choose(name));
      buttons[name] = { button, shot };
      strip.append(button);
    }
    const title = element("p", { class: "ecg-layer" }, "What each layer makes of it: choose one");
    parent.append(title, strip, heading, maps, products);
  };
  const draw = (answer) => {
    latest = answer;
    if (!strip.childElementCount) build(Object.keys(answer.maps));
    for (const [name, { shot }] of Object.entries(buttons))
      tiles(shot.canvas, overall(answer.maps[name]), [0]);
    drawProducts ||= productsOf(products, first);
    show();
  };
  draw.first = (layer) => {
    [first, drawProducts] = [layer, null];
  };
  return draw;
}
