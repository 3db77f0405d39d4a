// Sphinx's search fetches each page that it found and cuts an excerpt from it. A page opened from
// a folder may fetch nothing, so it gets the page's text from SEARCH_TEXTS instead.

const MARKUP = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escaped = (text) => text.replace(/[&<>]/g, (character) => MARKUP[character]);

// A page as Sphinx's script expects it: its sections, each with its name.
function pageOf(sections) {
  const parts = Object.entries(sections)
    .map(([name, text]) => `<section id="${name}">${escaped(text)} </section>`);
  return `<div role="main">${parts.join("")}</div>`;
}

let texts; // a promise of SEARCH_TEXTS, which nobody needs before the first result

function loadTexts() {
  return new Promise((done) => {
    const script = document.createElement("script");
    script.src = "_static/search_texts.js";
    script.onload = () => done(SEARCH_TEXTS);
    document.head.append(script);
  });
}

window.fetch = async (address) => {
  texts ||= loadTexts();
  const name = address.replace(/^\.\//, "").replace(/\.html$/, "");
  const page = pageOf((await texts)[name] || {});
  return { text: async () => page };
};
