// An album: pictures that were drawn beforehand, one for each setting of the sliders.

const pictureOf = (data, state) => data.pictures[data.names.map((name) => state[name]).join()];

function read(data, state) {
  return Object.entries(pictureOf(data, state).words);
}

function draw(data, stage, alt) {
  const image = element("img", { alt, role: "img" });
  stage.append(image);
  return (state) => {
    image.src = `data:image/png;base64,${pictureOf(data, state).png}`;
  };
}

const widget = explorer({ read, draw });
