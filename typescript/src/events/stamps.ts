// Points in time as the model has them: RFC 3339, UTC, nine digits after the point. Inside they are whole
// microseconds since 1970 and become text only when somebody reads them; a stamp that was loaded from JSON stays the
// text it was.

import { clock } from "./clock.ts";

export type Stamp = number | string;

/** The stamp for a reading of the monotonic clock. */
export function stampAt(reading: number): number {
  return clock().wallAt(reading);
}

export function stampNow(): number {
  return stampAt(clock().monotonic());
}

export function stampText(stamp: Stamp): string {
  if (typeof stamp === "string") return stamp;
  const ms = Math.floor(stamp / 1000);
  const micros = String(stamp - ms * 1000).padStart(3, "0");
  return `${new Date(ms).toISOString().slice(0, -1)}${micros}000Z`;
}

/**
 * What is kept of `stamp` beside `origin`: the microseconds between them, a small integer, which takes no memory of its
 * own. A text stays as it is.
 */
export function sinceStamp(origin: Stamp, stamp: Stamp | null): Stamp | null {
  if (typeof stamp !== "number") return stamp;
  const after = typeof origin === "number" ? stamp - origin : stamp;
  const small = after | 0;
  return small === after ? small : after;
}

/** The stamp of which `kept` was kept beside `origin`. */
export function stampAfter(origin: Stamp, kept: Stamp | null): Stamp | null {
  return typeof kept === "number" && typeof origin === "number" ? origin + kept : kept;
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

export function isStampText(text: string): boolean {
  return rfc3339.test(text) && !Number.isNaN(Date.parse(text));
}

/** Microseconds since 1970, for comparing; digits past the microsecond are cut off. */
export function stampMicros(stamp: Stamp): number {
  if (typeof stamp === "number") return stamp;
  const fraction = /\.(\d+)/.exec(stamp)?.[1] ?? "";
  const whole = Date.parse(stamp.replace(/\.\d+/, ""));
  return whole * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}
