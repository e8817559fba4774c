// Events as JSON: what one language dumps the other loads. Points in time are text with nanoseconds, identifiers are
// UUIDs, integers beyond 2^53 are text, NaN and the infinities are refused, and what is undefined has no key.

import type { EventRecord, EventResult, Json } from "./records.ts";
import { RECORD } from "./records.ts";
import { stampText } from "./stamps.ts";

/** `value` as JSON; `path` says where it stands when it cannot be. */
export function toJson(value: unknown, path: string): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`${path} is ${value}, which JSON does not have`);
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : value;
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
    case "object":
      return objectToJson(value, path);
    case "undefined":
    case "function":
    case "symbol":
      throw new TypeError(`${path} is of type ${typeof value}, which JSON does not have`);
    default:
      throw new TypeError(`${path} has a type that JSON does not have`);
  }
}

function objectToJson(value: object | null, path: string): Json {
  if (value === null) return null;
  if (RECORD in value) return (value as { [RECORD]: EventRecord })[RECORD].id;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((each, index) => toJson(each, `${path}[${index}]`));
  if (value instanceof Set) return [...value].map((each, index) => toJson(each, `${path}[${index}]`));
  if (value instanceof Map)
    return entriesToJson(
      [...value.entries()].map(([key, each]) => [String(key), each]),
      path,
    );
  if ("toJSON" in value && typeof value.toJSON === "function") return toJson(value.toJSON(), path);
  return entriesToJson(Object.entries(value), path);
}

function entriesToJson(entries: [string, unknown][], path: string): Json {
  const json: { [key: string]: Json } = {};
  for (const [key, each] of entries) if (each !== undefined) json[key] = toJson(each, `${path}.${key}`);
  return json;
}

export function errorToJson(error: unknown): Json {
  if (error instanceof Error) return { type: error.name, message: error.message };
  return { type: typeof error, message: String(error) };
}

export function resultToJson(result: EventResult): { [key: string]: Json } {
  return {
    id: result.id,
    status: result.status,
    event_id: result.event_id,
    handler_id: result.handler_id,
    handler_name: result.handler_name,
    eventbus_id: result.event_bus_id,
    eventbus_name: result.event_bus_name,
    started_at: result.started_at,
    completed_at: result.completed_at,
    timeout: result.timeout,
    ...(result.result === undefined ? {} : { result: toJson(result.result, "result") }),
    ...(result.status === "error" ? { error: errorToJson(result.error) } : {}),
    event_children: (result.children ?? []).map((child) => child.id),
  };
}

export function recordToJson(record: EventRecord): { [key: string]: Json } {
  const stamp = (at: EventRecord["startedAt"]): string | null => (at === null ? null : stampText(at));
  const results: { [key: string]: Json } = { ...record.loadedResults };
  for (const result of record.results()) results[result.handler_id] = resultToJson(result);
  const json: { [key: string]: Json } = {
    event_id: record.id,
    event_type: record.typeName,
    event_version: record.version,
    event_created_at: stampText(record.createdAt),
    event_status: record.status,
    event_started_at: stamp(record.startedAt),
    event_completed_at: stamp(record.completedAt),
    event_path: record.path(),
    event_parent_id: record.parentId,
    event_emitted_by_handler_id: record.emittedByHandlerId,
    event_results: results,
  };
  if (record.resultType !== undefined) json.event_result_type = record.resultType.toJSON() as Json;
  for (const [key, value] of Object.entries(record.settings)) json[key] = value as Json;
  for (const [key, value] of Object.entries(record.payload)) {
    if (value !== undefined) json[key] = toJson(value, key);
  }
  return json;
}
