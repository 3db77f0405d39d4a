// An explorer waits as its picture at rest. Its script is loaded when the reader is within
// a screen of it.

function wake(figure) {
  if (!figure.dataset.script) return; // it is on its way
  const script = document.createElement("script");
  script.src = figure.dataset.script;
  delete figure.dataset.script;
  script.addEventListener("load", reach); // of reading.js: its picture at rest may have scrolled
  document.head.append(script);
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      wake(target);
    }
  },
  { rootMargin: "100% 0px" },
);

for (const figure of document.querySelectorAll("figure[data-later]")) near.observe(figure);
