// Draws every figure[data-chart] from the picture in its JSON element (vitruvian.twin.doors.Picture): curves with
// bands, measured marks, the target zone; in light, dark and print. Loops (x goes back and forth) are left to loop.js.
// Other scripts: import { update } from "/static/chart.js"; update(figure, picture).

export const COLOURS = ["--blue", "--orange", "--violet", "--amber", "--grey", "--red"]; // green is the target zone alone
const plots = new Map(); // figure → {picture, plot}
let library;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function faded(name, opacity) {
  return `color-mix(in srgb, ${colour(name)} ${Math.round(100 * opacity)}%, transparent)`;
}

export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function loaded() {
  library ??= new Promise((done, failed) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/assets/uplot.css" });
    const script = Object.assign(document.createElement("script"), { src: "/assets/uplot.js" });
    script.onload = () => done(window.uPlot);
    script.onerror = failed;
    document.head.append(style, script);
  });
  return library;
}

const rising = (x) => x.every((value, k) => k === 0 || value >= x[k - 1]);

// What a curve is says its look, the same in every picture and on paper (vitruvian.reports.curve).
const ROLES = {
  recommended: { name: "--blue", dashed: false }, standard: { name: "--orange", dashed: true },
  own: { name: "--violet", dashed: false }, past: { name: "--grey", dashed: false },
};

// Colour and dash of each line. "aorta, after" and "aorta, before" are one thing twice: one colour, the second dashed.
function looks(lines) {
  const things = [...new Set(lines.map((one) => one.title.split(", ")[0]))];
  const paired = things.length > 1 && lines.length === 2 * things.length;
  return lines.map((one, k) => {
    if (one.marks) return { name: "--ink", dashed: false };
    if (ROLES[one.role]) return ROLES[one.role];
    if (!paired) return { name: COLOURS[k % COLOURS.length], dashed: k % 2 === 1 }; // told apart without colours too
    const thing = one.title.split(", ")[0];
    const dashed = lines.findIndex((other) => other.title.split(", ")[0] === thing) < k;
    return { name: COLOURS[things.indexOf(thing) % COLOURS.length], dashed };
  });
}

// One table of columns for uPlot, and what each column is: lines share x, or are joined where they have their own.
function columns(picture) {
  const parts = picture.lines.map((line) => {
    const x = line.x ?? picture.x;
    return [x, line.y, ...line.bands.flat()];
  });
  const shared = picture.lines.every((line) => !line.x);
  const data = shared ? [picture.x, ...parts.flatMap((part) => part.slice(1))] : window.uPlot.join(parts);
  const kinds = [];
  const look = looks(picture.lines);
  picture.lines.forEach((line, k) => {
    kinds.push({ line, ...look[k], at: kinds.length + 1 });
    line.bands.forEach((_, b) => kinds.push({ edge: "low", b, line, ...look[k] }, { edge: "high", b, line, ...look[k] }));
  });
  return { data, kinds };
}

function series(picture, kinds) {
  return kinds.map((one) => {
    if (one.edge) return { class: "edge", points: { show: false }, spanGaps: true, stroke: "transparent", width: 0 };
    const stroke = colour(one.name);
    return {
      label: one.line.title,
      class: one.line.marks ? "mark" : one.dashed ? "dashed" : "line",
      value: (u, value, _, row) => told(u, value, one, row, picture.y_unit),
      stroke,
      width: one.line.marks ? 0 : 2,
      spanGaps: true,
      dash: one.dashed ? [7, 4] : undefined,
      paths: one.line.marks ? () => null : undefined,
      points: one.line.marks ? { show: true, size: 9, fill: stroke, stroke } : { show: false },
    };
  });
}

function told(u, value, one, row, unit) {
  if (row === null || row === undefined) return ""; // nobody points at the curve
  if (one.line.marks && (value === null || value === undefined)) return "–";
  const at = (column) => u.data[column]?.[row] ?? between(u.data[0], u.data[column] ?? [], row);
  value ??= at(one.at);
  if (value === null) return "–"; // outside of the curve
  const widest = one.line.bands.length ? [at(one.at + 1), at(one.at + 2)] : null;
  const band = widest && widest[0] !== null ? ` (${short(widest[0])}–${short(widest[1])})` : "";
  return `${short(value)}${band} ${unit}`.trim();
}

// The value of a curve that has none of its own at a place, from its neighbours; null before its start and after its end.
function between(x, y, row) {
  const known = (k) => y[k] !== null && y[k] !== undefined;
  let [left, right] = [row, row];
  while (left >= 0 && !known(left)) left -= 1;
  while (right < y.length && !known(right)) right += 1;
  if (left < 0 || right >= y.length) return null;
  return left === right ? y[row] : y[left] + ((y[right] - y[left]) * (x[row] - x[left])) / (x[right] - x[left]);
}

