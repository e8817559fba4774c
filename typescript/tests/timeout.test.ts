// Limits of events and handlers, what they end, and what comes too late.

import { describe, expect, test } from "vitest";
import {
  BaseEvent,
  Deadline,
  EventHandlerTimeoutError,
  SlowMonitor,
  withSlowMonitor,
  withTimeout,
} from "../src/events/index.ts";
import { Child, EventBus, errorNames, inVirtualTime, Parent, values, Work } from "./support/timeline.ts";

const kinds = (warnings: readonly { kind: string }[]): string[] => warnings.map(({ kind }) => kind);

describe("withTimeout", () => {
  const expired = (): Error => new Error("expired");

  test("returns what a quick body returns, without a promise", () =>
    inVirtualTime(async () => expect(withTimeout(1, () => 7, expired)).toBe(7)));

  test("resolves with what a body in time resolves with", () =>
    inVirtualTime(async (time) => {
      expect(await withTimeout(2, () => time.sleep(1).then(() => 7), expired)).toBe(7);
    }));

  test("rejects at the limit, whatever the body does then", () =>
    inVirtualTime(async (time) => {
      const late: unknown[] = [];
      const waiting = withTimeout(1, () => time.sleep(2).then(() => 7), expired, {
        value: (value) => late.push(value),
        error: () => undefined,
      });
      await expect(waiting).rejects.toThrow("expired");
      expect(time.clock.seconds).toBe(1);
      await time.sleep(2);
      expect(late).toEqual([7]);
    }));

  test("null is no limit", () =>
    inVirtualTime(async (time) => {
      await withTimeout(null, () => time.sleep(1e6), expired);
      expect(time.clock.seconds).toBe(1e6);
    }));

  test("a body that blocked past its limit has passed it", () =>
    inVirtualTime(async (time) => {
      expect(() => withTimeout(1, () => time.clock.block(2), expired)).toThrow("expired");
    }));

  test("what a body threw too late is the cause", () =>
    inVirtualTime(async (time) => {
      const body = (): never => {
        time.clock.block(2);
        throw new TypeError("late");
      };
      expect(() => withTimeout(1, body, (_blocked, cause) => new Error("expired", { cause }))).toThrow(
        expect.objectContaining({ cause: new TypeError("late") }),
      );
    }));

  test("a limit that pauses does not pass meanwhile", () =>
    inVirtualTime(async (time) => {
      const deadline = new Deadline(0, 1);
      deadline.pause();
      const waiting = withTimeout(deadline, () => time.sleep(9), expired);
      await time.sleep(5);
      deadline.resume();
      await expect(waiting).rejects.toThrow("expired");
      expect(time.clock.seconds).toBe(6);
    }));
});

describe("withSlowMonitor", () => {
  test("warns once, at its threshold, and ends nothing", () =>
    inVirtualTime(async (time) => {
      const warned: number[] = [];
      await withSlowMonitor(new SlowMonitor(0, 1, (elapsed) => warned.push(elapsed)), () => time.sleep(3));
      expect([warned, time.clock.seconds]).toEqual([[1], 3]);
    }));

  test("says nothing about a quick body and leaves no timer", () =>
    inVirtualTime(async (time) => {
      const warned: number[] = [];
      await withSlowMonitor(new SlowMonitor(0, 2, (elapsed) => warned.push(elapsed)), () => time.sleep(1));
      expect([warned, time.clock.busTimers]).toEqual([[], 0]);
    }));

  test("sees a body that blocked its timer", () =>
    inVirtualTime(async (time) => {
      const warned: number[] = [];
      withSlowMonitor(new SlowMonitor(0, 1, (elapsed) => warned.push(elapsed)), () => time.clock.block(4));
      expect(warned).toEqual([4]);
    }));
});

