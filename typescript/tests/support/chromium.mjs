// Runs all scenarios once in a real Chromium. CHROMIUM names its executable; /usr/bin/chromium by default.

import { readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const table = new URL("../../../tests/contract/events/", import.meta.url);
const scenarios = readdirSync(table)
  .filter((name) => name.endsWith(".json") && name !== "ids.json")
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, table), "utf8")).scenarios);

const bundle = await build({
  entryPoints: [new URL("chromium_entry.ts", import.meta.url).pathname],
  bundle: true,
  format: "iife",
  platform: "browser",
  target: "es2022",
  write: false,
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.addScriptTag({ content: bundle.outputFiles[0].text });
  const { ran, faults } = await page.evaluate((given) => globalThis.runAll(given), scenarios);
  for (const fault of [...faults, ...errors]) console.error(fault);
  console.log(`${ran} scenarios in Chromium ${browser.version()}, ${faults.length + errors.length} faults`);
  if (faults.length + errors.length > 0 || ran === 0) process.exitCode = 1;
} finally {
  await browser.close();
}