function bands(kinds) {
  const found = [];
  kinds.forEach((one, at) => {
    if (one.edge === "high") {
      const opacity = one.line.bands.length > 1 ? [0.16, 0.26][Math.min(one.b, 1)] : 0.2;
      found.push({ series: [at + 1, at], fill: faded(one.name, one.dashed ? 0.7 * opacity : opacity) });
    }
  });
  return found;
}

// Target zone behind everything; a dotted line at 0 where the axis counts from now.
function backdrop(picture) {
  return (u) => {
    const { left, top, width, height } = u.bbox;
    const clip = (value, low, high) => Math.min(Math.max(value, low), high);
    if (picture.zone) {
      const [low, high] = picture.zone;
      const y0 = low === null ? top + height : clip(u.valToPos(low, "y", true), top, top + height);
      const y1 = high === null ? top : clip(u.valToPos(high, "y", true), top, top + height);
      u.ctx.fillStyle = faded("--green", 0.16);
      u.ctx.fillRect(left, y1, width, y0 - y1);
      u.ctx.strokeStyle = faded("--green", 0.7);
      u.ctx.lineWidth = devicePixelRatio;
      for (const [end, y] of [[low, y0], [high, y1]]) {
        if (end !== null) line(u.ctx, left, y, left + width, y);
      }
    }
    if (!picture.x_is_time && u.scales.x.min < 0 && u.scales.x.max > 0) {
      const x = u.valToPos(0, "x", true);
      u.ctx.strokeStyle = colour("--soft");
      u.ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
      line(u.ctx, x, top, x, top + height);
      u.ctx.setLineDash([]);
    }
  };
}

function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function highest(picture) {
  const ends = (picture.zone ?? []).filter((end) => end !== null);
  const all = picture.lines.flatMap((one) => [one.y, ...one.bands.flat()]);
  let [low, high] = [Infinity, -Infinity];
  for (const column of all) {
    for (const value of column) {
      if (value !== null && value < low) low = value;
      if (value !== null && value > high) high = value;
    }
  }
  for (const end of ends) [low, high] = [Math.min(low, end), Math.max(high, end)];
  if (!(high > low)) [low, high] = [low - 1, high + 1];
  const floor = low >= 0 && low < 0.5 * high ? 0 : low - 0.06 * (high - low);
  return [floor, high + 0.06 * (high - floor)];
}

const DAY = 86400;

// A moment in words, on the person's clock where the picture tells its offset from UTC, else on the reader's.
function clock(picture) {
  const own = picture.x_offset === null || picture.x_offset === undefined;
  return (at, how) =>
    new Date(1000 * at + (own ? 0 : 60000 * picture.x_offset)).toLocaleString("en-GB", own ? how : { ...how, timeZone: "UTC" });
}

// Day before month in words: a date that nobody can read in two ways.
const moments = (text) => (_, splits, __, ___, step) =>
  splits.map((at, k) => {
    if (step >= 300 * DAY) return text(at, { year: "numeric" });
    if (step >= 27 * DAY) return text(at, { month: "short", year: "numeric" });
    const day = text(at, { day: "numeric", month: "short" });
    if (step >= DAY) return k ? day : `${day}\n${text(at, { year: "numeric" })}`;
    const time = text(at, { hour: "2-digit", minute: "2-digit" });
    return k && time !== "00:00" ? time : `${time}\n${day}`;
  });

const moment = (text) => (_, at) =>
  at === null ? "" : text(at, { dateStyle: "medium", timeStyle: "short" });

// An axis of hours from a moment, told as moments on the person's clock: steps from midnight on.
const STEPS = [1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 8760];

function fromZero(picture) {
  const zero = Date.parse(`${picture.x_zero.slice(0, 19)}Z`) / 1000; // the person's clock read as if it were UTC
  const text = clock({ x_offset: 0 });
  const at = (hours) => zero + 3600 * hours;
  const space = 75;
  return {
    axis: {
      space, size: 64, label: "dotted line: now", labelSize: 16,
      splits: (u, _, min, max) => {
        const step = 3600 * (STEPS.find((one) => ((max - min) / one) * space <= u.bbox.width / devicePixelRatio) ?? 8760);
        const found = [];
        for (let t = Math.ceil(at(min) / step) * step; t <= at(max); t += step) found.push((t - zero) / 3600);
        return found;
      },
      values: (u, splits) => moments(text)(u, splits.map(at), 0, 0, 3600 * ((splits[1] ?? 24) - (splits[0] ?? 0))),
    },
    value: (_, hours) => (hours === null ? "" : text(at(hours), { dateStyle: "medium", timeStyle: "short" })),
  };
}

