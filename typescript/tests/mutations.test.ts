// That every statement of the table is shown here and has a mutation that still applies. Running them takes longer:
// tests/support/mutate.mjs.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import mutants from "./support/mutations.json" with { type: "json" };
import { isForTypeScript } from "./support/scenario_runner.ts";
import type { Scenario } from "./support/scenario_types.ts";

const table = new URL("../../tests/contract/events/", import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, table), "utf8"));
const { ids } = read("ids.json") as { ids: string[] };
const scenarios = readdirSync(table)
  .filter((name) => name.endsWith(".json") && name !== "ids.json")
  .flatMap((name) => (read(name) as { scenarios: Scenario[] }).scenarios)
  .filter(isForTypeScript);

/** Threads and event loops, which this language does not have. */
const elsewhere = ["C9"];

describe.each(ids.filter((id) => !elsewhere.includes(id)))("%s", (id) => {
  test("is shown by a scenario", () => {
    expect(scenarios.filter((scenario) => scenario.shows.includes(id))).not.toEqual([]);
  });

  test("has one mutation, which applies once", () => {
    const found = mutants.filter((mutant) => mutant.id === id);
    const counts = found.map(({ file, old }) => {
      const text = readFileSync(new URL(`../src/events/${file}`, import.meta.url), "utf8");
      return text.split(old).length - 1;
    });
    expect(counts).toEqual([1]);
  });
});

test("scenarios have names of their own", () => {
  const names = scenarios.map((scenario) => scenario.id);
  expect(new Set(names).size).toBe(names.length);
});
