// Runs the scenarios of the table in a browser; the page that loads this gets them and waits for the outcome.

import { isForTypeScript, runScenario } from "./scenario_runner.ts";
import type { Scenario } from "./scenario_types.ts";

interface Outcome {
  ran: number;
  faults: string[];
}

async function runAll(scenarios: Scenario[]): Promise<Outcome> {
  const faults: string[] = [];
  let ran = 0;
  globalThis.addEventListener("unhandledrejection", (event) => faults.push(`unhandled: ${event.reason}`));
  globalThis.addEventListener("error", (event) => faults.push(`uncaught: ${event.message}`));
  for (const scenario of scenarios.filter(isForTypeScript)) {
    for (const fault of await runScenario(scenario, true)) faults.push(`${scenario.id}: ${fault}`);
    ran += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { ran, faults };
}

Object.assign(globalThis, { runAll });
