// What few events and results have. All that have nothing of it share one part that says so and cannot be changed.

import type { ResultType } from "./result_type.ts";
import type { EventSettings } from "./settings.ts";

export class RareEvent<Result> {
  /** Instead of its class's. */
  settings: EventSettings | null = null;
  version: string | null = null;
  resultType: ResultType | null = null;
  /** Names of fields that the event's type does not declare. */
  extras: string[] | null = null;
  /** What an event says of its origin that was not emitted here. */
  parentId: string | null = null;
  handlerId: string | null = null;
  /** Whether `first()` was called for it. */
  first = false;
  middlewareErrors: unknown[] | null = null;
  /** The type's name where the class is not known. */
  loadedType: string | null = null;
  /** Labels of the buses that the event was on before it was loaded from JSON. */
  loadedPath: string[] | null = null;
  /** Results that came with JSON. */
  loadedResults: Result[] | null = null;
}

export class RareResult {
  /** Its id, once somebody asked for it. */
  id: string | null = null;
  /** Whether it was ended because another result was first. */
  lost = false;
  controller: AbortController | null = null;
  /** Of a result that came with JSON: the ids of its children, and of the event that was returned. */
  loadedChildren: string[] | null = null;
  returnedEventId: string | null = null;
}

export const noRareEvent: Readonly<RareEvent<never>> = Object.freeze(new RareEvent<never>());
export const noRareResult: Readonly<RareResult> = Object.freeze(new RareResult());
