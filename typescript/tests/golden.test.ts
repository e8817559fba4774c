// What one language dumps the other loads. GOLDEN_WRITE=1 writes this language's file.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BaseEvent, EventBus, EventHandlerAbortedError } from "../src/events/index.ts";
import { goldenEvents } from "./support/golden.ts";

const directory = new URL("../../tests/contract/events/golden/", import.meta.url);
const own = new URL("typescript.json", directory);

if (process.env.GOLDEN_WRITE) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(own, `${JSON.stringify({ events: await goldenEvents() }, null, 1)}\n`);
}

type Json = Record<string, unknown>;

function read(name: string): Json[] {
  return (JSON.parse(readFileSync(new URL(name, directory), "utf8")) as { events: Json[] }).events;
}

const files = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith(".json")) : [];
const plain = (event: unknown): unknown => JSON.parse(JSON.stringify(event));

test("this language's file is what is dumped today", async () => {
  expect(await goldenEvents()).toEqual(read("typescript.json"));
});

describe.each(files)("%s", (file) => {
  test.each(read(file).map((json) => [json.event_type, json] as const))("%s comes out as it went in", (_type, json) => {
    expect(plain(BaseEvent.fromJSON(json))).toEqual(json);
    expect(plain(BaseEvent.fromJSON(JSON.stringify(json)))).toEqual(json);
  });

  test("a bus that remembers them dumps them again", () => {
    const events = read(file);
    const bus = EventBus.fromJSON({ ...(plain(new EventBus("x")) as Json), events });
    expect((plain(bus) as Json).events).toEqual(events);
    expect(bus.event_history.map((event) => event.event_id)).toEqual(events.map((json) => json.event_id));
  });

  test("results can be read", async () => {
    for (const json of read(file).filter((each) => each.event_status === "completed")) {
      const event = BaseEvent.fromJSON(json);
      const first = (json.event_results as Json[]).find((each) => "result" in each && each.result !== null);
      const value = await event.first();
      if (first && !Array.isArray(first.result)) expect(value).toBeDefined();
      for (const result of event.event_results.values()) expect(result.status).toMatch(/^(completed|error)$/);
    }
  });
});

describe("loading", () => {
  const [order, , failing, never] = read("typescript.json");

  test("as a known type parses the fields", () => {
    const Order = BaseEvent.extend("Order", { text: z.string(), big: z.coerce.bigint() });
    const event = Order.fromJSON(order);
    expect([event.text, event.big, event.event_version]).toEqual(['ä "quoted"\n\u0000', 2n ** 70n, "7"]);
    expect(() => Order.fromJSON({ ...order, text: 1 })).toThrow(z.ZodError);
  });

  test("keeps unset, null and set settings apart", () => {
    const event = BaseEvent.fromJSON(order);
    expect([event.event_slow_timeout, event.event_handler_timeout, event.event_timeout]).toEqual([
      null,
      2.5,
      undefined,
    ]);
    expect(event.event_own_settings).toEqual(["event_handler_timeout", "event_slow_timeout"]);
  });

  test("gives errors their classes back", () => {
    const errors = [...BaseEvent.fromJSON(failing).event_results.values()].map(
      ({ error }) => error as Error | undefined,
    );
    expect(errors.map((error) => error?.name)).toEqual([
      "EventHandlerResultSchemaError",
      "RangeError",
      "EventHandlerAbortedError",
      "EventHandlerCancelledError",
      "EventHandlerCancelledError",
    ]);
    expect(errors[2]).toBeInstanceOf(EventHandlerAbortedError);
    expect(errors[2]).toMatchObject({ timeout_seconds: 1.5 });
  });

  test("checks results by the JSON Schema that came along", async () => {
    const event = BaseEvent.fromJSON({
      ...order,
      event_status: "pending",
      event_results: [],
      event_completed_at: null,
    });
    const bus = new EventBus("A");
    bus.on("Order", () => "text");
    bus.on("Order", () => 5);
    await bus.emit(event).done();
    const errors = [...event.event_results.values()].map(({ error }) => (error as Error | undefined)?.name);
    expect(errors).toEqual(["EventHandlerResultSchemaError", undefined]);
  });

  test("an event that was never emitted can be emitted", async () => {
    const event = BaseEvent.fromJSON(never);
    const bus = new EventBus("A");
    bus.on("Never", () => 1);
    expect(await bus.emit(event).eventResult()).toBe(1);
    expect(event.event_path).toEqual([bus.label]);
  });

  test.each([
    ["no id", { ...order, event_id: undefined }],
    ["a time that is none", { ...order, event_created_at: "yesterday" }],
    ["a status that is none", { ...order, event_status: "error" }],
    ["a limit that is none", { ...order, event_timeout: 0 }],
    ["text that is no JSON", "{"],
  ])("%s is refused", (_what, json) => {
    expect(() => BaseEvent.fromJSON(json)).toThrow(Error);
  });
});

describe("dumping", () => {
  const Anything = BaseEvent.extend("Anything", { value: z.unknown() });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d is refused", (value) => {
    expect(() => new Anything({ value }).toJSON()).toThrow(RangeError);
    expect(() => new Anything({ value: { deep: [value] } }).toJSON()).toThrow(/value\.deep\[0\]/);
  });

  test.each([
    [2 ** 53, 2 ** 53],
    [-(2 ** 53), -(2 ** 53)],
    [2n ** 53n, 2 ** 53],
    [2n ** 53n + 1n, "9007199254740993"],
    [2 ** 60, "1152921504606846976"],
    [1.5, 1.5],
    [undefined, undefined],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
  ])("%s becomes %s", (value, json) => {
    expect(new Anything({ value }).toJSON().value).toEqual(json);
  });

  test("a number beyond 2^53 that was loaded was a float, and stays one", () => {
    const json = { ...new Anything({ value: 1 }).toJSON(), value: [1e17, { deep: 1e300 }] };
    expect(BaseEvent.fromJSON(json).toJSON()).toEqual(json);
  });

  test("a stamp of nanoseconds stays as it is", () => {
    const created = "2026-01-02T03:04:05.123456789Z";
    expect(new Anything({ value: 1, event_created_at: created }).toJSON().event_created_at).toBe(created);
  });
});
