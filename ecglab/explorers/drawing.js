// Drawing and writing: what every explorer's script is made of.
// `ecglab.explorers.base` joins this file, controls.js and an explorer's own into one ES module.

const SVG = "http://www.w3.org/2000/svg"; // a name, not an address: nothing is fetched

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function shape(parent, tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  parent.append(node);
  return node;
}

// A drawing of so many units, scaled to its place; `alt` is what a screen reader says of it.
function drawing(stage, width, height, alt) {
  const svg = shape(stage, "svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": alt,
  });
  shape(svg, "rect", { width, height, class: "ecg-paper" });
  return svg;
}

function path(points, digits = 1) {
  return "M" + points.map((point) => point.map((x) => x.toFixed(digits)).join(" ")).join("L");
}

// Let a shape be dragged: `report` gets where the pointer is and where it went down, x and y, in
// the units of `plane`, which may move meanwhile. A picture at rest has no pointers.
function drag(shape, plane, report) {
  if (!shape.setPointerCapture) return;
  const place = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY);
    const { x, y } = point.matrixTransform(plane.getScreenCTM().inverse());
    return [x, y];
  };
  let from = null;
  shape.addEventListener("pointerdown", (event) => {
    from = place(event);
    shape.setPointerCapture(event.pointerId);
    event.preventDefault(); // no text is marked
  });
  shape.addEventListener("pointermove", (event) => from && report(place(event), from));
  for (const end of ["pointerup", "pointercancel"])
    shape.addEventListener(end, () => (from = null));
}

// ECG paper with a line every `box` units, each fifth one strong: 40 ms and 0.1 mV.
function paper(svg, box, right, bottom, top = 0) {
  for (const [kind, each] of [["ecg-fine", box], ["ecg-large", 5 * box]]) {
    let d = "";
    for (let x = 0; x <= right + 0.1; x += each) d += `M${x.toFixed(1)} ${top}V${bottom}`;
    for (let y = top; y <= bottom + 0.1; y += each) d += `M0 ${y.toFixed(1)}H${right}`;
    shape(svg, "path", { d, class: kind });
  }
}

// As `number` of base.py: halves go away from zero, even where the last bit is missing.
function number(value, digits = 0, unit = "") {
  let text = (value + 1e-9 * Math.sign(value)).toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  if (Number(text) === 0) text = text.replace("-", "");
  return text.replace("-", "−") + (unit === "°" ? unit : unit && ` ${unit}`);
}

// As `share` of base.py.
function share(part, rest) {
  return part + rest ? number((100 * part) / (part + rest), 1, "%") : "undefined";
}