describe("the event's limit", () => {
  test("aborts what runs, cancels what waits, keeps what is finished", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 2 });
      for (const value of [1, 2, 3]) bus.on("Work", time.worker(1.5, value));
      const event = await bus.emit(new Work()).done();
      expect(errorNames(event)).toEqual([null, "EventHandlerAbortedError", "EventHandlerCancelledError"]);
      expect([values(event)[0], time.clock.seconds]).toEqual([1, 2]);
      await time.sleep(5);
    }));

  test("waits for nobody: a handler that goes on is counted, and its outcome is late", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Work", time.worker(3, "late"), { handler_name: "stubborn" });
      const event = await bus.emit(new Work()).done();
      expect([time.clock.seconds, bus.abandoned_handlers]).toEqual([1, 1]);
      const left = await bus.stop({ timeout: 0 });
      expect(left.map((result) => result.handler_name)).toEqual(["stubborn"]);
      await time.sleep(5);
      expect([bus.abandoned_handlers, kinds(time.warnings), values(event)]).toEqual([0, ["late"], [undefined]]);
    }));

  test("a late error never surfaces", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Work", () => time.sleep(2).then(() => Promise.reject(new Error("late"))));
      const event = await bus.emit(new Work()).done();
      await time.sleep(5);
      expect([errorNames(event), kinds(time.warnings)]).toEqual([["EventHandlerAbortedError"], ["late"]]);
      expect(time.warnings[0]?.late).toBe(true);
    }));

  test("tells the handler by its signal", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Work", (event) => {
        event.signal.addEventListener("abort", () => time.say((event.signal.reason as Error).name));
        return time.sleep(9);
      });
      await bus.emit(new Work()).done();
      expect(time.journal).toEqual(["EventHandlerAbortedError@1"]);
      await time.sleep(9);
    }));

  test("a handler that blocked past it is aborted when it comes back, with a warning", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Work", () => {
        time.clock.block(2);
        return "value";
      });
      const event = await bus.emit(new Work()).done();
      expect([errorNames(event), kinds(time.warnings)]).toEqual([["EventHandlerAbortedError"], ["blocked"]]);
    }));

  test("wins over an equal limit of the handler", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Work", () => time.sleep(5), { handler_timeout: 1 });
      expect(errorNames(await bus.emit(new Work()).done())).toEqual(["EventHandlerAbortedError"]);
      await time.sleep(5);
    }));

  test("cancels descendants: the queued child never runs, the running one is aborted", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", time.worker(5));
      bus.on("Parent", async (event) => {
        event.emit(new Child({ label: "queued" }));
        await event.emit(new Child({ label: "running" })).done();
      });
      const parent = await bus.emit(new Parent({ event_timeout: 1 })).done();
      expect(parent.event_children.map(errorNames)).toEqual([
        ["EventHandlerCancelledError"],
        ["EventHandlerAbortedError"],
      ]);
      const [aborted] = parent.event_children[1]?.event_results.values() ?? [];
      expect(aborted?.error).toMatchObject({ name: "EventHandlerAbortedError", timeout_seconds: 1 });
      expect(aborted?.error).toHaveProperty("cause.name", "EventHandlerAbortedError");
      expect(time.journal).toEqual(["+running@0"]);
      await bus.emit(new Child({ label: "next" })).done();
      expect(time.clock.seconds).toBe(6);
    }));

  test("interrupts the await of a handler that it ends", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", () => time.sleep(5));
      bus.on("Parent", async (event) => {
        await event
          .emit(new Child())
          .done()
          .catch((error: Error) => time.say(error.name));
      });
      await bus.emit(new Parent({ event_timeout: 1 })).done();
      await time.sleep(0);
      expect(time.journal).toEqual(["EventHandlerAbortedError@1"]);
      await time.sleep(5);
    }));

  test("null lifts it", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Work", time.worker(100, 1));
      expect(values(await bus.emit(new Work({ event_timeout: null })).done())).toEqual([1]);
    }));
});

