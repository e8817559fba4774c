// What `BaseEvent.extend(name, shape)` means in types: which keys of a shape are fields, what an event needs to be
// made, and what its handlers return.

import type { z } from "zod";
import type { EventSettings } from "./settings.ts";

/** Fields by name, and beside them what holds for all events of the type. */
export interface EventShape extends EventSettings {
  event_version?: string;
  /** What handlers return: results are checked against it. */
  event_result_type?: z.ZodType;
}

export type Fields<Shape> = {
  [Key in keyof Shape as Key extends `event_${string}` ? never : Key]: Shape[Key];
};

/** The object that a shape describes, before parsing. */
type InputOf<F> = { [Key in keyof F as undefined extends InputValue<F[Key]> ? never : Key]: InputValue<F[Key]> } & {
  [Key in keyof F as undefined extends InputValue<F[Key]> ? Key : never]?: InputValue<F[Key]>;
};
type InputValue<Schema> = Schema extends z.ZodType ? z.input<Schema> : never;

export type PayloadOf<F> = { [Key in keyof F]: F[Key] extends z.ZodType ? z.output<F[Key]> : never };

export type ResultOf<Shape> = Shape extends { event_result_type: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : unknown;

/** Settings that one event may set for itself when it is made. */
export interface OwnSettings extends EventSettings {
  event_id?: string;
  event_version?: string;
  event_created_at?: string;
  event_parent_id?: string;
  event_result_type?: z.ZodType;
}

export type EventInput<Shape> = InputOf<Fields<Shape>> & OwnSettings;

/** Every value of a shape outside of `event_*` is a zod schema. */
export type CheckedShape<Shape> = {
  [Key in keyof Shape]: Key extends keyof EventShape
    ? EventShape[Key]
    : Key extends `event_${string}`
      ? never
      : z.ZodType;
};
