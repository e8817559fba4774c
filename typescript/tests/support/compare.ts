// What a scenario expects, against what happened. Only what is given is compared.

import type { BaseEvent, EventBus, EventResult } from "../../src/events/index.ts";
import type {
  BusExpectation,
  ByLanguage,
  EventExpectation,
  Expectation,
  LogEntry,
  ResultExpectation,
} from "./scenario_types.ts";
import { epochMicros } from "./virtual_clock.ts";
import type { Logged, World } from "./world.ts";

class Differs extends Error {}

function mine<T>(value: T | ByLanguage<T>): T {
  const isBoth = typeof value === "object" && value !== null && "typescript" in value;
  return isBoth ? (value as ByLanguage<T>).typescript : (value as T);
}

function same(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Differs(`${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
  }
}

function seconds(text: string | null): number | null {
  if (text === null) return null;
  return Math.round((Date.parse(text) * 1000 - epochMicros) / 1000) / 1000;
}

function errorName(error: unknown): string | null {
  return error instanceof Error ? error.name : error === undefined ? null : typeof error;
}

function compareResult(what: string, result: EventResult, expected: ResultExpectation, world: World): void {
  const { error } = result;
  const details = error as { timeout_seconds?: number | null; cause?: unknown } | undefined;
  const actual: Record<keyof ResultExpectation, () => unknown> = {
    status: () => result.status,
    value: () => (isEvent(result.result) ? `event:${world.nameOf(result.result)}` : result.result),
    none: () => result.result === undefined,
    error: () => errorName(error),
    cause: () => errorName(details?.cause),
    timeout_seconds: () => details?.timeout_seconds ?? null,
    started_at: () => seconds(result.started_at),
    completed_at: () => seconds(result.completed_at),
  };
  if ("value" in expected || "none" in expected) same(`${what}.status`, result.status, "completed");
  if ("error" in expected) same(`${what}.status`, result.status, "error");
  for (const [key, read] of Object.entries(actual)) {
    if (!(key in expected)) continue;
    let wanted: unknown = mine(expected[key as keyof ResultExpectation] as never);
    if (typeof wanted === "object" && wanted !== null && "$event" in wanted) wanted = `event:${wanted.$event}`;
    same(`${what}.${key}`, read(), wanted);
  }
}

function isEvent(value: unknown): value is BaseEvent {
  return typeof value === "object" && value !== null && "event_id" in value;
}

function compareEvent(name: string, event: BaseEvent, expected: EventExpectation, world: World): void {
  const results = [...event.event_results.values()];
  const handlerNames = new Map<string, string>();
  for (const bus of world.buses.values())
    for (const entry of bus.handlers) handlerNames.set(entry.id, entry.handler_name);
  const actual: Record<Exclude<keyof EventExpectation, "results" | "options">, () => unknown> = {
    status: () => event.event_status,
    started_at: () => seconds(event.event_started_at),
    completed_at: () => seconds(event.event_completed_at),
    parent: () => world.nameOfId(event.event_parent_id),
    emitted_by: () => {
      const id = event.event_emitted_by_handler_id;
      return id === null ? null : (handlerNames.get(id) ?? "?");
    },
    children: () => event.event_children.map((child) => world.nameOf(child)),
    path: () => event.event_path.map((label) => label.split("#")[0]),
    set: () => event.event_own_settings,
    middleware_errors: () => event.event_middleware_errors.map(errorName),
  };
  for (const [key, read] of Object.entries(actual)) {
    if (!(key in expected)) continue;
    const wanted = expected[key as keyof EventExpectation];
    same(`${name}.${key}`, read(), Array.isArray(wanted) ? wanted.map((each) => mine(each)) : wanted);
  }
  for (const [option, wanted] of Object.entries(expected.options ?? {})) {
    same(`${name}.${option}`, (event as unknown as Record<string, unknown>)[option], wanted);
  }
  if (expected.results === undefined) return;
  for (const [handler, wanted] of Object.entries(expected.results)) {
    const result = results.find((each) => each.handler_name === handler);
    if (result === undefined) throw new Differs(`${name} has no result of ${handler}`);
    compareResult(`${name}/${handler}`, result, wanted, world);
  }
  const others = results.map((each) => each.handler_name).filter((each) => !(each in (expected.results ?? {})));
  same(
    `other results of ${name}`,
    others.filter((each) => !each.includes(">")),
    [],
  );
}

function compareBus(name: string, bus: EventBus, expected: BusExpectation, world: World): void {
  if (expected.abandoned !== undefined) same(`${name}.abandoned`, bus.abandoned_handlers, expected.abandoned);
  if (expected.pending !== undefined) same(`${name}.pending`, bus.pending_events, expected.pending);
  if (expected.history !== undefined) {
    same(
      `${name}.history`,
      bus.event_history.map((event) => world.nameOf(event)),
      expected.history,
    );
  }
}

/** Throws where events or buses are not as expected now; `bound` is the event as its handler has it. */
export function compareState(world: World, expected: Expectation, bound: BaseEvent | null = null): void {
  for (const [name, each] of Object.entries(expected.events ?? {})) {
    const event = world.event(name);
    compareEvent(name, bound?.event_id === event.event_id ? bound : event, each, world);
  }
  for (const [name, each] of Object.entries(expected.buses ?? {})) compareBus(name, world.bus(name), each, world);
}

function fits(logged: Logged | undefined, entry: string | ByLanguage<string>): boolean {
  if (logged === undefined) return false;
  const wanted = mine(entry);
  const timed = /^(.*)@(\d+(?:\.\d+)?)$/s.exec(wanted);
  if (timed === null) return logged.text === wanted;
  return logged.text === timed[1] && logged.at === Number(timed[2]);
}

function matchLog(log: readonly Logged[], expected: readonly LogEntry[]): boolean {
  let at = 0;
  for (const entry of expected) {
    if (!Array.isArray(entry)) {
      if (!fits(log[at], entry)) return false;
      at += 1;
      continue;
    }
    const some = log.slice(at, at + entry.length);
    at += entry.length;
    const open = [...entry] as (string | ByLanguage<string>)[];
    for (const logged of some) {
      const found = open.findIndex((each) => fits(logged, each));
      if (found < 0) return false;
      open.splice(found, 1);
    }
    if (open.length > 0) return false;
  }
  return at === log.length;
}

function isContext(entry: LogEntry): boolean {
  return !Array.isArray(entry) && mine(entry).startsWith("ctx:");
}

/** Everything that is not as the scenario expects it at its end. */
export function differences(world: World, end: number, hasContext: boolean): string[] {
  const { expect } = world.scenario;
  const faults: string[] = [];
  if (expect.log !== undefined) {
    const log = mine(expect.log);
    const wanted = hasContext ? log : withoutContext(log);
    if (!matchLog(world.log, wanted)) {
      const actual = world.log.map(({ text, at }) => `${text}@${at}`);
      faults.push(`log is ${JSON.stringify(actual)}, expected ${JSON.stringify(wanted)}`);
    }
  }
  if (expect.notices !== undefined) {
    const given = (notice: Record<string, unknown>, index: number): Record<string, unknown> =>
      Object.fromEntries(Object.keys(expect.notices?.[index] ?? notice).map((key) => [key, notice[key] ?? null]));
    if (JSON.stringify(world.notices.map(given)) !== JSON.stringify(expect.notices)) {
      faults.push(`notices are ${JSON.stringify(world.notices)}, expected ${JSON.stringify(expect.notices)}`);
    }
  }
  if (expect.end !== undefined && end !== expect.end) faults.push(`it ends at ${end}, expected ${expect.end}`);
  try {
    compareState(world, expect);
  } catch (error) {
    if (!(error instanceof Differs)) throw error;
    faults.push(error.message);
  }
  return faults;
}

function withoutContext(log: readonly LogEntry[]): LogEntry[] {
  return log
    .filter((entry) => !isContext(entry))
    .map((entry) => (Array.isArray(entry) ? withoutContext(entry) : entry))
    .filter((entry) => !Array.isArray(entry) || entry.length > 0);
}
