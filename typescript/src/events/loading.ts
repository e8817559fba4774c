// Events from JSON, of this language or the other. What an event went through elsewhere is kept as it was said, and
// comes out again when the event is dumped; here it can be emitted as any other.

import { z } from "zod";
import {
  EventHandlerAbortedError,
  EventHandlerCancelledError,
  EventHandlerError,
  EventHandlerTimeoutError,
} from "./errors.ts";
import { EventHandler } from "./event_handler.ts";
import { eventStatuses, resultStatuses } from "./modes.ts";
import { type Bus, type EventKind, EventRecord, EventResult, EventRun } from "./records.ts";
import { ResultType } from "./result_type.ts";
import { busSettings, EffectiveSettings, isEventSetting } from "./settings.ts";
import { isStampText, stampMicros } from "./stamps.ts";

const stamp = z.string().refine(isStampText, "not a point in time in RFC 3339");

const result = z.looseObject({
  handler_id: z.string(),
  handler_name: z.string().optional(),
  eventbus_name: z.string().optional(),
  eventbus_id: z.string().optional(),
  status: z.enum(resultStatuses),
  started_at: stamp.nullish(),
  completed_at: stamp.nullish(),
  event_children: z.array(z.string()).optional(),
  result_event_id: z.string().optional(),
  result: z.json().optional(),
  error: z.looseObject({ type: z.string(), message: z.string(), timeout_seconds: z.number().nullish() }).nullish(),
});

const envelope = z.looseObject({
  event_id: z.uuid(),
  event_type: z.string().min(1),
  event_version: z.string().optional(),
  event_created_at: stamp,
  event_status: z.enum(eventStatuses).optional(),
  event_started_at: stamp.nullish(),
  event_completed_at: stamp.nullish(),
  event_path: z.array(z.string()).optional(),
  event_parent_id: z.uuid().nullish(),
  event_emitted_by_handler_id: z.string().nullish(),
  event_results: z.array(result).optional(),
  event_result_type: z.json().optional(),
});

/** The record of an event; throws a ZodError for what is no event, or not one of `kind`. */
export function loadRecord(kind: EventKind, json: unknown): EventRecord {
  const head = envelope.parse(typeof json === "string" ? JSON.parse(json) : json);
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(head)) {
    if (isEventSetting(key) || !key.startsWith("event_")) own[key] = value;
  }
  const { payload, settings, extras } = kind.parse(own);
  const record = new EventRecord(kind, payload, settings, head.event_id, head.event_created_at);
  const rare = record.makeRare();
  rare.extras = extras;
  rare.loadedType = head.event_type;
  rare.version = head.event_version ?? null;
  record.status = head.event_status ?? "pending";
  record.startedAt = head.event_started_at ?? null;
  record.completedAt = head.event_completed_at ?? null;
  rare.loadedPath = head.event_path ?? null;
  rare.parentId = head.event_parent_id ?? null;
  rare.handlerId = head.event_emitted_by_handler_id ?? null;
  if (head.event_results !== undefined && head.event_results.length > 0) {
    rare.loadedResults = head.event_results.map((each) => loadResult(record, each));
    record.won = firstCommitted(rare.loadedResults);
  }
  if (head.event_result_type !== undefined && head.event_result_type !== null && record.resultType === undefined) {
    rare.resultType = ResultType.ofJson(head.event_result_type);
  }
  return record;
}

/** The errors that are loaded as what they were; all others become an EventHandlerError of that name. */
const errorClasses = {
  EventHandlerError,
  EventHandlerTimeoutError,
  EventHandlerAbortedError,
  EventHandlerCancelledError,
} as const;

function loadError(call: EventResult, type: string, message: string, seconds: number | null): EventHandlerError {
  const known = Object.hasOwn(errorClasses, type) ? errorClasses[type as keyof typeof errorClasses] : EventHandlerError;
  const error = new known(message, call, { timeout_seconds: seconds });
  if (error.name !== type) error.name = type;
  return error;
}

const unknownSettings = new EffectiveSettings({}, busSettings({}));

function loadResult(record: EventRecord, json: z.infer<typeof result>): EventResult {
  // Of the bus elsewhere only this is known, and a final run asks for no more.
  const bus = { id: json.eventbus_id ?? "", name: json.eventbus_name ?? "" } as Bus;
  const run = new EventRun(bus, record, unknownSettings, "final");
  const name = json.handler_name ?? json.handler_id;
  const entry = new EventHandler(json.handler_id, record.typeName, () => undefined, 0, { handler_name: name }, null);
  const loaded = new EventResult(run, entry);
  loaded.status = json.status;
  loaded.startedAt = json.started_at ?? null;
  loaded.completedAt = json.completed_at ?? null;
  loaded.makeRare().loadedChildren = json.event_children ?? [];
  loaded.makeRare().returnedEventId = json.result_event_id ?? null;
  loaded.result = json.result;
  if (json.error) {
    loaded.error = loadError(loaded, json.error.type, json.error.message, json.error.timeout_seconds ?? null);
  }
  return loaded;
}

function firstCommitted(results: readonly EventResult[]): EventResult | null {
  const values = results.filter((each) => each.status === "completed" && each.result !== undefined);
  const at = (each: EventResult): number => (each.completedAt === null ? 0 : stampMicros(each.completedAt));
  return values.reduce<EventResult | null>((best, each) => (best === null || at(each) < at(best) ? each : best), null);
}
