// How points in time are kept beside each other.

import { expect, test } from "vitest";
import { type Stamp, sinceStamp, stampAfter } from "../src/events/stamps.ts";

const origin = 1_767_225_600_000_123;
const text = "2026-01-01T00:00:00.123456789Z";

test.each<[string, Stamp, Stamp | null]>([
  ["at once", origin, origin],
  ["within the largest small integer", origin, origin + 2 ** 31 - 1],
  ["an hour later", origin, origin + 3_600_000_000],
  ["before, after the clock was set back", origin, origin - 5_000_000_000],
  ["never", origin, null],
  ["as text", origin, text],
  ["beside a text", text, origin],
])("a stamp comes back as it was: %s", (_, first, stamp) => {
  expect(stampAfter(first, sinceStamp(first, stamp))).toBe(stamp);
});

test("what is kept of a stamp is small", () => {
  expect(sinceStamp(origin, origin + 1_500)).toBe(1_500);
});
