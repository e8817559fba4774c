// Events from JSON, of this language or the other. What an event went through elsewhere is kept as it was said, and
// comes out again when the event is dumped; here it can be emitted as any other.

import { z } from "zod";
import { eventStatuses } from "./modes.ts";
import { type EventKind, EventRecord, type Json } from "./records.ts";
import { ResultType } from "./result_type.ts";
import { isEventSetting } from "./settings.ts";
import { isStampText } from "./stamps.ts";

const stamp = z.string().refine(isStampText, "not a point in time in RFC 3339");

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
  event_results: z.record(z.string(), z.json()).optional(),
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
  record.extras = extras;
  record.loadedType = head.event_type;
  record.version = head.event_version ?? kind.version;
  record.status = head.event_status ?? "pending";
  record.announced = record.completed;
  record.startedAt = head.event_started_at ?? null;
  record.completedAt = head.event_completed_at ?? null;
  record.loadedPath = head.event_path ?? null;
  record.parentId = head.event_parent_id ?? null;
  record.emittedByHandlerId = head.event_emitted_by_handler_id ?? null;
  record.loadedResults = (head.event_results as Record<string, Json> | undefined) ?? null;
  if (head.event_result_type !== undefined && head.event_result_type !== null && record.resultType === undefined) {
    record.resultType = ResultType.ofJson(head.event_result_type);
  }
  return record;
}
