// On the front page the network's file, 4 MB, waits until the reader comes near the beat: the page
// itself stays light. The explorer takes the promise that stands here (see `networkOf`).

for (const panel of document.querySelectorAll(".front-panel")) {
  const root = document.documentElement.dataset.content_root;
  globalThis.ecglabLoading = new Promise((resolve, reject) => {
    const load = () => {
      for (const kind of NEAR) panel.removeEventListener(kind, load);
      const script = document.createElement("script");
      script.src = `${root}_static/network.js`;
      script.onload = () => resolve(globalThis.ecglabNetwork);
      script.onerror = () => reject(new Error("The network could not be loaded."));
      document.head.append(script);
    };
    const NEAR = ["pointerover", "pointerdown", "focusin"];
    for (const kind of NEAR) panel.addEventListener(kind, load);
  });
}
