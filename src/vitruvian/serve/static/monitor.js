// Moves the monitor page: newest values and small curves by server-sent events, the list again when alerts change.
// The page is whole without it.

const ward = document.getElementById("ward");
const said = document.querySelector("[data-said]");
const live = document.querySelector("[data-live]");
const POINTS = 40;
const curves = new WeakMap(); // svg → [[ms, value], …]
const waiting = new Map(); // key → newest row
let drawing = false;
let first = true;

function draw() {
  drawing = false;
  for (const [key, rows] of waiting) {
    const row = ward.querySelector(`[data-stream="${CSS.escape(key)}"]`);
    if (row) show(row, rows);
  }
  waiting.clear();
}

function show(row, rows) {
  const [, at, value, verdict] = rows[rows.length - 1];
  row.querySelector("[data-value]").textContent = String(value);
  row.querySelector("[data-age]").dataset.age = at;
  row.querySelector("[data-verdict]").textContent = verdict === "good" ? "" : ` (${verdict})`;
  curve(row.querySelector("svg"), rows);
}

// The curve that the server drew, as [ms, value] again; kept from then on.
function read(svg) {
  const { first, last, low, high } = svg.dataset;
  const place = (x, y) => [Number(first) + (x / 120) * (last - first), Number(high) - (y / 30) * (high - low)];
  const drawn = svg.querySelector("polyline").getAttribute("points");
  return drawn.split(" ").filter(Boolean).map((one) => place(...one.split(",").map(Number)));
}

function curve(svg, rows) {
  const points = (curves.get(svg) ?? read(svg)).concat(rows.map((one) => [one[1], one[2]])).slice(-POINTS);
  curves.set(svg, points);
  const values = points.map((one) => one[1]);
  const low = Math.min(Number(svg.dataset.low), ...values);
  const high = Math.max(Number(svg.dataset.high), ...values);
  const begin = points[0][0];
  const span = Math.max(points[points.length - 1][0] - begin, 1);
  // the band was drawn on the first scale: beyond that it goes, and comes again with the list
  if (low < Number(svg.dataset.low) || high > Number(svg.dataset.high)) svg.querySelector(".zone")?.remove();
  const drawn = points.map(([at, v]) => `${(120 * (at - begin)) / span},${(30 * (high - v)) / (high - low || 1)}`);
  svg.querySelector("polyline").setAttribute("points", drawn.join(" "));
  const seconds = Math.round(span / 1000);
  const words = seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  const scale = svg.parentElement.querySelector("[data-scale]");
  scale.textContent = `scale ${Number(low.toPrecision(3))} to ${Number(high.toPrecision(3))}, ${words}`;
}

function ages() {
  for (const one of ward.querySelectorAll("[data-age]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Number(one.dataset.age)) / 1000));
    one.textContent = seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
  }
}

async function again() {
  if (ward.contains(document.activeElement) && document.activeElement.matches("input")) return setTimeout(again, 2000);
  const answer = await fetch(`/monitor/list?part=${ward.dataset.part}`, { headers: { accept: "text/html" } });
  if (!answer.ok) return location.reload();
  const open = new Set([...ward.querySelectorAll("details[open]")].map((one) => one.closest("form, li")?.innerText));
  ward.innerHTML = await answer.text();
  for (const one of ward.querySelectorAll("details")) if (open.has(one.closest("form, li")?.innerText)) one.open = true;
  said.textContent = ward.querySelector("p").innerText;
}

const source = new EventSource("/api/v1/monitor/events");
source.addEventListener("open", () => (live.hidden = false));
source.addEventListener("error", () => (live.hidden = true));
source.addEventListener("streams", (event) => {
  for (const row of JSON.parse(event.data)) {
    if (!waiting.has(row[0])) waiting.set(row[0], []);
    waiting.get(row[0]).push(row);
  }
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(draw);
  }
});
source.addEventListener("alerts", () => {
  if (!first) again();
  first = false;
});
setInterval(ages, 1000);
addEventListener("pagehide", () => source.close());
