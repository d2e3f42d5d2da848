// Copies the scripts that pages use into the package: bytes as published, their SHA-256, and their licences.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "../src/vitruvian/serve/assets");

// name in the package → file of the npm package
const FILES = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "htmx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
  "uplot.js": "uplot/dist/uPlot.iife.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
  "echarts.js": "echarts/dist/echarts.simple.min.js",
};
// packages whose code is in these files, echarts' own parts included
const LICENCES = {
  "htmx.org": ["LICENSE"],
  uplot: ["LICENSE"],
  echarts: ["LICENSE", "NOTICE"],
  zrender: ["LICENSE"],
  tslib: ["LICENSE.txt"],
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const sums = [];
for (const [name, from] of Object.entries(FILES)) {
  const text = readFileSync(join(here, "node_modules", from), "utf8").replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n");
  writeFileSync(join(out, name), text);
  sums.push(`${createHash("sha256").update(text).digest("hex")}  ${name}`);
}
writeFileSync(join(out, "SHA256SUMS"), sums.join("\n") + "\n");

const parts = Object.entries(LICENCES).map(([name, files]) => {
  const told = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
  const texts = files.map((one) => readFileSync(join(here, "node_modules", name, one), "utf8").trim());
  return [`${told.name} ${told.version} (${told.license})`, ...texts].join("\n\n");
});
writeFileSync(join(out, "LICENCES.txt"), parts.join(`\n\n${"-".repeat(80)}\n\n`) + "\n");
