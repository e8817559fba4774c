// Every scenario of the table, with and without AsyncLocalStorage.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isForTypeScript, runScenario } from "./support/scenario_runner.ts";
import type { Scenario } from "./support/scenario_types.ts";

const table = new URL("../../tests/contract/events/", import.meta.url);
const files = readdirSync(table).filter((name) => name.endsWith(".json") && name !== "ids.json");

const unhandled: unknown[] = [];
process.on("unhandledRejection", (error) => unhandled.push(error));

describe.each(files)("%s", (file) => {
  const { scenarios } = JSON.parse(readFileSync(new URL(file, table), "utf8")) as { scenarios: Scenario[] };
  for (const scenario of scenarios.filter(isForTypeScript)) {
    for (const withContext of [true, false]) {
      test(`${scenario.id} ${withContext ? "with" : "without"} AsyncLocalStorage`, async () => {
        const faults = await runScenario(scenario, withContext);
        if (faults.length > 0) throw new Error(faults.join("\n"));
        expect(unhandled.splice(0)).toEqual([]);
      });
    }
  }
});
