// What goes into an event when it is made, and the values that JSON has.

import type { ResultType } from "./result_type.ts";
import type { EventSettings } from "./settings.ts";

/** A value as it stands in JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What an event may say of itself beside its fields and settings. */
export interface Identity {
  event_id?: string;
  event_version?: string;
  event_created_at?: string;
  event_parent_id?: string;
}

export interface ParsedInput {
  payload: Record<string, unknown>;
  settings: EventSettings;
  identity: Identity;
  resultType: ResultType | undefined;
  /** Names of fields that the type does not declare. */
  extras: string[] | null;
}
