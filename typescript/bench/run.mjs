// Runs the measures, each with its floor in turns in one process, five times; prints medians.
// run.mjs [--quick] [--json]

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const rounds = process.argv.includes("--quick") ? 1 : 5;
const here = new URL(".", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bench-events-"));
const suite = join(directory, "suite.mjs");

const pairs = ["emit+await", "ten handlers", "nested await", "forwarding", "50k queued", "200 buses x 100"];
const goals = { "emit+await": 10 };
const beside = [
  "emit+await mitt",
  "emit+await abxbus",
  "ten handlers abxbus",
  "nested await abxbus",
  "forwarding abxbus",
];
const flat = [
  ["flat: 1 bus", "flat: 500 buses"],
  ["flat: 100 kept", "flat: 10k kept"],
  ["flat: jump over 0", "flat: jump over 10k"],
];

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function measure(names, context) {
  const args = ["--expose-gc", suite, names.join(","), context, String(rounds)];
  const out = execFileSync(process.execPath, args, { encoding: "utf8" });
  const values = JSON.parse(out.trim().split("\n").at(-1));
  return Object.fromEntries(Object.entries(values).map(([name, each]) => [name, median(each)]));
}

try {
  await build({
    entryPoints: [join(here, "suite.ts")],
    outfile: suite,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    nodePaths: [join(here, "../node_modules")],
  });
  const results = {};
  for (const context of ["off", "on"]) {
    const groups = [...pairs.map((pair) => [`${pair} floor`, `${pair} ours`]), beside, ...flat, ["memory"]];
    results[context] = Object.assign({}, ...groups.map((names) => measure(names, context)));
  }
  if (process.argv.includes("--json")) console.log(JSON.stringify(results));
  else for (const [context, figures] of Object.entries(results)) print(context, figures);
} finally {
  rmSync(directory, { recursive: true });
}

function print(context, figures) {
  const number = (value) => Math.round(value).toLocaleString("en").padStart(11);
  console.log(`\nevents per second, medians of ${rounds}, AsyncLocalStorage ${context}`);
  for (const pair of pairs) {
    const [floor, ours] = [figures[`${pair} floor`], figures[`${pair} ours`]];
    const goal = goals[pair] === undefined ? "" : `  (goal 1/${goals[pair]})`;
    console.log(`${pair.padEnd(18)}${number(ours)}   floor${number(floor)}   1/${(floor / ours).toFixed(1)}${goal}`);
  }
  for (const name of beside) console.log(`${name.padEnd(22)}${number(figures[name])}`);
  for (const [few, many] of flat) {
    console.log(`${many.padEnd(24)} costs ${(figures[few] / figures[many]).toFixed(2)} x ${few.replace("flat: ", "")}`);
  }
  console.log(`memory per kept event   ${Math.round(figures.memory)} bytes`);
}
