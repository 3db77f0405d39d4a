// A whole twelve-lead sheet to measure on: magnify, move, and put calipers where they belong.

const ROW = 2.5; // mV
const WIDE = 600; // units
const NARROWEST = 2.8; // pixels to a millimetre: on a narrow screen the sheet scrolls sideways

function read(data, { left, right, upper, lower }) {
  const ms = Math.abs(right - left);
  const mv = Math.abs(lower - upper);
  return [
    ["Between the upright calipers", number(ms, 0, "ms")],
    ["Small boxes across", number(ms / 40, 1)],
    ["As a rate", ms ? number(60000 / ms, 0, "a minute") : "none"],
    ["Between the level calipers", number(mv, 2, "mV")],
    ["Small boxes down", number(10 * mv, 1)],
  ];
}

function draw(data, stage, alt, move) {
  const { strips, width, height, room, title } = data;
  const ms = WIDE / width; // units
  const mv = 400 * ms; // 25 mm/s and 10 mm/mV: 400 ms are as long as 1 mV is high
  const high = height * mv;
  let shown = null;
  stage.setAttribute("class", "ecg-stage ecg-scrolls");
  const svg = drawing(stage, WIDE, high + 26, alt);
  reachable(stage, svg, `${title}, scrolls sideways`);
  const sheet = shape(svg, "g", { class: "ecg-sheet" });
  paper(sheet, 40 * ms, WIDE, high);
  const names = strips.map(({ name, start, row, ms: each, steps }) => {
    const middle = room + ROW * row;
    const points = steps.map((step, i) => [(start + i * each) * ms, (middle - step / 100) * mv]);
    shape(sheet, "path", { d: path(points, 2), class: "ecg-trace" });
    const place = { x: (start + 40) * ms, y: (middle - clear(steps, each)) * mv };
    return shape(sheet, "text", { ...place, class: "ecg-title" }, name.split(",")[0]);
  });
  const ground = shape(sheet, "rect", { width: WIDE, height: high, class: "ecg-grip ecg-ground" });
  drag(ground, sheet, ([x, y], [fromX, fromY]) => move({
    across: shown.across + (fromX - x) / ms,
    down: shown.down + (fromY - y) / mv,
  }));
  const marks = shape(sheet, "g", { class: "ecg-marks" });
  const legs = shape(marks, "path");
  const grip = (name, across) => {
    const kind = across ? "ecg-across" : "ecg-updown";
    const size = across ? { height: high } : { width: WIDE };
    const rect = shape(marks, "rect", { x: 0, y: 0, ...size, class: `ecg-grip ${kind}` });
    drag(rect, sheet, ([x, y]) => move({ [name]: across ? x / ms : y / mv }));
    return rect;
  };
  const upright = [grip("left", true), grip("right", true)];
  const level = [grip("upper", false), grip("lower", false)];
  shape(svg, "rect", { y: high, width: WIDE, height: 26, class: "ecg-paper" });
  shape(svg, "text", { x: 4, y: high + 20 }, title);
  const scale = { x: WIDE - 4, y: high + 20, "text-anchor": "end" };
  shape(svg, "text", scale, "small box: 40 ms, 0.1 mV");

  return (state) => {
    shown = state;
    const { zoom, across, down } = state;
    const mm = width / 40 / zoom; // that are in sight
    svg.setAttribute("style", `min-width: ${(NARROWEST * mm).toFixed()}px`);
    const [x, y] = [across * ms - WIDE / zoom / 2, down * mv - high / zoom / 2];
    const place = `translate(${-x.toFixed(2)} ${-y.toFixed(2)})`;
    sheet.setAttribute("transform", `scale(${zoom}) ${place}`);
    for (const name of names) name.setAttribute("style", `font-size: ${16 / Math.sqrt(zoom)}px`);
    const xs = [state.left * ms, state.right * ms];
    const ys = [state.upper * mv, state.lower * mv];
    legs.setAttribute("d",
      xs.map((leg) => `M${leg} 0V${high}`).join("") + ys.map((leg) => `M0 ${leg}H${WIDE}`).join(""));
    const wide = 20 / zoom; // where a finger finds a caliper
    upright.forEach((rect, i) => {
      rect.setAttribute("x", xs[i] - wide / 2);
      rect.setAttribute("width", wide);
    });
    level.forEach((rect, i) => {
      rect.setAttribute("y", ys[i] - wide / 2);
      rect.setAttribute("height", wide);
    });
  };
}

// A stage that scrolls takes the focus and has a name; one that does not stays out of the way.
function reachable(stage, svg, name) {
  if (!globalThis.ResizeObserver) return; // a picture at rest
  const told = { tabindex: 0, role: "region", "aria-label": name };
  const look = () => {
    const scrolls = stage.scrollWidth > stage.clientWidth + 1;
    for (const [attribute, value] of Object.entries(told))
      if (scrolls) stage.setAttribute(attribute, value);
      else stage.removeAttribute(attribute);
  };
  const observer = new ResizeObserver(look);
  for (const node of [stage, svg]) observer.observe(node);
}

// How high a lead's name stands, in mV: above what its trace does in the first 400 ms.
function clear(steps, ms) {
  const beginning = steps.slice(0, Math.ceil(400 / ms));
  return Math.max(0.7, Math.max(...beginning) / 100 + 0.2);
}

// Choosing a lead moves the sheet and the calipers to it; nobody sees beyond the sheet's edge.
function settle(state, data) {
  const next = state.lead === (state.seen ?? "") ? { ...state } : moved(state, data);
  const inside = (value, whole) => {
    const half = whole / next.zoom / 2;
    return Math.min(Math.max(value, half), whole - half);
  };
  next.across = inside(next.across, data.width);
  next.down = inside(next.down, data.height);
  return next;
}

function moved(state, { strips, width, height, room }) {
  const strip = strips.find(({ name }) => name === state.lead);
  if (!strip) return { ...state, seen: state.lead, zoom: 1, across: width / 2, down: height / 2 };
  const middle = room + ROW * strip.row;
  const across = strip.start + Math.min(strip.steps.length * strip.ms, 2500) / 2;
  const calipers = { left: across - 400, right: across + 400, upper: middle - 1, lower: middle };
  return { ...state, ...calipers, seen: state.lead, zoom: 4, across, down: middle - 0.25 };
}

const widget = explorer({ read, draw, settle });
