// A bus as JSON: its name, its settings, its handlers (what is known of them; functions do not travel) and the events
// it remembers, oldest first.

import { z } from "zod";
import type { BusCore } from "./bus_core.ts";
import type { Json } from "./input.ts";
import { recordToJson } from "./json.ts";
import { loadRecord } from "./loading.ts";
import type { EventKind, EventRecord } from "./records.ts";
import { type BusSettings, busSettingNames } from "./settings.ts";

export type BusJson = { [key: string]: Json };

export function busToJson(core: BusCore): BusJson {
  const json: BusJson = { id: core.id, name: core.name };
  for (const name of busSettingNames) json[name] = core.settings[name];
  json.handlers = core.allHandlers().map((entry) => entry.toJSON() as Json);
  json.events = [...core.history.oldestFirst()].map((run) => recordToJson(run.record));
  return json;
}

const schema = z.looseObject({
  id: z.uuid(),
  name: z.string(),
  events: z.array(z.looseObject({ event_type: z.string() })).optional(),
});

export interface LoadedBus {
  id: string;
  name: string;
  settings: Partial<BusSettings>;
  records: EventRecord[];
}

export function loadBus(json: unknown, kindOf: (eventType: string) => EventKind): LoadedBus {
  const head = schema.parse(typeof json === "string" ? JSON.parse(json) : json);
  const settings: Record<string, unknown> = {};
  for (const name of busSettingNames) if (head[name] !== undefined) settings[name] = head[name];
  const records = (head.events ?? []).map((each) => loadRecord(kindOf(each.event_type), each));
  return { id: head.id, name: head.name, settings: settings as Partial<BusSettings>, records };
}
