"use strict";
// What every explorer shares: elements, numbers, controls, and how an explorer starts.
// `ecglab.explore` puts this file and one other into each output, inside a function of their own.

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
  const svg = shape(stage, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt });
  shape(svg, "rect", { width, height, class: "ecg-paper" });
  return svg;
}

function path(points) {
  return "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
}

// ECG paper in units: a small box is 40 ms wide and 0.1 mV high; TOP leaves room for marks.
const [BOX, SECOND, MV, TOP] = [4.8, 120, 48, 30];

function paper(svg, box, right, bottom, top = 0) {
  for (const [kind, each] of [["ecg-fine", box], ["ecg-large", 5 * box]]) {
    let d = "";
    for (let x = 0; x <= right + 0.1; x += each) d += `M${x.toFixed(1)} ${top}V${bottom}`;
    for (let y = top; y <= bottom + 0.1; y += each) d += `M0 ${y.toFixed(1)}H${right}`;
    shape(svg, "path", { d, class: kind });
  }
}

function number(value, digits = 0, unit = "") {
  let text = value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  if (Number(text) === 0) text = text.replace("-", "");
  return text.replace("-", "−") + (unit === "°" ? unit : unit && ` ${unit}`);
}

// Ids are drawn when an explorer starts, so that two of them on a page never share one.
function unique() {
  window.ecgExplorerIds = (window.ecgExplorerIds || 0) + 1;
  return `ecg-explorer-${window.ecgExplorerIds}`;
}

// Each kind of control gives its element and a function that sets its value and returns what the
// control made of it: a slider keeps within its bounds.
const CONTROLS = {
  slider({ label, low, high, step, unit, texts }, report) {
    const id = unique();
    const digits = (String(step).split(".")[1] || "").length;
    const input = element("input", { id, type: "range", min: low, max: high, step });
    const shown = element("output", { for: id, "aria-live": "off" });
    const set = (value) => {
      input.value = value;
      shown.textContent = texts ? texts[input.value] : number(Number(input.value), digits, unit);
      input.setAttribute("aria-valuetext", shown.textContent);
      return Number(input.value);
    };
    input.addEventListener("input", () => report(set(input.value)));
    const name = element("label", { for: id }, label);
    return [element("div", { class: "ecg-control" }, name, shown, input), set];
  },

  choice({ label, options }, report) {
    const id = unique();
    const input = element("select", { id });
    for (const [value, text] of Object.entries(options)) input.add(new Option(text, value));
    input.addEventListener("change", () => report(input.value));
    const name = element("label", { for: id }, label);
    return [element("div", { class: "ecg-control" }, name, input), (value) => (input.value = value)];
  },

  number({ label }, report) {
    const input = element("input", { id: unique(), type: "number", step: "any", "aria-label": label });
    input.addEventListener("input", () => report(Number(input.value)));
    return [input, (value) => Number((input.value = value))];
  },

  buttons({ label, settings }, report) {
    const node = element("fieldset", { class: "ecg-buttons" }, element("legend", {}, label));
    for (const text of Object.keys(settings)) {
      const button = element("button", { type: "button" }, text);
      button.addEventListener("click", () => report(settings[text]));
      node.append(button);
    }
    return [node];
  },
};

// Build the controls of one figure. `redraw(state)` draws, and returns what is to be read.
function control(figure, controls, stage, redraw) {
  const readouts = element("output", { class: "ecg-readouts", "aria-live": "polite" });
  const panel = element("div", { class: "ecg-controls" });
  const [state, setters, groups] = [{}, {}, {}];
  const update = () => {
    const words = redraw(state).map(([name, text]) =>
      element("span", {}, `${name}: `, element("b", {}, text)));
    readouts.replaceChildren(...words);
  };
  const assign = (values) => {
    for (const [name, value] of Object.entries(values)) {
      const set = setters[name] || ((own) => own); // what no control shows is kept all the same
      state[name] = set(value === "next" ? state[name] + 1 : value);
    }
    update();
  };
  for (const spec of controls) {
    const report = (value) => (spec.name ? (state[spec.name] = value, update()) : assign(value));
    const [node, set] = CONTROLS[spec.kind](spec, report);
    if (spec.group && !groups[spec.group]) {
      const legend = element("legend", {}, spec.group);
      groups[spec.group] = element("fieldset", { class: "ecg-grid" }, legend);
      panel.append(groups[spec.group]);
    }
    (groups[spec.group] || panel).append(node);
    if (set) setters[spec.name] = set;
  }
  for (const input of panel.querySelectorAll("input, select, button"))
    input.dataset.lmSuppressShortcuts = "true"; // its keys are its own in JupyterLab too
  assign(Object.fromEntries(controls.filter((c) => c.name).map((c) => [c.name, c.value])));
  figure.querySelector("img").hidden = true;
  figure.prepend(stage, readouts, panel);
}

// Start every figure of this name that has not been started yet.
function start(name, make) {
  for (const figure of document.querySelectorAll(`figure[data-explorer=${name}]:not([data-live])`)) {
    const { alt, controls, data } = JSON.parse(figure.querySelector("script").textContent);
    const stage = element("div", { class: "ecg-stage" });
    control(figure, controls, stage, make(data, stage, alt));
    figure.dataset.live = "";
  }
}
