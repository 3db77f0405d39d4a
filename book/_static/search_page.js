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

window.fetch = async (address) => {
  const name = address.replace(/^\.\//, "").replace(/\.html$/, "");
  return { text: async () => pageOf(SEARCH_TEXTS[name] || {}) };
};
