// What the compiler knows. `tsc` checks this file; the bodies that must not compile carry `@ts-expect-error`.

import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { BaseEvent, EventBus, type EventOf, type EventResult } from "../src/events/index.ts";

const Counted = BaseEvent.extend("Counted", {
  n: z.number(),
  label: z.string().optional(),
  size: z.number().default(1),
  when: z.string().transform((text) => new Date(text)),
  event_result_type: z.number(),
  event_timeout: 5,
});
const Plain = BaseEvent.extend("Plain", {});
const More = Counted.extend("More", { extra: z.boolean(), event_result_type: z.string() });

describe("fields", () => {
  const event = new Counted({ n: 1, when: "2026-01-01" });

  test("have the types that their schemas put out", () => {
    expectTypeOf(event.n).toEqualTypeOf<number>();
    expectTypeOf(event.label).toEqualTypeOf<string | undefined>();
    expectTypeOf(event.size).toEqualTypeOf<number>();
    expectTypeOf(event.when).toEqualTypeOf<Date>();
    expectTypeOf(event.event_timeout).toEqualTypeOf<number | null | undefined>();
  });

  test("are given as their schemas take them", () => {
    new Counted({ n: 1, when: "2026-01-01", size: 3, label: "x", event_slow_timeout: null });
    new Plain();
    new Plain({});
    const wrong = () => {
      // @ts-expect-error n is missing
      new Counted({ when: "2026-01-01" });
      // @ts-expect-error n is a number
      new Counted({ n: "1", when: "2026-01-01" });
      // @ts-expect-error Counted needs its fields
      new Counted();
      // @ts-expect-error a limit is a number
      new Counted({ n: 1, when: "2026-01-01", event_timeout: "long" });
    };
    expectTypeOf(wrong).toBeFunction();
  });

  test("of a base are there in what extends it", () => {
    const more = new More({ n: 1, when: "2026-01-01", extra: true });
    expectTypeOf(more.n).toEqualTypeOf<number>();
    expectTypeOf(more.extra).toEqualTypeOf<boolean>();
    expectTypeOf(more.eventResult).returns.resolves.toEqualTypeOf<string | undefined>();
  });

  test("of a shape are zod schemas, and its settings are settings", () => {
    const wrong = () => {
      // @ts-expect-error a field is a schema
      BaseEvent.extend("Wrong", { n: 1 });
      // @ts-expect-error there is no such setting
      BaseEvent.extend("Wrong", { event_unknown: z.number() });
      // @ts-expect-error there is no such mode
      BaseEvent.extend("Wrong", { event_concurrency: "sometimes" });
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

describe("results", () => {
  const event = new Counted({ n: 1, when: "2026-01-01" });

  test("are those of event_result_type", () => {
    expectTypeOf(event.first).returns.resolves.toEqualTypeOf<number | undefined>();
    expectTypeOf(event.eventResult).returns.resolves.toEqualTypeOf<number | undefined>();
    expectTypeOf(event.eventResultsList).returns.resolves.toEqualTypeOf<number[]>();
    expectTypeOf(event.event_results).toEqualTypeOf<ReadonlyMap<string, EventResult<number>>>();
    void (() => expectTypeOf(event.done()).resolves.toEqualTypeOf<typeof event>());
  });

  test("are unknown where nothing is said", () => {
    expectTypeOf(new Plain().eventResult).returns.resolves.toEqualTypeOf<unknown>();
  });

  test("filter with what they are", () => {
    void (() => event.eventResult({ include: ({ result }) => result !== undefined && result > 1 }));
  });
});

describe("handlers", () => {
  const bus = new EventBus("types");

  test("get the event and return its results, now or later, or an event, or nothing", () => {
    bus.on(Counted, (event) => {
      expectTypeOf(event.n).toEqualTypeOf<number>();
      expectTypeOf(event).toExtend<EventOf<{ n: z.ZodNumber }>>();
      return event.n;
    });
    bus.on(Counted, async () => 1);
    bus.on(Counted, () => undefined);
    bus.on(Counted, () => {});
    bus.on(Counted, async () => {});
    bus.on(Counted, () => new Plain());
    bus.on(Plain, () => "anything");
    bus.on("*", (event) => expectTypeOf(event).toEqualTypeOf<BaseEvent>());
    bus.on(BaseEvent, (event) => event.event_type);
    bus.on("*", bus.emit);
    const wrong = () => {
      // @ts-expect-error the result is a number
      bus.on(Counted, () => "text");
      // @ts-expect-error also when it comes later
      bus.on(Counted, async () => "text");
      // @ts-expect-error the event has no such field
      bus.on(Counted, (event) => event.missing);
    };
    expectTypeOf(wrong).toBeFunction();
  });

  test("emit and find give back what went in", () => {
    void (() => {
      expectTypeOf(bus.emit(new Plain())).toEqualTypeOf<InstanceType<typeof Plain>>();
      expectTypeOf(bus.find(Counted)).resolves.toEqualTypeOf<InstanceType<typeof Counted> | undefined>();
      expectTypeOf(bus.find("Counted", { future: 1, n: 3 })).resolves.toEqualTypeOf<BaseEvent | undefined>();
      bus.find(Counted, { where: (event) => event.n > 1 });
      // @ts-expect-error where gets the event
      bus.find(Counted, { where: (event) => event.missing });
    });
  });

  test("a bus takes the settings that there are", () => {
    const wrong = () => {
      // @ts-expect-error there is no such mode
      new EventBus("x", { event_concurrency: "serial" });
      // @ts-expect-error there is no such option
      new EventBus("x", { maxHistorySize: 1 });
    };
    expectTypeOf(wrong).toBeFunction();
  });
});
