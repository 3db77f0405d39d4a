// A threshold against errors: two histograms, one above the line and one below it.
// `data` has the counts in each bin, so a threshold at an edge of a bin gives exact counts.

// The first bin that is called positive.
const firstBin = ({ low, step }, state) => Math.round((state.threshold - low) / step);

function split(counts, first) {
  const sum = (list) => list.reduce((total, count) => total + count, 0);
  return [sum(counts.slice(first)), sum(counts.slice(0, first))];
}

function read(data, state) {
  const first = firstBin(data, state);
  const [tp, fn] = split(data.positive, first);
  const [fp, tn] = split(data.negative, first);
  const alarms = [["False alarms an hour", number(fp / data.hours, 1)]];
  return [
    ["True positives", number(tp)],
    ["False negatives", number(fn)],
    ["False positives", number(fp)],
    ["True negatives", number(tn)],
    ["Sensitivity", share(tp, fn)],
    ["Specificity", share(tn, fp)],
    ["Positive predictivity", share(tp, fp)],
    ...(data.hours ? alarms : []),
  ];
}

function draw(data, stage, alt) {
  const [width, height, middle] = [600, 380, 165];
  const { low, step, name, unit, groups } = data;
  const bins = data.positive.length;
  const x = (bin) => 12 + ((width - 84) * bin) / bins;
  const svg = drawing(stage, width, height, alt);
  const tallest = Math.max(...data.positive, ...data.negative);
  const tall = (count) => (120 * Math.log10(1 + count)) / Math.log10(1 + tallest);
  for (let count = 10; count <= tallest; count *= 10)
    for (const y of [middle - tall(count), middle + tall(count)]) {
      shape(svg, "path", { d: `M12 ${y}H${x(bins)}`, class: "ecg-line" });
      shape(svg, "text", { x: x(bins) + 5, y: y + 5 }, number(count));
    }
  const bars = [data.positive, data.negative].map((counts, group) =>
    counts.map((count, bin) =>
      shape(svg, "rect", {
        x: x(bin) + 0.5,
        y: group ? middle + 1 : middle - tall(count),
        width: x(1) - x(0) - 1,
        height: tall(count),
      })));
  shape(svg, "path", { d: `M12 ${middle}H${x(bins)}`, class: "ecg-axis" });
  shape(svg, "text", { x: 14, y: 24, class: "ecg-title" }, groups[0]);
  shape(svg, "text", { x: 14, y: middle + 142, class: "ecg-title" }, groups[1]);
  const axisName = unit ? `${name} (${unit})` : name;
  shape(svg, "text", { x: width / 2, y: height - 8, "text-anchor": "middle" }, axisName);
  const digits = (String(step).split(".")[1] || "").length;
  for (const [bin, anchor] of [[0, "start"], [Math.floor(bins / 2), "middle"], [bins, "end"]]) {
    const at = { x: x(bin), y: height - 34, "text-anchor": anchor };
    shape(svg, "text", at, number(low + bin * step, digits));
  }
  const line = shape(svg, "path", { class: "ecg-threshold" });
  const flag = shape(svg, "text", { y: 41 });

  return (state) => {
    const first = firstBin(data, state);
    bars.forEach((row, group) =>
      row.forEach((bar, bin) => {
        const called = bin >= first;
        bar.setAttribute("class", called === (group === 0) ? "ecg-right" : "ecg-wrong");
      }));
    line.setAttribute("d", `M${x(first)} 31V${height - 54}`);
    const right = first > bins / 2; // no room for the words on the right of the line
    flag.textContent = right ? "below: negative" : "from here on: positive";
    flag.setAttribute("x", x(first) + (right ? -8 : 8));
    flag.setAttribute("text-anchor", right ? "end" : "start");
  };
}

const widget = explorer({ read, draw });
