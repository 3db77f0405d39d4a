// An album: pictures that were drawn beforehand, one for each setting of the sliders.

function explorer(data, stage, alt) {
  const image = element("img", { alt, role: "img" });
  stage.append(image);
  return (state) => {
    const [png, words] = data.pictures[data.names.map((name) => state[name]).join()];
    image.src = `data:image/png;base64,${png}`;
    return Object.entries(words);
  };
}
