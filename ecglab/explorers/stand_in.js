// A stand-in for a browser: the little that an explorer's `draw` asks of one, so that the picture
// at rest can be drawn without any. `still` returns it as SVG.

const MARKUP = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (character) => MARKUP[character]);

class StandIn {
  constructor(tag, attributes = {}) {
    this.tag = tag;
    this.attributes = { ...attributes };
    this.children = [];
    this.textContent = "";
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  append(...nodes) {
    this.children.push(...nodes);
  }

  replaceChildren(...nodes) {
    this.children = nodes;
  }

  toString() {
    const attributes = Object.entries(this.attributes)
      .map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
    const inside = escaped(this.textContent) + this.children.join("");
    return `<${this.tag}${attributes.join("")}>${inside}</${this.tag}>`;
  }
}

const document = { createElementNS: (namespace, tag) => new StandIn(tag) };

const [WIDTH, GAP, EDGE, LINE] = [600, 16, 6, 24]; // units
const LETTERS = 64; // to a line

// The drawings of a state side by side; below them what is to be read.
function still({ read, draw }, { data, alt }, state) {
  const stage = new StandIn("g");
  draw(data, stage, alt)(state);
  const drawings = stage.children;
  const width = (WIDTH - GAP * (drawings.length - 1)) / drawings.length;
  const page = new StandIn("svg", { xmlns: SVG, class: "ecg-explorer" });
  page.append(stage);
  let bottom = 0;
  drawings.forEach((svg, i) => {
    const [, , wide, high] = svg.attributes.viewBox.split(" ");
    const height = (width * high) / wide;
    Object.assign(svg.attributes, { x: i * (width + GAP), width, height });
    bottom = Math.max(bottom, height);
  });
  for (const line of lines(read(data, state))) {
    bottom += LINE;
    shape(page, "text", { x: 4, y: bottom }, line);
  }
  page.setAttribute("viewBox", `${-EDGE} ${-EDGE} ${WIDTH + 2 * EDGE} ${bottom + 3 * EDGE}`);
  return String(page);
}

// Words in lines that are not too long.
function lines(words) {
  const found = [];
  let line = "";
  for (const [name, text] of words) {
    const word = `${name}: ${text}`;
    const longer = line ? `${line} · ${word}` : word;
    if (line && longer.length > LETTERS) {
      found.push(line);
      line = word;
    } else line = longer;
  }
  return [...found, line];
}
