// A reader marks chapters as done. The marks stay in this browser and go nowhere else.

const KEY = "heartbeats-chapters-done";
const CHAPTER = /chapters\/(\d\d)_[a-z0-9_]+\.html/;

function done() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return []; // a browser that keeps nothing
  }
}

function keep(chapters) {
  try {
    localStorage.setItem(KEY, JSON.stringify(chapters));
  } catch {
    // nothing is kept; the button still answers
  }
}

// Every link to a chapter in the list of contents and in the overview shows its mark.
function mark(chapters) {
  for (const link of document.querySelectorAll(".bd-links a, .chapter-list a")) {
    const found = CHAPTER.exec(link.href);
    if (!found) continue;
    link.classList.toggle("chapter-done", chapters.includes(found[1]));
  }
  const count = document.querySelector(".chapters-done");
  if (count) count.textContent = chapters.length ? `You have done ${chapters.length} of 12.` : "";
}

function offer(number, article) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chapter-button";
  const show = (chapters) => {
    const is = chapters.includes(number);
    button.setAttribute("aria-pressed", is);
    button.textContent = is ? `Chapter ${Number(number)} is done ✓` : "Mark this chapter as done";
    mark(chapters);
  };
  button.addEventListener("click", () => {
    const before = done();
    const after = before.includes(number)
      ? before.filter((chapter) => chapter !== number)
      : [...before, number].sort();
    keep(after);
    show(after);
  });
  article.append(button);
  show(done());
}

const here = CHAPTER.exec(location.pathname);
const article = document.querySelector("article.bd-article");
if (here && article) offer(here[1], article);
else mark(done());
