// What a running scenario consists of: its clock, buses, named events, handlers, log and notices.

import { z } from "zod";
import {
  BaseEvent,
  EventBus,
  type EventBusMiddleware,
  type EventBusOptions,
  type EventClass,
  type EventHandler,
  type EventResult,
  type LogRecord,
} from "../../src/events/index.ts";
import type { EventSpec, HandlerSpec, MiddlewareSpec, Options, Scenario } from "./scenario_types.ts";
import { settle, type VirtualClock } from "./virtual_clock.ts";

export interface ContextVariable {
  set(value: unknown): void;
  get(): unknown;
}

export interface Logged {
  text: string;
  at: number;
}

const types: Record<string, z.ZodType> = {
  int: z.int(),
  float: z.number(),
  str: z.string(),
  bool: z.boolean(),
  "list[int]": z.array(z.int()),
  any: z.unknown(),
};

function typeOf(name: string): z.ZodType {
  const type = types[name];
  if (type === undefined) throw new Error(`the table has no type ${name}`);
  return type;
}

export function named(name: string, message: string): Error {
  const error = name === "TimeoutError" || name === "ValueError" ? new Error(message) : new Error(message);
  error.name = name;
  return error;
}

export class World {
  readonly clock: VirtualClock;
  readonly scenario: Scenario;
  readonly buses = new Map<string, EventBus>();
  readonly events = new Map<string, BaseEvent>();
  readonly handlers = new Map<string, HandlerSpec>();
  readonly registrations = new Map<string, EventHandler>();
  readonly log: Logged[] = [];
  readonly notices: Record<string, unknown>[] = [];
  readonly tasks = new Map<string, Promise<void>>();
  /** The calls of handlers whose scripts go on, as `event/handler`. */
  readonly running = new Set<string>();
  private readonly classes = new Map<string, EventClass>();
  private readonly names = new Map<string, string>();
  private readonly variables = new Map<string, ContextVariable | null>();
  private readonly makeVariable: (() => ContextVariable) | null;

  constructor(scenario: Scenario, clock: VirtualClock, makeVariable: (() => ContextVariable) | null) {
    this.scenario = scenario;
    this.clock = clock;
    this.makeVariable = makeVariable;
    for (const [name, { middlewares = [], ...options }] of Object.entries(scenario.buses)) {
      const made = middlewares.map((spec) => this.middleware(spec));
      this.buses.set(name, new EventBus(name, { ...(options as EventBusOptions), middlewares: made }));
    }
  }

  /** A variable of asynchronous context, or null where there is none. */
  variable(name: string): ContextVariable | null {
    let variable = this.variables.get(name);
    if (variable === undefined) {
      variable = this.makeVariable?.() ?? null;
      this.variables.set(name, variable);
    }
    return variable;
  }

  say(text: string): void {
    this.log.push({ text, at: this.clock.seconds });
  }

  bus(name: unknown): EventBus {
    const bus = this.buses.get(String(name));
    if (bus === undefined) throw new Error(`the scenario has no bus ${name}`);
    return bus;
  }

  event(name: unknown): BaseEvent {
    const event = this.events.get(String(name));
    if (event === undefined) throw new Error(`the scenario has no event ${name}`);
    return event;
  }

  nameOf(event: { event_id: string }): string {
    return this.names.get(event.event_id) ?? "?";
  }

  nameOfId(id: string | null | undefined): string | null {
    return id === null || id === undefined ? null : (this.names.get(id) ?? "?");
  }

  add(name: string, event: BaseEvent): BaseEvent {
    this.events.set(name, event);
    this.names.set(event.event_id, name);
    return event;
  }

  make(name: string, type: string, fields: object = {}, options: Options = {}): BaseEvent {
    const eventClass = this.classOf(type) as unknown as new (input: object) => BaseEvent;
    return this.add(name, new eventClass({ ...fields, ...options }));
  }

  private classOf(type: string): EventClass {
    let eventClass = this.classes.get(type);
    if (eventClass === undefined) {
      const { result, fields = {}, options = {} }: EventSpec = this.scenario.events?.[type] ?? {};
      const shape: Record<string, unknown> = { ...options };
      for (const [field, fieldType] of Object.entries(fields)) shape[field] = typeOf(fieldType);
      if (result !== undefined) shape.event_result_type = typeOf(result);
      eventClass = BaseEvent.extend(type, shape as object);
      this.classes.set(type, eventClass);
    }
    return eventClass;
  }

  notice(record: LogRecord): void {
    const handler = record.handler_name === undefined ? {} : { handler: record.handler_name };
    const event = record.event_id === undefined ? {} : { event: this.nameOfId(record.event_id) };
    this.notices.push({ kind: record.kind, at: this.clock.seconds, bus: record.bus, ...event, ...handler });
  }

  private middleware({ name, log = false, raise = [], sleep }: MiddlewareSpec): EventBusMiddleware<EventBus> {
    const act = async (hook: "event" | "result" | "handlers", text: string): Promise<void> => {
      if (log) this.say(`${name}:${text}`);
      if (raise.includes(hook)) throw named("RuntimeError", `${name} fails`);
      if (sleep !== undefined && hook !== "handlers") {
        await new Promise<void>((resolve) => this.clock.sleep(sleep, resolve));
      }
    };
    return {
      onEventChange: (_bus, event, status) => act("event", `event ${this.nameOf(event)} ${status}`),
      onEventResultChange: (_bus, event, result: EventResult, status) =>
        act("result", `result ${this.nameOf(event)} ${result.handler_name} ${status}`),
      onBusHandlersChange: (_bus, handler, registered) =>
        act("handlers", `handlers ${handler.handler_name} ${registered ? "on" : "off"}`),
    };
  }

  /** Ends all buses; returns what they leave behind. */
  async end(): Promise<string[]> {
    const faults: string[] = [];
    const stops = [...this.buses.values()].map((bus) => bus.stop({ timeout: 0 }));
    await settle();
    for (const results of await Promise.all(stops)) {
      for (const result of results) {
        const call = `${result.event_id}/${result.handler_id}`;
        if (!this.running.has(call))
          faults.push(`${result.handler_name} counts as abandoned, but its script has ended`);
      }
    }
    await settle();
    if (this.clock.busTimers > 0) faults.push(`${this.clock.busTimers} timers of buses are left`);
    return faults;
  }
}
