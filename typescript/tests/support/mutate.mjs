// Breaks the TypeScript event bus once for each statement and expects a scenario that shows it to notice.
// mutate.mjs [ID...]

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";

const table = new URL("../../../tests/contract/events/", import.meta.url);
const read = (url) => JSON.parse(readFileSync(url, "utf8"));
const { ids } = read(new URL("ids.json", table));
const scenarios = readdirSync(table)
  .filter((name) => name.endsWith(".json") && name !== "ids.json")
  .flatMap((name) => read(new URL(name, table)).scenarios)
  .filter((scenario) => scenario.languages === undefined);
const mutants = read(new URL("mutations.json", import.meta.url));
const chosen = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "mutate-events-"));
const entry = new URL("mutation_entry.ts", import.meta.url).pathname;
let failures = 0;

/** Seconds after which a mutant that hangs counts as noticed. */
const patience = 60;

function complain(text) {
  failures += 1;
  console.error(text);
}

async function bundle(mutant, outfile) {
  let hits = 0;
  const plugin = {
    name: "mutate",
    setup(made) {
      made.onLoad({ filter: /src\/events\/[a-z_]+\.ts$/ }, ({ path }) => {
        if (basename(path) !== mutant.file) return undefined;
        const text = readFileSync(path, "utf8");
        hits = text.split(mutant.old).length - 1;
        return { contents: text.replace(mutant.old, () => mutant.new), loader: "ts" };
      });
    },
  };
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    plugins: [plugin],
  });
  return hits;
}

try {
  for (const id of ids) {
    if (chosen.length > 0 && !chosen.includes(id)) continue;
    const shown = scenarios.filter((scenario) => scenario.shows.includes(id));
    const mutant = mutants.find((each) => each.id === id);
    // A statement about threads and loops has no scenario in this language.
    if (shown.length === 0 && mutant === undefined) continue;
    if (mutant === undefined) {
      complain(`${id}: no mutation`);
      continue;
    }
    const outfile = join(directory, `${id}.mjs`);
    const hits = await bundle(mutant, outfile);
    if (hits !== 1) {
      complain(`${id}: ${mutant.file} has the old text ${hits} times`);
      continue;
    }
    const env = { ...process.env, SCENARIOS: JSON.stringify(shown) };
    const run = spawnSync(process.execPath, [outfile], { env, encoding: "utf8", timeout: patience * 1000 });
    const noticed = run.status === 3 || run.error !== undefined;
    if (noticed) console.log(`${id}: noticed by ${run.stdout.trim().split("\n").at(-1) || "a hang"}`);
    else complain(`${id}: not noticed by any of ${shown.length} scenarios ${run.stderr.slice(0, 300)}`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
if (failures > 0) process.exitCode = 1;
