// One result instead of all: who wins, who is ended, and what `first()` and its relatives give back.

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BaseEvent, EventHandlerError } from "../src/events/index.ts";
import { Child, EventBus, errorNames, inVirtualTime, values, Work } from "./support/timeline.ts";

const Counted = BaseEvent.extend("Counted", { event_result_type: z.number() });

describe("the winner", () => {
  test.each([0, false, "", null, [], 42])("%j wins", (value) =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => value);
      bus.on("Work", () => "second");
      expect(await bus.emit(new Work()).first()).toEqual(value);
    }),
  );

  test("undefined does not", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => undefined);
      bus.on("Work", () => "second");
      expect(await bus.emit(new Work()).first()).toBe("second");
    }));

  test("an error does not", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => {
        throw new Error("no");
      });
      bus.on("Work", () => "second");
      expect(await bus.emit(new Work()).first()).toBe("second");
    }));

  test("an event does not", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", (event) => event.emit(new Child()));
      bus.on("Work", () => "second");
      expect(await bus.emit(new Work()).first()).toBe("second");
    }));

  test("what does not fit the result type does not", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Counted", () => "text");
      bus.on(Counted, () => 2);
      expect(await bus.emit(new Counted()).first()).toBe(2);
    }));

  test("is the first to commit, not the first to be registered", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel" });
      bus.on("Work", time.worker(3, "slow"));
      bus.on("Work", time.worker(1, "quick"));
      expect(await bus.emit(new Work()).first()).toBe("quick");
      expect(time.clock.seconds).toBe(1);
      await time.sleep(5);
    }));

  test("there is exactly one among handlers that end together", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel" });
      for (const value of [1, 2, 3]) bus.on("Work", () => time.sleep(1).then(() => value));
      const event = bus.emit(new Work());
      const won = await event.first();
      expect(values(event).filter((value) => value !== undefined)).toEqual([won]);
    }));

  test("nobody: undefined", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => undefined);
      expect(await bus.emit(new Work()).first()).toBeUndefined();
      expect(await bus.emit(new Child()).first()).toBeUndefined();
    }));
});

describe("the losers", () => {
  test("serial: the ones behind are cancelled and never called", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_completion: "first" });
      bus.on("Work", () => 1);
      bus.on("Work", () => time.say("never"));
      const event = await bus.emit(new Work()).done();
      expect([errorNames(event), time.journal]).toEqual([[null, "EventHandlerCancelledError"], []]);
    }));

  test("parallel: the ones that run are aborted", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_completion: "first", event_handler_concurrency: "parallel" });
      bus.on("Work", time.worker(9));
      bus.on("Work", time.worker(1, 1));
      const event = await bus.emit(new Work()).done();
      expect([errorNames(event), time.clock.seconds]).toEqual([["EventHandlerAbortedError", null], 1]);
      await time.sleep(9);
    }));

  test("parallel: a winner that is there at once keeps the others from being called", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_completion: "first", event_handler_concurrency: "parallel" });
      bus.on("Work", () => 1);
      bus.on("Work", () => time.say("never"));
      expect(errorNames(await bus.emit(new Work()).done())).toEqual([null, "EventHandlerCancelledError"]);
      expect(time.journal).toEqual([]);
    }));

  test("their children are ended with them", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel", event_concurrency: "parallel" });
      bus.on("Child", time.worker(9));
      bus.on("Work", async (event) => void (await event.emit(new Child()).done()));
      bus.on("Work", time.worker(1, "won"));
      const event = bus.emit(new Work());
      expect(await event.first()).toBe("won");
      expect(event.event_children.map(errorNames)).toEqual([["EventHandlerAbortedError"]]);
      await time.sleep(9);
    }));

  test("blame no limit", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { event_handler_completion: "first" });
      bus.on("Work", () => 1);
      bus.on("Work", () => 2);
      const event = await bus.emit(new Work()).done();
      const error = [...event.event_results.values()][1]?.error as EventHandlerError;
      expect([error.timeout_seconds, error.cause]).toEqual([null, undefined]);
    }));

  test("an event's own `all` wins over the bus's `first`", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { event_handler_completion: "first" });
      for (const value of [1, 2]) bus.on("Work", () => value);
      expect(values(await bus.emit(new Work({ event_handler_completion: "all" })).done())).toEqual([1, 2]);
    }));
});

describe("first()", () => {
  test("called after the start it ends only what is unfinished", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(1, "one"));
      bus.on("Work", time.worker(9, "two"));
      const event = bus.emit(new Work());
      await time.sleep(2);
      expect(await event.first()).toBe("one");
      expect([time.clock.seconds, errorNames(event)]).toEqual([2, [null, "EventHandlerAbortedError"]]);
      await time.sleep(9);
    }));

  test("called when all is over it gives the first that was committed", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel" });
      bus.on("Work", time.worker(2, "slow"));
      bus.on("Work", time.worker(1, "quick"));
      const event = await bus.emit(new Work()).done();
      expect(await event.first()).toBe("quick");
    }));

  test("that times out gives undefined and leaves the event alone", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(2, "late"));
      const event = bus.emit(new Work());
      expect(await event.first({ timeout: 1 })).toBeUndefined();
      await event.done();
      expect(values(event)).toEqual(["late"]);
    }));

  test("raises errors only when it is asked to", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => {
        throw new RangeError("no");
      });
      bus.on("Work", () => 1);
      expect(await bus.emit(new Work()).first()).toBe(1);
      await expect(bus.emit(new Work()).first({ raise_if_any: true })).rejects.toThrow(RangeError);
      bus.off("Work");
      await expect(bus.emit(new Work()).first({ raise_if_none: true })).rejects.toThrow(Error);
    }));
});

describe("eventResult and eventResultsList", () => {
  test("give values in the order of handlers", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel" });
      bus.on("Work", time.worker(2, "slow"));
      bus.on("Work", () => undefined);
      bus.on("Work", time.worker(1, "quick"));
      const event = bus.emit(new Work());
      expect(await event.eventResult()).toBe("slow");
      expect(await event.eventResultsList()).toEqual(["slow", "quick"]);
    }));

  test("raise one error as it is, several together", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const fail = (error: unknown) => () => {
        throw error;
      };
      bus.on("Work", fail(new RangeError("one")));
      await expect(bus.emit(new Work()).eventResult()).rejects.toThrow(RangeError);
      bus.on("Work", fail(new TypeError("two")));
      const failure = await bus
        .emit(new Work())
        .eventResultsList()
        .catch((error: AggregateError) => error);
      expect((failure as AggregateError).errors.map((error: Error) => error.name)).toEqual(["RangeError", "TypeError"]);
    }));

  test("wrap what was thrown and is no Error", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => Promise.reject("text"));
      const failure = await bus
        .emit(new Work())
        .eventResult()
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(EventHandlerError);
      expect((failure as EventHandlerError).cause).toBe("text");
    }));

  test("do not count losers as failures", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { event_handler_completion: "first" });
      for (const value of [1, 2]) bus.on("Work", () => value);
      expect(await bus.emit(new Work()).eventResultsList()).toEqual([1]);
    }));

  test("include says what counts; without a value they raise, unless told not to", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      for (const value of [1, 2, undefined]) bus.on("Work", () => value);
      const event = await bus.emit(new Work()).done();
      expect(await event.eventResultsList({ include: ({ result }) => result === 2 })).toEqual([2]);
      await expect(event.eventResult({ include: () => false })).rejects.toThrow(Error);
      expect(await event.eventResult({ include: () => false, raise_if_none: false })).toBeUndefined();
    }));
});
