// Controls, and how an explorer starts, in a page without a kernel and in a live notebook.

// Ids are drawn when an explorer starts, so that two of them on a page never share one.
function unique() {
  window.ecgExplorerIds = (window.ecgExplorerIds || 0) + 1;
  return `ecg-explorer-${window.ecgExplorerIds}`;
}

// Each kind of control gives its element and a function that sets its value and returns what the
// control made of it: a slider keeps within its bounds. Buttons have no value. Where what they do
// lasts, they give a function that shows in a state which of them are pressed.
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
    const set = (value) => (input.value = value);
    return [element("div", { class: "ecg-control" }, name, input), set];
  },

  number({ label }, report) {
    const input = element("input", { id: unique(), type: "number", step: "any", "aria-label": label });
    input.addEventListener("input", () => report(Number(input.value)));
    return [input, (value) => Number((input.value = value))];
  },

  buttons({ label, settings, lasting = true }, report) {
    const node = element("fieldset", { class: "ecg-buttons" }, element("legend", {}, label));
    const shows = [];
    for (const [text, wanted] of Object.entries(settings)) {
      const button = element("button", { type: "button" }, text);
      button.addEventListener("click", () => report(wanted));
      node.append(button);
      shows.push((state) => {
        const reached = Object.entries(wanted).every(([name, value]) => state[name] === value);
        button.setAttribute("aria-pressed", reached);
      });
    }
    return [node, null, lasting && ((state) => shows.forEach((show) => show(state)))];
  },
};

// Build an explorer in its figure. `model` has its content and its state.
function build({ read, draw, settle }, model, figure) {
  const { alt, caption, controls, data } = model.get("content");
  const stage = element("div", { class: "ecg-stage" });
  const readouts = element("output", { class: "ecg-readouts", "aria-live": "polite" });
  const redraw = draw(data, stage, alt, (changes) => assign(changes));
  let state = model.get("state");

  const take = (changes) => {
    const asked = { ...state, ...changes };
    state = { ...settle(asked, data) };
    for (const [name, set] of Object.entries(setters))
      if (state[name] !== asked[name]) state[name] = set(state[name]); // what it was settled to
    redraw(state);
    for (const show of shows) show(state);
    const words = read(data, state).map(([name, text]) =>
      element("span", {}, `${name}: `, element("b", {}, text)));
    readouts.replaceChildren(...words);
    model.set("state", state);
    model.save_changes();
  };
  const assign = (changes) => {
    const accepted = {};
    for (const [name, value] of Object.entries(changes)) {
      const asked = value === "next" ? state[name] + 1 : value;
      accepted[name] = setters[name] ? setters[name](asked) : asked; // not all have a control
    }
    take(accepted);
  };
  const [panel, setters, shows] = panelOf(controls, take, assign);
  assign(state);
  figure.replaceChildren(stage, readouts, panel, element("figcaption", {}, caption));
  model.on("change:state", () => {
    if (model.get("state") !== state) assign(model.get("state")); // Python has set it
  });
}

// The controls in a panel, by their names what sets them, and what shows which are pressed.
function panelOf(controls, take, assign) {
  const panel = element("div", { class: "ecg-controls" });
  const [setters, groups, shows] = [{}, {}, []];
  for (const spec of controls) {
    const report = spec.name ? (value) => take({ [spec.name]: value }) : assign;
    const [node, set, show] = CONTROLS[spec.kind](spec, report);
    if (spec.group && !groups[spec.group]) {
      const legend = element("legend", {}, spec.group);
      groups[spec.group] = element("fieldset", { class: "ecg-grid" }, legend);
      panel.append(groups[spec.group]);
    }
    (groups[spec.group] || panel).append(node);
    if (set) setters[spec.name] = set;
    if (show) shows.push(show);
  }
  for (const input of panel.querySelectorAll("input, select, button"))
    input.dataset.lmSuppressShortcuts = "true"; // its keys are its own in JupyterLab too
  return [panel, setters, shows];
}

// An explorer from its parts. `read(data, state)` returns what is to be read in a state, as pairs
// of a name and a text. `draw(data, stage, alt, move)` draws what stays into the element `stage`,
// and returns `(state) => …`, which draws what changes; `move(changes)` does what the controls do.
// `settle(state, data)` returns what a state becomes.
function explorer({ read, draw, settle = (state) => state }) {
  const parts = { read, draw, settle };
  const render = ({ model, el }) => { // anywidget calls it in a live notebook
    const figure = element("figure", { class: "ecg-explorer" });
    el.append(figure);
    build(parts, model, figure);
  };
  return { ...parts, render };
}

// Start every figure of this name in a page that has not been started yet.
function start(name, parts) {
  for (const figure of document.querySelectorAll(`figure[data-explorer=${name}]:not([data-live])`)) {
    const values = JSON.parse(figure.querySelector("script").textContent);
    figure.dataset.live = "";
    build(parts, pageModel(values), figure);
  }
}

// What anywidget's model is in a live notebook, where nobody else asks or sets.
function pageModel(values) {
  return {
    get: (name) => values[name],
    set: (name, value) => (values[name] = value),
    save_changes: () => {},
    on: () => {},
  };
}
