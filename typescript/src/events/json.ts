// Events as JSON: what one language dumps the other loads. Points in time are text with nanoseconds, identifiers are
// UUIDs, integers beyond 2^53 are text, NaN and the infinities are refused, and what is undefined has no key.

import type { Json } from "./input.ts";
import type { EventRecord, EventResult } from "./records.ts";
import { RECORD } from "./records.ts";
import { type Stamp, stampText } from "./stamps.ts";

/** Up to here every language reads an integer alike. */
const safe = 2 ** 53;

/**
 * `value` as JSON; `path` says where it stands when it cannot be. In what was `loaded` from JSON a number beyond 2^53
 * was no integer, and stays a number.
 */
export function toJson(value: unknown, path: string, loaded = false): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`${path} is ${value}, which JSON does not have`);
      return !loaded && Number.isInteger(value) && Math.abs(value) > safe ? BigInt(value).toString() : value;
    case "bigint":
      return value >= -safe && value <= safe ? Number(value) : value.toString();
    case "object":
      return objectToJson(value, path, loaded);
    case "undefined":
    case "function":
    case "symbol":
      throw new TypeError(`${path} is of type ${typeof value}, which JSON does not have`);
    default:
      throw new TypeError(`${path} has a type that JSON does not have`);
  }
}

function objectToJson(value: object | null, path: string, loaded: boolean): Json {
  if (value === null) return null;
  if (RECORD in value) return (value as { [RECORD]: EventRecord })[RECORD].id;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((each, index) => toJson(each, `${path}[${index}]`, loaded));
  if (value instanceof Set) return [...value].map((each, index) => toJson(each, `${path}[${index}]`, loaded));
  if (value instanceof Map) {
    const entries = [...value.entries()].map(([key, each]): [string, unknown] => [String(key), each]);
    return entriesToJson(entries, path, loaded);
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return toJson(value.toJSON(), path, loaded);
  return entriesToJson(Object.entries(value), path, loaded);
}

function entriesToJson(entries: [string, unknown][], path: string, loaded: boolean): Json {
  const json: { [key: string]: Json } = {};
  for (const [key, each] of entries) if (each !== undefined) json[key] = toJson(each, `${path}.${key}`, loaded);
  return json;
}

function errorToJson(error: unknown): Json {
  const isError = error instanceof Error;
  const { timeout_seconds = null } = (isError ? error : {}) as { timeout_seconds?: number | null };
  return {
    type: isError ? error.name : typeof error,
    message: isError ? error.message : String(error),
    timeout_seconds,
  };
}

function stamp(at: Stamp | null): string | null {
  return at === null ? null : stampText(at);
}

/** Without a value there is no key `result`, without an error no `error`. */
function resultToJson(result: EventResult): { [key: string]: Json } {
  const json: { [key: string]: Json } = {
    handler_id: result.handler_id,
    handler_name: result.handler_name,
    eventbus_name: result.event_bus_name,
    eventbus_id: result.event_bus_id,
    status: result.status,
    started_at: stamp(result.startedAt),
    completed_at: stamp(result.completedAt),
    event_children: result.rare.loadedChildren ?? (result.children ?? []).map((child) => child.id),
  };
  const value = result.result;
  if (result.rare.returnedEventId !== null) json.result_event_id = result.rare.returnedEventId;
  else if (typeof value === "object" && value !== null && RECORD in value)
    json.result_event_id = toJson(value, "result");
  else if (value !== undefined) json.result = toJson(value, "result", result.rare.loadedChildren !== null);
  if (result.status === "error") json.error = errorToJson(result.error);
  return json;
}

export function recordToJson(record: EventRecord): { [key: string]: Json } {
  const json: { [key: string]: Json } = {
    event_id: record.id,
    event_type: record.typeName,
    event_version: record.version,
    event_result_type: (record.resultType?.toJSON() ?? null) as Json,
  };
  for (const [key, value] of Object.entries(record.settings)) json[key] = value as Json;
  Object.assign(json, {
    event_path: record.path(),
    event_parent_id: record.parentId,
    event_emitted_by_handler_id: record.emittedByHandlerId,
    event_created_at: stampText(record.createdAt),
    event_status: record.status,
    event_started_at: stamp(record.startedAt),
    event_completed_at: stamp(record.completedAt),
    event_results: record.results().map(resultToJson),
  });
  for (const [key, value] of Object.entries(record.payload)) {
    if (value !== undefined) json[key] = toJson(value, key, record.rare.loadedType !== null);
  }
  return json;
}
