// One event on several buses.

import { describe, expect, test } from "vitest";
import { EventBus, errorNames, inVirtualTime, values, Work } from "./support/timeline.ts";

describe("forwarding", () => {
  test("each bus has the event once, loops are cut, results are in one event", () =>
    inVirtualTime(async () => {
      const [a, b, c] = ["A", "B", "C"].map((name) => new EventBus(name)) as [EventBus, EventBus, EventBus];
      a.on("*", b.emit);
      b.on("*", c.emit);
      c.on("*", a.emit);
      for (const bus of [a, b, c]) bus.on("Work", () => bus.name);
      const event = await a.emit(new Work()).done();
      expect(event.event_path).toEqual([a, b, c].map((bus) => bus.label));
      expect(values(event).filter((value) => typeof value === "string")).toEqual(["A", "B", "C"]);
      expect([event.event_parent_id, event.event_children]).toEqual([null, []]);
    }));

  test("the event is complete when every bus is done with it, a result as soon as it is there", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("*", b.emit);
      a.on("Work", () => 1);
      b.on("Work", () => time.sleep(3).then(() => 2));
      const event = a.emit(new Work());
      await time.sleep(1);
      expect([event.event_status, values(event)[0]]).toEqual(["started", 1]);
      await event.done();
      expect(time.clock.seconds).toBe(3);
    }));

  test("each bus uses its own defaults; what the event sets counts everywhere", () =>
    inVirtualTime(async (time) => {
      const a = new EventBus("A", { event_timeout: 10 });
      const b = new EventBus("B", { event_timeout: 1 });
      a.on("*", b.emit);
      for (const bus of [a, b]) {
        bus.on("Work", async (event) => {
          time.say(`${bus.name} ${event.event_timeout}`);
          await time.sleep(2);
        });
      }
      const plain = await a.emit(new Work()).done();
      expect(errorNames(plain).slice(1)).toEqual([null, "EventHandlerAbortedError"]);
      expect([plain.event_timeout, plain.event_own_settings]).toEqual([10, []]);
      await time.sleep(5);
      const own = await a.emit(new Work({ event_timeout: 5 })).done();
      expect(errorNames(own)).toEqual([null, null, null]);
      expect(time.journal.map((text) => text.split("@")[0])).toEqual(["A 10", "B 1", "A 5", "B 5"]);
    }));

  test("an awaited child runs on every bus of its path before the parent goes on", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("Work", b.emit);
      b.on("Work", time.worker(1, "b"));
      a.on("Parent", async (event) => {
        const child = await event.emit(new Work()).done();
        time.say(values(child).includes("b") ? "both" : "one");
      });
      b.emit(new Work({ label: "queued" }));
      const { Parent } = await import("./support/timeline.ts");
      await a.emit(new Parent()).done();
      expect(time.journal.at(-1)).toBe("both@2");
    }));

  test("a middle bus that times out does not end the others", () =>
    inVirtualTime(async (time) => {
      const a = new EventBus("A");
      const b = new EventBus("B", { event_timeout: 1 });
      a.on("*", b.emit);
      b.on("Work", () => time.sleep(5));
      a.on("Work", () => time.sleep(2).then(() => "a"));
      const event = await a.emit(new Work({ event_handler_concurrency: "parallel" })).done();
      expect(values(event)).toContain("a");
      expect(errorNames(event)).toContain("EventHandlerAbortedError");
      await time.sleep(5);
    }));

  test("the same event again on one bus runs once", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", () => time.say("once"));
      const event = bus.emit(new Work());
      bus.emit(event);
      await event.done();
      bus.emit(event);
      await bus.waitUntilIdle();
      expect([time.journal, event.event_path]).toEqual([["once@0"], [bus.label]]);
    }));

  test("a reset event is a new one", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", (event) => time.say((event as unknown as { label: string }).label));
      const event = await bus.emit(new Work({ label: "x", event_timeout: 9 })).done();
      const again = event.eventReset();
      expect([again.event_status, again.event_timeout, again.event_id === event.event_id]).toEqual([
        "pending",
        9,
        false,
      ]);
      await bus.emit(again).done();
      expect(time.journal).toEqual(["x@0", "x@0"]);
    }));
});
