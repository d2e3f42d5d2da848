// A part of the page that waits for the server says so: the old content is greyed (style.css), how long it takes is
// counted, and where no answer comes that stands there, with a button to ask again. No request is given up by itself.

const SOON = 700; // ms before anything is said: most answers are there by then
const waits = new Map(); // part → {running, since, timer}

function said(part, role, ...content) {
  part.querySelector(":scope > .waiting")?.remove();
  const box = Object.assign(document.createElement("p"), { className: "message waiting" });
  box.setAttribute("role", role);
  box.append(...content);
  part.prepend(box);
}

function count(part, wait) {
  if (!part.isConnected) return clearInterval(wait.timer);
  const seconds = Math.round((Date.now() - wait.since) / 1000);
  const time = Object.assign(document.createElement("b"), { textContent: `Still computing, ${seconds} s.` });
  const old = part.querySelector("figure, table") ? " What is grey is not its answer." : "";
  said(part, "none", time, ` The first question of a kind can take a minute or two.${old}`);
}

function begin(event) {
  const { target: part } = event.detail.ctx;
  if (!part?.classList.contains("busy")) return;
  const wait = waits.get(part) ?? { running: new Set(), since: Date.now() };
  waits.set(part, wait);
  wait.running.add(event.detail.ctx);
  wait.since = Date.now();
  wait.failed = false;
  part.setAttribute("aria-busy", "true");
  part.querySelector(":scope > .waiting[role=alert]")?.remove();
  clearInterval(wait.timer);
  wait.timer = setTimeout(() => {
    count(part, wait);
    wait.timer = setInterval(() => count(part, wait), 1000);
  }, SOON);
}

// A request that a newer one replaced ends, too; the part waits until the last has.
function end(event) {
  const { target: part } = event.detail.ctx;
  const wait = waits.get(part);
  if (!wait?.running.delete(event.detail.ctx) || wait.running.size) return;
  clearInterval(wait.timer);
  waits.delete(part);
  if (wait.failed) return;
  part.removeAttribute("aria-busy");
  part.querySelector(":scope > .waiting")?.remove();
}

function failed(event) {
  const { ctx } = event.detail;
  const wait = waits.get(ctx?.target);
  if (!wait || wait.running.size > 1) return;
  wait.failed = true;
  const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Ask again" });
  again.addEventListener("click", () => {
    if (ctx.sourceElement.matches("form")) ctx.sourceElement.requestSubmit();
    else window.htmx.ajax("GET", ctx.request.action, { source: ctx.sourceElement, target: ctx.target, swap: ctx.swap });
  });
  said(ctx.target, "alert", "No answer came: the server could not be reached. What is grey is not its answer. ", again);
  ctx.target.removeAttribute("aria-busy");
  ctx.target.dataset.stale = "";
}

document.addEventListener("htmx:before:request", (event) => {
  delete event.detail.ctx.target?.dataset.stale;
  begin(event);
});
document.addEventListener("htmx:error", failed);
document.addEventListener("htmx:finally:request", end);
