// Draws a picture whose x goes back and forth (a pressure–volume loop) with ECharts, which is loaded only for this.

import { COLOURS, short } from "./chart.js";

const loops = new Map(); // figure → {picture, chart}
let library;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function loaded() {
  library ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: "/assets/echarts.js" });
    script.onload = () => done(window.echarts);
    script.onerror = failed;
    document.head.append(script);
  });
  return library;
}

function axis(title, unit) {
  return {
    type: "value", scale: true, name: unit ? `${title} (${unit})` : title, nameLocation: "middle", nameGap: 30,
    nameTextStyle: { color: colour("--ink") }, axisLabel: { color: colour("--ink"), formatter: short },
    splitLine: { lineStyle: { color: colour("--line") } },
  };
}

function options(picture) {
  const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    animation: !reduced, animationDuration: 200, backgroundColor: "transparent",
    grid: { left: 60, right: 16, top: 34, bottom: 46 },
    legend: { top: 0, textStyle: { color: colour("--ink") } },
    tooltip: { trigger: "item", renderMode: "richText",
      formatter: ({ seriesName, value }) =>
        `${seriesName}\n${short(value[0])} ${picture.x_unit}, ${short(value[1])} ${picture.y_unit}` },
    xAxis: axis(picture.x_title, picture.x_unit),
    yAxis: axis(picture.y_title, picture.y_unit),
    series: picture.lines.map((one, k) => ({
      type: "line", name: one.title, smooth: false, showSymbol: one.marks, symbol: "circle", symbolSize: 9,
      color: shade(one, k),
      lineStyle: { width: one.marks ? 0 : 2, type: k % 2 ? "dashed" : "solid" },
      data: one.y.map((y, at) => [(one.x ?? picture.x)[at], y]),
    })),
  };
}

const shade = (line, k) => colour(line.marks ? "--ink" : COLOURS[k % COLOURS.length]);

// Which line is which: this build of ECharts draws no legend.
function named(figure, picture) {
  figure.querySelector("ul.keys.lines")?.remove();
  const list = Object.assign(document.createElement("ul"), { className: "keys lines" });
  picture.lines.forEach((one, k) => {
    const item = Object.assign(document.createElement("li"), {
      className: one.marks ? "mark" : "median", textContent: k % 2 && !one.marks ? `${one.title} (dashed)` : one.title,
    });
    item.style.setProperty("--key", shade(one, k));
    list.append(item);
  });
  figure.querySelector(".plot").after(list);
}

/** Draw, or draw anew with another picture. */
export async function draw(figure, picture) {
  const echarts = await loaded();
  const box = figure.querySelector(".plot");
  const known = loops.get(figure);
  if (!known) {
    box.replaceChildren();
    box.style.height = `${Number(box.dataset.height) || 340}px`;
    new ResizeObserver(() => loops.get(figure)?.chart.resize()).observe(box);
  }
  const chart = known?.chart ?? echarts.init(box);
  chart.setOption(options(picture), true);
  named(figure, picture);
  loops.set(figure, { picture, chart });
  figure.classList.add("drawn");
}

export function redrawn() {
  for (const [figure, { picture }] of loops) draw(figure, picture);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawn);
addEventListener("beforeprint", redrawn);
addEventListener("afterprint", redrawn);