describe("the handler's limit", () => {
  test("ends that handler only, and is its error's", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", () => time.sleep(5), { handler_timeout: 1 });
      bus.on("Work", () => 2);
      const event = await bus.emit(new Work()).done();
      const [result] = event.event_results.values();
      expect(result?.error).toBeInstanceOf(EventHandlerTimeoutError);
      expect(result?.error).toMatchObject({ timeout_seconds: 1, event_type: "Work", handler_id: result?.handler_id });
      expect([errorNames(event)[1], values(event)[1]]).toEqual([null, 2]);
      await time.sleep(5);
    }));

  test.each([
    { handler: undefined, event: undefined, cap: 60, limit: 60 },
    { handler: undefined, event: 3, cap: 60, limit: 3 },
    { handler: 5, event: 3, cap: 60, limit: 3 },
    { handler: 2, event: 3, cap: 60, limit: 2 },
    { handler: 5, event: undefined, cap: 4, limit: 4 },
    { handler: null, event: 3, cap: 60, limit: 60 },
    { handler: 7, event: null, cap: null, limit: 7 },
    { handler: null, event: null, cap: null, limit: null },
  ])("is the least of handler $handler, event $event, cap $cap: $limit", ({ handler, event, cap, limit }) =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { event_timeout: cap });
      bus.on("Work", () => 1, handler === undefined ? {} : { handler_timeout: handler });
      const done = await bus.emit(new Work(event === undefined ? {} : { event_handler_timeout: event })).done();
      expect([...done.event_results.values()][0]?.timeout).toBe(limit);
    }),
  );

  test("ends only the children that this handler emitted", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel", event_concurrency: "parallel" });
      bus.on("Child", time.worker(2, "done"));
      bus.on("Parent", async (event) => void (await event.emit(new Child({ label: "mine" })).done()), {
        handler_timeout: 1,
      });
      bus.on("Parent", async (event) => void (await event.emit(new Child({ label: "other" })).done()));
      const parent = await bus.emit(new Parent()).done();
      expect(parent.event_children.map(errorNames)).toEqual([["EventHandlerAbortedError"], [null]]);
      await time.sleep(5);
    }));

  test("a TimeoutError of the handler's own code blames nobody", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const own = new DOMException("mine", "TimeoutError");
      bus.on("Work", () => Promise.reject(own));
      const event = await bus.emit(new Work()).done();
      expect([...event.event_results.values()][0]?.error).toBe(own);
    }));
});

describe("which limits are allowed", () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("%d is not", (limit) => {
    const bus = new EventBus("A");
    expect(() => new EventBus("B", { event_timeout: limit })).toThrow(RangeError);
    expect(() => new Work({ event_timeout: limit })).toThrow(RangeError);
    expect(() => bus.on("Work", () => 1, { handler_timeout: limit })).toThrow(RangeError);
    expect(() => BaseEvent.extend("Limited", { event_handler_slow_timeout: limit })).toThrow(RangeError);
  });
});

describe("waits", () => {
  test("one that times out ends nothing but itself", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(2, 5));
      const event = bus.emit(new Work());
      await expect(event.eventResult({ timeout: 1 })).rejects.toMatchObject({ name: "TimeoutError" });
      expect(await event.eventResult()).toBe(5);
    }));

  test("0 does not wait, null waits without end, below 0 is refused", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(2, 5));
      const event = bus.emit(new Work());
      expect(await bus.waitUntilIdle(0)).toBe(false);
      expect(await event.first({ timeout: 0 })).toBeUndefined();
      await expect(event.eventResult({ timeout: -1 })).rejects.toThrow(RangeError);
      expect(await bus.waitUntilIdle(null)).toBe(true);
      expect(await event.eventResult({ timeout: 0 })).toBe(5);
    }));

  test("a handler's wait that times out leaves its lock as it was", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      b.on("Child", time.worker(3));
      a.on("Parent", async (event) => {
        const child = event.emit(new Child(), b);
        await child.eventResult({ timeout: 1 }).catch((error: Error) => time.say(error.name));
        return "went on";
      });
      const parent = a.emit(new Parent());
      await parent.done();
      expect([values(parent), time.journal, time.clock.seconds]).toEqual([
        ["went on"],
        ["+Child@0", "TimeoutError@1", "-Child@3"],
        3,
      ]);
    }));
});
