// What scrolls can be reached with the keyboard, and what is printed lies open.

const FRAMES = ".bd-article :is(pre, .ecg-wide, .ecg-explorer, .pst-scrollable-table-container, .math, "
  + "mjx-container)";

function name(frame) {
  if (frame.matches("pre")) return frame.closest(".cell_input") ? "Code" : "Text";
  if (frame.querySelector("table")) return "Table";
  return frame.querySelector("img") ? "Figure" : "Formula";
}

// A numbered figure is a landmark: no other has its name. Of the rest there are too many.
function called(frame) {
  const number = frame.matches(".ecg-figure > *") && frame.parentElement.querySelector(".ecg-number");
  return number ? ["region", `${number.textContent}, scrolls sideways`] : ["group", name(frame)];
}

// A frame that scrolls takes the focus and has a name; one that does not stays out of the way.
function reach() {
  for (const frame of document.querySelectorAll(FRAMES)) {
    const scrolls = frame.scrollWidth > frame.clientWidth + 1
      && getComputedStyle(frame).overflowX !== "visible";
    if (scrolls) {
      frame.tabIndex = 0;
      const [role, label] = called(frame);
      frame.setAttribute("role", role);
      if (!frame.hasAttribute("aria-label")) frame.setAttribute("aria-label", label);
    } else if (["group", "region"].includes(frame.getAttribute("role"))) {
      for (const attribute of ["tabindex", "role", "aria-label"]) frame.removeAttribute(attribute);
    }
  }
}

// The bar with the book's title, search and contents is a landmark of its own.
const bar = document.querySelector(".bd-sidebar-primary");
if (bar && bar.tagName === "DIV") {
  bar.setAttribute("role", "complementary");
  bar.setAttribute("aria-label", "The book");
}

let opened = [];
let theme = "light";

// Paper is white, whatever the screen was.
function open() {
  theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  opened = [...document.querySelectorAll("details:is(.deeper, .ecg-long):not([open])")];
  for (const fold of opened) fold.open = true;
}

function close() {
  document.documentElement.dataset.theme = theme;
  for (const fold of opened) fold.open = false;
}

// A link to what lies in a fold opens the fold.
function show() {
  const goal = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folds = [];
  for (let at = goal; at; at = at.parentElement) if (at.tagName === "DETAILS") folds.push(at);
  for (const fold of folds) fold.open = true;
  if (folds.length) goal.scrollIntoView();
}

show();
addEventListener("hashchange", show);
addEventListener("load", reach);
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);
addEventListener("beforeprint", open);
addEventListener("afterprint", close);
