
// Aside from the page, so that it stays quick: keep a network, and compute what is sent.
let net = null;
onmessage = ({ data }) => {
  if (data.network) {
    net = unpack(data.network);
    postMessage({ ready: true, first: net.layers.conv1 });
    return;
  }
  const began = performance.now();
  const { logits, maps } = forward(net, data.image, data.columns);
  const kind = logits.indexOf(Math.max(...logits));
  const camera = activation(maps[net.blocks.at(-1)], net.layers.logits, kind);
  const milliseconds = performance.now() - began;
  postMessage({ ...data, shares: softmax(logits), kind, maps, camera, milliseconds });
};
