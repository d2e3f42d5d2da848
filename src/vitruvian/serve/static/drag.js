// Meals and doses of a question on a line of time, to be dragged: [data-drag] in a form whose fields are `event`
// (choices "kind@2026-01-31T12:10") and `later` (minutes). By keyboard: arrow keys move by five minutes, Enter asks.

const STEP = 5; // minutes

const minutes = (text) => Date.parse(`${text}Z`) / 60000;
const clock = (at) => new Date(at * 60000).toISOString().slice(11, 16);

function events(select) {
  return [...select.options].filter((one) => one.value.includes("@")).map((one) => {
    const [kind, at] = one.value.split("@");
    return { value: one.value, title: one.text, kind, at: minutes(at) };
  });
}

function build(box) {
  const form = box.closest("form");
  const { event: select, later } = form.elements;
  const all = events(select);
  if (!all.length) return;
  const first = Math.min(...all.map((one) => one.at)) - 60;
  const span = Math.max(...all.map((one) => one.at)) + 120 - first;
  const most = Number(later.max) || 180;
  box.hidden = false;
  box.replaceChildren(Object.assign(document.createElement("small"), {
    textContent: "Squares: boluses; circles: meals. Drag one to another time, or move it with the arrow keys and press Enter.",
  }));
  const track = Object.assign(document.createElement("div"), { className: "drag-track" });
  box.append(track);
  const apart = track.clientWidth < 480 ? 360 : 180;
  for (let hour = Math.ceil(first / apart) * apart; hour < first + span; hour += apart) {
    const tick = Object.assign(document.createElement("span"), { className: "drag-hour", textContent: clock(hour) });
    tick.style.left = `${(100 * (hour - first)) / span}%`;
    track.append(tick);
  }
  for (const one of all) track.append(handle(one, { form, select, later, first, span, most, track }));
}

function handle(one, shared) {
  const { form, select, later, first, span, most, track } = shared;
  const knob = Object.assign(document.createElement("button"), { type: "button", className: `drag-knob ${one.kind}` });
  let shift = select.value === one.value ? Number(later.value) || 0 : 0;
  const show = () => {
    knob.style.left = `${(100 * (one.at + shift - first)) / span}%`;
    const moved = shift ? `, moved ${Math.abs(shift)} min ${shift > 0 ? "later" : "earlier"}` : "";
    knob.setAttribute("aria-label", `${one.title}${moved}`);
    knob.title = `${one.title}${moved}`;
  };
  const set = (value) => {
    shift = Math.max(-most, Math.min(most, STEP * Math.round(value / STEP)));
    select.value = one.value;
    later.value = shift;
    show();
  };
  knob.addEventListener("pointerdown", (event) => {
    knob.setPointerCapture(event.pointerId);
    const from = event.clientX, before = shift;
    const move = ({ clientX }) => set(before + ((clientX - from) / track.clientWidth) * span);
    const up = () => {
      knob.removeEventListener("pointermove", move);
      if (shift !== before) form.requestSubmit();
    };
    knob.addEventListener("pointermove", move);
    knob.addEventListener("pointerup", up, { once: true });
  });
  knob.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      set(shift + (event.key === "ArrowLeft" ? -STEP : STEP));
    }
    if (event.key === "Enter") {
      event.preventDefault();
      set(shift);
      form.requestSubmit();
    }
  });
  show();
  return knob;
}

const all = (root) => root.querySelectorAll("[data-drag]").forEach(build);
all(document);
document.addEventListener("htmx:after:settle", () => all(document));
