// Runs one scenario under a virtual clock and says what was not as expected.

import { systemClock, useClock } from "../../src/events/clock.ts";
import { useAsyncContext } from "../../src/events/context.ts";
import { useLogSink } from "../../src/events/logger.ts";
import { differences } from "./compare.ts";
import type { Scenario } from "./scenario_types.ts";
import { register, Script } from "./script.ts";
import { VirtualClock } from "./virtual_clock.ts";
import { type ContextVariable, World } from "./world.ts";

interface NodeProcess {
  process?: { getBuiltinModule?: (name: string) => unknown };
}

interface Storage {
  enterWith(value: unknown): void;
  getStore(): unknown;
}

function hostVariable(): (() => ContextVariable) | null {
  const load = (globalThis as NodeProcess).process?.getBuiltinModule;
  const hooks = load?.("node:async_hooks") as { AsyncLocalStorage: new () => Storage } | undefined;
  if (hooks === undefined) return null;
  return () => {
    const storage = new hooks.AsyncLocalStorage();
    return { set: (value) => storage.enterWith(value), get: () => storage.getStore() };
  };
}

export function isForTypeScript(scenario: Scenario): boolean {
  return scenario.languages === undefined || scenario.languages.includes("typescript");
}

/** The faults of `scenario`, with or without asynchronous context of the host. */
export async function runScenario(scenario: Scenario, withContext: boolean): Promise<string[]> {
  const clock = new VirtualClock();
  const replacedClock = useClock(clock);
  const hasContext = useAsyncContext(withContext);
  const world = new World(scenario, clock, hasContext ? hostVariable() : null);
  const replacedSink = useLogSink((record) => world.notice(record));
  try {
    for (const [from, to] of scenario.forward ?? []) {
      world.bus(from).on("*", world.bus(to).emit, { handler_name: `${from}>${to}` });
    }
    for (const spec of scenario.handlers ?? []) {
      world.handlers.set(spec.id, spec);
      if (spec.registered !== false) register(world, spec.id);
    }
    const home = Object.keys(scenario.buses)[0] ?? "";
    const driver = new Script(world, home, null, null);
    await clock.run(() => driver.run(scenario.driver));
    return [...differences(world, clock.seconds, hasContext), ...(await world.end())];
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const log = world.log.map(({ text, at }) => `${text}@${at}`);
    await world.end();
    return [`${reason} (log: ${JSON.stringify(log)})`];
  } finally {
    useLogSink(replacedSink);
    useAsyncContext(true);
    useClock(replacedClock === clock ? systemClock : replacedClock);
  }
}
