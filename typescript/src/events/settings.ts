// The settings of events and buses: which exist, what they accept, what a bus has when nobody said anything, and
// how an event's own settings and a bus's defaults combine. Unset is `undefined`, unlimited is null.

import { z } from "zod";
import {
  type EventConcurrencyMode,
  type EventHandlerCompletionMode,
  type EventHandlerConcurrencyMode,
  eventConcurrencyModes,
  handlerCompletionModes,
  handlerConcurrencyModes,
} from "./modes.ts";

/** Seconds, or null for no limit. */
export type Limit = number | null;

export interface EventSettings {
  event_timeout?: Limit;
  event_slow_timeout?: Limit;
  event_handler_timeout?: Limit;
  event_handler_slow_timeout?: Limit;
  /** Null is the bus's mode. */
  event_concurrency?: EventConcurrencyMode | null;
  event_handler_concurrency?: EventHandlerConcurrencyMode | null;
  event_handler_completion?: EventHandlerCompletionMode | null;
}

export interface BusSettings {
  event_concurrency: EventConcurrencyMode;
  event_handler_concurrency: EventHandlerConcurrencyMode;
  event_handler_completion: EventHandlerCompletionMode;
  max_history_size: number | null;
  max_history_drop: boolean;
  max_handler_recursion_depth: number;
  event_timeout: Limit;
  event_slow_timeout: Limit;
  event_handler_slow_timeout: Limit;
  event_handler_detect_file_paths: boolean;
}

const limit = z.number().positive().finite().nullable();

export const eventSettingSchemas = {
  event_timeout: limit,
  event_slow_timeout: limit,
  event_handler_timeout: limit,
  event_handler_slow_timeout: limit,
  event_concurrency: z.enum(eventConcurrencyModes).nullable(),
  event_handler_concurrency: z.enum(handlerConcurrencyModes).nullable(),
  event_handler_completion: z.enum(handlerCompletionModes).nullable(),
} as const;

export type EventSettingName = keyof typeof eventSettingSchemas;

const busSettingSchemas = {
  event_concurrency: z.enum(eventConcurrencyModes),
  event_handler_concurrency: z.enum(handlerConcurrencyModes),
  event_handler_completion: z.enum(handlerCompletionModes),
  max_history_size: z.number().int().nonnegative().nullable(),
  max_history_drop: z.boolean(),
  max_handler_recursion_depth: z.number().int().nonnegative(),
  event_timeout: limit,
  event_slow_timeout: limit,
  event_handler_slow_timeout: limit,
  event_handler_detect_file_paths: z.boolean(),
} as const satisfies Record<keyof BusSettings, z.ZodType>;

const busDefaults: BusSettings = Object.freeze({
  event_concurrency: "bus-serial",
  event_handler_concurrency: "serial",
  event_handler_completion: "all",
  max_history_size: 100,
  max_history_drop: true,
  max_handler_recursion_depth: 2,
  event_timeout: 60,
  event_slow_timeout: 300,
  event_handler_slow_timeout: 30,
  event_handler_detect_file_paths: true,
} satisfies BusSettings);

export const busSettingNames = Object.keys(busDefaults) as (keyof BusSettings)[];

function checked(name: string, schema: z.ZodType, value: unknown): unknown {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const reason = outcome.error.issues[0]?.message ?? "invalid";
  throw new RangeError(`${name}=${JSON.stringify(value)} is not allowed: ${reason}`);
}

export function isEventSetting(name: string): name is EventSettingName {
  return Object.hasOwn(eventSettingSchemas, name);
}

/** `value` as the setting `name` takes it; throws RangeError for a value that it does not take. */
export function checkEventSetting(name: EventSettingName, value: unknown): unknown {
  return checked(name, eventSettingSchemas[name], value);
}

/** A limit that is given for a handler; undefined stays unset. */
export function checkLimit(name: string, value: Limit | undefined): Limit | undefined {
  return value === undefined ? undefined : (checked(name, limit, value) as Limit);
}

/** How long a caller is ready to wait: null is without end, 0 is not at all. */
export function checkWait(name: string, value: Limit): Limit {
  return checked(name, z.number().nonnegative().finite().nullable(), value) as Limit;
}

/** The settings of a bus; the same object for all buses that set nothing. */
export function busSettings(options: Partial<BusSettings>): BusSettings {
  let settings: Record<string, unknown> | null = null;
  for (const name of busSettingNames) {
    const value = options[name];
    if (value === undefined) continue;
    settings ??= { ...busDefaults };
    settings[name] = checked(name, busSettingSchemas[name], value);
  }
  return settings === null ? busDefaults : (settings as unknown as BusSettings);
}

const own = <T>(value: T | undefined, fallback: T): T => (value === undefined ? fallback : value);

/** What holds for one event on one bus. */
export class EffectiveSettings {
  readonly timeout: Limit;
  readonly slowTimeout: Limit;
  readonly handlerTimeout: Limit | undefined;
  readonly handlerSlowTimeout: Limit;
  readonly concurrency: EventConcurrencyMode;
  readonly handlerConcurrency: EventHandlerConcurrencyMode;
  readonly completion: EventHandlerCompletionMode;

  constructor(event: EventSettings, bus: BusSettings) {
    this.timeout = own(event.event_timeout, bus.event_timeout);
    this.slowTimeout = own(event.event_slow_timeout, bus.event_slow_timeout);
    this.handlerTimeout = event.event_handler_timeout;
    this.handlerSlowTimeout = own(event.event_handler_slow_timeout, bus.event_handler_slow_timeout);
    this.concurrency = event.event_concurrency ?? bus.event_concurrency;
    this.handlerConcurrency = event.event_handler_concurrency ?? bus.event_handler_concurrency;
    this.completion = event.event_handler_completion ?? bus.event_handler_completion;
  }

  /** A handler's limit, its own included; the event's cap stands beside it and is not part of it. */
  limitFor(handlerTimeout: Limit | undefined): Limit {
    const fallback = own(this.handlerTimeout, this.timeout);
    if (handlerTimeout === undefined) return fallback;
    if (handlerTimeout === null || fallback === null) return handlerTimeout;
    return Math.min(handlerTimeout, fallback);
  }

  /** The threshold of a body's slow monitor, or null where its limit comes first. */
  static threshold(slow: Limit, ...limits: Limit[]): Limit {
    if (slow === null) return null;
    return limits.every((each) => each === null || slow < each) ? slow : null;
  }
}
