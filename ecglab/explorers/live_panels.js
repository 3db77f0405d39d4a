// What a network sees and what its layers make of it, in the page: the network's file, the worker
// that computes, and the pictures below the beat.

const WAITING = "The network comes when it is in sight.";
const UNTOUCHED = "Touch the beat, and the network comes: 4 MB, once.";

// Paint a canvas pixel by pixel; `colour` gives red, green and blue.
function paint(canvas, width, height, colour) {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++)
    image.data.set([...colour(i % width, Math.floor(i / width)), 255], 4 * i);
  context.putImageData(image, 0, 0);
}

const grey = (value) => [value, value, value];
const signed = (value) => { // blue above 0, orange below
  const part = Math.min(Math.abs(value), 1);
  return (value < 0 ? [184, 74, 0] : [0, 90, 143]).map((c) => 255 + (c - 255) * part);
};

// A map at a place from 0 to 1 down and across, read between the middles of its pixels.
function between({ h, w, v }, x, y) {
  const along = (part, count) => {
    const place = Math.min(Math.max(part * count - 0.5, 0), count - 1);
    const first = Math.floor(place);
    return [first, Math.min(first + 1, count - 1), place - first];
  };
  const [[left, right, over], [top, bottom, below]] = [along(x, w), along(y, h)];
  const row = (i) => v[i * w + left] * (1 - over) + v[i * w + right] * over;
  return row(top) * (1 - below) + row(bottom) * below;
}

function canvasWith(text, alt, size = "") {
  const canvas = element("canvas", { role: "img", "aria-label": alt, class: "ecg-pixels" });
  const name = element("span", {}, text);
  return { canvas, name, node: element("div", { class: `ecg-shot ${size}` }, canvas, name) };
}

const SHOWN = { "beat": "the beat", "typical": "the typical beat", "difference": "beat less typical" };

// The channels that the network sees, and over the first what speaks for the class it calls.
function seenOf(parent) {
  return ({ image, camera, kind }, { recipe, classes }) => {
    const { h, w, c, v } = image;
    const texts = recipe.show.flatMap((way) =>
      recipe.leads.map((_, k) => `${SHOWN[way]}, ${k ? "second lead" : "first lead"}`));
    const shots = texts.map((text) => canvasWith(text, `What the network sees: ${text}`));
    shots.forEach(({ canvas }, k) => paint(canvas, w, h, (x, y) => grey(255 * v[(y * w + x) * c + k])));
    const called = classes[kind];
    const heat = canvasWith(`orange: speaks for ${called}`, `Where the last maps speak for ${called}`);
    const most = Math.max(...camera.v) || 1;
    paint(heat.canvas, w, h, (x, y) => {
      const part = (0.75 * between(camera, (x + 0.5) / w, (y + 0.5) / h)) / most;
      const light = 255 * v[(y * w + x) * c];
      return [230, 120, 20].map((colour) => light * (1 - part) + colour * part);
    });
    parent.replaceChildren(...[...shots, heat].map(({ node }) => node));
  };
}

// The worker, what it is asked, and where its answers go. Of questions that come while it
// computes, the last is kept.
function panelsOf(stage, data, show) {
  const status = element("p", { role: "status", class: "ecg-status" });
  status.textContent = data.small ? UNTOUCHED : WAITING;
  const seen = element("div", { class: "ecg-shots" });
  const layers = element("div", { class: "ecg-layers" });
  const file = element("input", { type: "file", accept: ".js", "data-lm-suppress-shortcuts": "true" });
  const open = element("label", { class: "ecg-open" }, "Open a network that you trained: ", file);
  let [network, own, worker, waiting, busy, last] = [null, false, null, null, false, null];
  const [drawSeen, drawLayers] = [seenOf(seen), layersOf(layers)];

  const send = () => {
    if (!network || busy || !waiting) return;
    busy = true;
    worker.postMessage(given(network, ...waiting));
    waiting = null;
  };
  const take = (chosen, whose) => {
    const why = refusal(chosen);
    if (why) throw new Error(`Not opened: ${why}.`);
    worker?.terminate();
    worker = new Worker(URL.createObjectURL(new Blob([ASIDE], { type: "text/javascript" })));
    [network, own, busy, waiting] = [chosen, whose, false, last];
    worker.onerror = () => (status.textContent = "This browser could not run the network.");
    worker.onmessage = ({ data: answer }) => {
      if (answer.ready) return drawLayers.first(answer.first);
      busy = false;
      show(answer.shares, own ? "What your network believes" : "What the network believes");
      drawSeen(answer, network);
      if (!data.small) drawLayers(answer, network);
      status.textContent = `${network.layers.length} layers with weights, computed in this page ` +
        `in ${number(answer.milliseconds, 0, "ms")}.`;
      send();
    };
    worker.postMessage({ network });
    send();
  };
  const fail = ({ message }) => (status.textContent = message);
  file.addEventListener("change", () =>
    file.files[0]?.text().then((text) => take(parsed(text), true)).catch(fail));
  const load = () => networkOf(data).then((found) => network || take(found, false)).catch(fail);
  queueMicrotask(() => { // the figure is complete
    const figure = stage.parentElement;
    figure.querySelector(".ecg-readouts").after(status, seen);
    if (data.small) return whenNear(figure, load); // it stands where a page opens
    figure.querySelector("figcaption").before(layers, open);
    whenInSight(stage, load);
  });
  const ask = (...question) => {
    waiting = last = question;
    send();
  };
  return { ask, own: () => own };
}