function options(picture, kinds, box) {
  const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  const named = (title, unit) => (unit ? `${title} (${unit})` : title);
  const text = clock(picture);
  const zeroed = picture.x_zero ? fromZero(picture) : null;
  return {
    width: Math.max(box.clientWidth, 200),
    height: Number(box.dataset.height) || Math.max(220, Math.min(360, box.clientWidth * 0.55)),
    scales: { x: { time: picture.x_is_time }, y: { range: () => highest(picture) } },
    axes: [
      picture.x_is_time
        ? { ...axis, values: moments(text), space: 70, size: 52 }
        : zeroed ? { ...axis, ...zeroed.axis }
        : { ...axis, label: named(picture.x_title, picture.x_unit), labelSize: 22, size: 34 },
      { ...axis, label: named(picture.y_title, picture.y_unit), size: 56, labelSize: 22,
        values: (_, splits) => splits.map(short) },
    ],
    series: [
      { label: picture.x_is_time || zeroed ? "Time" : picture.x_title,
        value: zeroed ? zeroed.value : picture.x_is_time ? moment(text) : (_, v) => (v === null ? "" : `${short(v)} ${picture.x_unit}`) },
      ...series(picture, kinds),
    ],
    bands: bands(kinds),
    cursor: { drag: { x: true, y: false }, points: { size: 7 } },
    legend: { live: true },
    hooks: { drawClear: [backdrop(picture)] },
  };
}

function pictureOf(figure) {
  return JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
}

function make(figure, picture) {
  const box = figure.querySelector(".plot");
  const { data, kinds } = columns(picture);
  plots.get(figure)?.plot.destroy();
  box.replaceChildren();
  const plot = new window.uPlot(options(picture, kinds, box), data, box);
  plots.set(figure, { picture, plot });
  figure.classList.add("drawn");
  nearNow(figure, picture, plot);
}

// A long past would press what is to come into a corner: near now first, all of it at the press of a button.
function nearNow(figure, picture, plot) {
  const x = plot.data[0];
  const [first, last] = [x[0], x[x.length - 1]];
  if (picture.x_is_time || !(last > 0 && -first > 3 * last)) return;
  const button = figure.querySelector(".span-button") ?? Object.assign(document.createElement("button"), {
    type: "button", className: "plain span-button",
  });
  let near = false;
  const turn = () => {
    near = !near;
    plot.setScale("x", near ? { min: -2 * last, max: last } : { min: first, max: last });
    button.textContent = near ? "Show all of the past" : "Show the time near now";
  };
  button.onclick = turn;
  figure.querySelector(".plot").after(button);
  turn();
}

async function draw(figure) {
  const picture = pictureOf(figure);
  figure.dataset.chart = "seen";
  try {
    if (!picture.lines.every((one) => rising(one.x ?? picture.x))) {
      return (await import("./loop.js")).draw(figure, picture);
    }
    await loaded();
    make(figure, picture);
    new ResizeObserver(() => resized(figure)).observe(figure.querySelector(".plot"));
    figure.querySelector(".plot").addEventListener("keydown", (event) => moved(event, figure));
  } catch {
    figure.querySelector("details")?.setAttribute("open", ""); // the numbers can be read all the same
  }
}

function resized(figure) {
  const { plot } = plots.get(figure) ?? {};
  const width = figure.querySelector(".plot").clientWidth;
  if (plot && width && width !== plot.width) plot.setSize({ width, height: plot.height });
}

// Arrow keys walk along the curve; the legend says the values.
function moved(event, figure) {
  const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
  const { plot } = plots.get(figure) ?? {};
  if (!step || !plot) return;
  event.preventDefault();
  const last = plot.data[0].length - 1;
  const { min, max } = plot.scales.x;
  const from = plot.legend.idx ?? plot.valToIdx(min) - 1;
  const at = Math.min(Math.max(from + step, plot.valToIdx(min)), Math.min(plot.valToIdx(max), last));
  plot.setCursor({ left: plot.valToPos(plot.data[0][at], "x"), top: plot.bbox.height / devicePixelRatio / 2 });
  plot.setLegend({ idx: at });
}

/** Show another picture in a figure that is drawn; only the data move where the shape is the same. */
export function update(figure, picture) {
  const known = plots.get(figure);
  if (!known) return void import("./loop.js").then((loop) => loop.draw(figure, picture));
  const same = picture.lines.length === known.picture.lines.length &&
    picture.lines.every((one, k) => one.bands.length === known.picture.lines[k].bands.length);
  if (!same) return make(figure, picture);
  Object.assign(known.picture, picture); // the hooks of the plot read this object
  known.plot.setData(columns(picture).data);
}

function redrawn() {
  for (const [figure, { picture }] of plots) {
    if (figure.isConnected) make(figure, picture);
    else plots.delete(figure);
  }
}

export function drawAll(root = document) {
  root.querySelectorAll('figure[data-chart=""]').forEach(draw);
}

function printing(yes) {
  document.documentElement.classList.toggle("printing", yes);
  redrawn();
}

drawAll();
document.addEventListener("htmx:after:settle", () => drawAll());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawn);
addEventListener("beforeprint", () => printing(true));
addEventListener("afterprint", () => printing(false));
