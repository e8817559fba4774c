// The run-time side of an event's class: its name, its fields as one zod object, its settings. Turns what a caller
// gives into fields and settings, and refuses names that the bus needs for itself.

import { z } from "zod";
import type { Identity, ParsedInput } from "./input.ts";
import type { EventFacade, EventKind, EventRecord, EventResult } from "./records.ts";
import { ResultType } from "./result_type.ts";
import { checkEventSetting, type EventSettings, isEventSetting } from "./settings.ts";
import { isStampText } from "./stamps.ts";

export type View = (record: EventRecord, frame: EventResult | null) => EventFacade;

const noIdentity: Identity = {};

/** The settings of events that set nothing; recognised by identity. */
export const noSettings: EventSettings = Object.freeze({});

const identitySchemas = {
  event_id: z.uuid(),
  event_version: z.string().min(1),
  event_created_at: z.string().refine(isStampText, "not a point in time in RFC 3339"),
  event_parent_id: z.uuid(),
} as const satisfies Record<keyof Identity, z.ZodType>;

function isIdentity(name: string): name is keyof Identity {
  return Object.hasOwn(identitySchemas, name);
}

const namePattern = /^[A-Za-z_$][\w$]*$/;

export class Kind implements EventKind {
  readonly name: string;
  readonly version: string;
  readonly settings: EventSettings;
  readonly resultType: ResultType | undefined;
  readonly fields: Readonly<Record<string, z.ZodType>>;
  readonly view: View;
  private readonly schema: z.ZodObject;

  constructor(
    name: string,
    fields: Readonly<Record<string, z.ZodType>>,
    settings: EventSettings,
    version: string,
    resultType: ResultType | undefined,
    view: View,
  ) {
    if (!namePattern.test(name)) throw new TypeError(`an event type cannot be called ${JSON.stringify(name)}`);
    this.name = name;
    this.fields = fields;
    this.settings = settings;
    this.version = version;
    this.resultType = resultType;
    this.view = view;
    this.schema = z.object(fields);
  }

  /** A kind with `shape` added to this one. */
  extend(name: string, shape: Readonly<Record<string, unknown>>, view: View): Kind {
    const fields: Record<string, z.ZodType> = { ...this.fields };
    const settings: Record<string, unknown> = { ...this.settings };
    let { version, resultType } = this;
    for (const [key, value] of Object.entries(shape)) {
      if (key === "event_result_type") resultType = ResultType.ofSchema(asSchema(key, value));
      else if (key === "event_version") version = String(value);
      else if (isEventSetting(key)) settings[key] = checkEventSetting(key, value);
      else if (key.startsWith("event_")) throw new TypeError(`${key} is no setting of events`);
      else fields[key] = asSchema(key, value);
    }
    const given = Object.keys(settings).length > 0 ? settings : noSettings;
    return new Kind(name, fields, given, version, resultType, view);
  }

  parse(input: Readonly<Record<string, unknown>>): ParsedInput {
    let settings = this.settings;
    let identity = noIdentity;
    let { resultType } = this;
    let own: Record<string, unknown> | null = null;
    let extras: Record<string, unknown> | null = null;
    for (const key in input) {
      const value = input[key];
      if (Object.hasOwn(this.fields, key) || value === undefined) continue;
      if (key === "event_result_type") resultType = ResultType.ofSchema(asSchema(key, value));
      else if (isIdentity(key)) identity = { ...identity, [key]: identitySchemas[key].parse(value) };
      else if (isEventSetting(key)) {
        own ??= { ...settings };
        own[key] = checkEventSetting(key, value);
      } else if (key.startsWith("event_")) throw new TypeError(`${key} cannot be given to an event`);
      else {
        extras ??= {};
        extras[key] = value;
      }
    }
    if (own !== null) settings = own as EventSettings;
    const fields = this.schema.parse(input);
    if (extras === null) return { payload: fields, settings, identity, resultType, extras: null };
    return { payload: { ...extras, ...fields }, settings, identity, resultType, extras: Object.keys(extras) };
  }
}

function asSchema(key: string, value: unknown): z.ZodType {
  if (value instanceof z.ZodType) return value;
  throw new TypeError(`${key} of an event type is a zod schema`);
}
