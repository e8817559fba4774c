// Runs scenarios of a bus that was broken on purpose. Exit status 3 says that one of them noticed.

import { runScenario } from "./scenario_runner.ts";
import type { Scenario } from "./scenario_types.ts";

process.on("unhandledRejection", () => notice("an unhandled rejection"));
process.on("uncaughtException", () => notice("an uncaught exception"));

function notice(what: string): never {
  console.log(what);
  process.exit(3);
}

const scenarios = JSON.parse(process.env.SCENARIOS ?? "[]") as Scenario[];
for (const scenario of scenarios) {
  for (const withContext of [true, false]) {
    const faults = await runScenario(scenario, withContext);
    if (faults.length > 0) notice(scenario.id);
  }
}
