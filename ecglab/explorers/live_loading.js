// Where a network comes from, and when: the file beside the page, or one of the reader's own.

const MISSING = "The network's file is not beside this page. Make it with `python -m ecglab export`, "
  + "and open it here.";

// The network beside this page of the book, or within a live notebook's data.
function networkOf(data) {
  if (data.network) return Promise.resolve(JSON.parse(data.network));
  const root = document.documentElement.dataset.content_root; // where a book's page says it is
  if (root === undefined) return Promise.reject(new Error(MISSING));
  globalThis.ecglabLoading ||= new Promise((resolve, reject) => {
    const script = element("script", { src: `${root}_static/network.js` });
    script.onload = () => resolve(globalThis.ecglabNetwork);
    script.onerror = () => reject(new Error(MISSING));
    document.head.append(script);
  });
  return globalThis.ecglabLoading;
}

// Do something once, when an element is in sight.
function whenInSight(place, act) {
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    act();
  }).observe(place);
}

// Do something once, when the reader comes near: by pointer, finger or keyboard.
function whenNear(place, act) {
  const waiting = new AbortController();
  const come = () => {
    waiting.abort();
    act();
  };
  for (const kind of ["pointerover", "pointerdown", "focusin"])
    place.addEventListener(kind, come, { signal: waiting.signal });
}

// A network in a file that the reader has chosen: read as text, never run.
function parsed(text) {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return {};
  }
}

