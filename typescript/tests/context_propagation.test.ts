// Where a handler stands: the asynchronous context of the emission, and the identity that needs none.

import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import type { BaseEvent } from "../src/events/index.ts";
import { Child, EventBus, eventType, inVirtualTime, Parent, Work } from "./support/timeline.ts";

const Grandchild = eventType("Grandchild");
const request = new AsyncLocalStorage<string>();

describe("the context of the emission", () => {
  test("is what a handler sees", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", () => time.say(String(request.getStore())));
      await request.run("r1", () => bus.emit(new Work()).done());
      expect(time.journal).toEqual(["r1@0"]);
    }));

  test("is that of each event, also when they wait in one queue", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", async () => {
        time.say(String(request.getStore()));
        await time.sleep(1);
        time.say(String(request.getStore()));
      });
      for (const id of ["r1", "r2", "r3"]) request.run(id, () => bus.emit(new Work()));
      bus.emit(new Work());
      await bus.waitUntilIdle();
      expect(time.journal.map((text) => text.split("@")[0])).toEqual([
        "r1",
        "r1",
        "r2",
        "r2",
        "r3",
        "r3",
        "undefined",
        "undefined",
      ]);
    }));

  test("does not become that of whoever awaits", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", () => time.sleep(1));
      const event = request.run("emits", () => bus.emit(new Work()));
      await request.run("awaits", async () => {
        await event.done();
        time.say(String(request.getStore()));
      });
      expect(time.journal).toEqual(["awaits@1"]);
    }));

  test("reaches children and forwarded events", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("*", b.emit);
      a.on("Parent", async (event) => void (await event.emit(new Child()).done()));
      b.on("*", (event) => time.say(`${event.event_type} ${request.getStore()}`));
      await request.run("r", () => a.emit(new Parent()).done());
      await b.waitUntilIdle();
      expect([...time.journal].sort()).toEqual(["Child r@0", "Parent r@0"]);
    }));

  test("is a copy: what one handler sets the next one does not see", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      for (const id of ["h1", "h2"]) {
        bus.on("Work", () => {
          time.say(`${id} ${request.getStore()}`);
          request.enterWith(id);
        });
      }
      await request.run("r", async () => {
        await bus.emit(new Work()).done();
        time.say(String(request.getStore()));
      });
      expect(time.journal).toEqual(["h1 r@0", "h2 r@0", "r@0"]);
    }));
});

describe.each([true, false])("identity, with AsyncLocalStorage: %s", (withContext) => {
  test("what a bound event emits is its handler's child", () =>
    inVirtualTime(async () => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      const entry = a.on("Parent", (event) => {
        event.emit(new Child());
        event.emit(new Child(), b);
        event.bus?.emit(new Child());
      });
      const parent = await a.emit(new Parent()).done();
      for (const child of parent.event_children) {
        expect([child.event_parent_id, child.event_emitted_by_handler_id]).toEqual([parent.event_id, entry.id]);
      }
      expect(parent.event_children.map((child) => child.event_path)).toEqual([[a.label], [b.label], [a.label]]);
    }, withContext));

  test("only that child jumps the queue", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", (event) => time.say((event as unknown as { label: string }).label));
      bus.on("Parent", async (event) => {
        event.emit(new Child({ label: "not awaited" }));
        await event.emit(new Child({ label: "awaited" })).done();
        time.say("parent");
      });
      await bus.emit(new Parent()).done();
      expect(time.journal).toEqual(["awaited@0", "parent@0", "not awaited@0"]);
    }, withContext));

  test("nothing becomes a child because it runs at the same time", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_concurrency: "parallel" });
      bus.on("Parent", async (event) => {
        await time.sleep(2);
        event.emit(new Child());
      });
      const parent = bus.emit(new Parent());
      await time.sleep(1);
      const foreign = bus.emit(new Child());
      await parent.done();
      expect(foreign.event_parent_id).toBeNull();
      expect(parent.event_children).toHaveLength(1);
    }, withContext));

  test("a plain emit finds the handler only where the host knows it", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const children: BaseEvent[] = [];
      bus.on("Parent", async () => {
        await Promise.resolve();
        children.push(bus.emit(new Child()));
      });
      const parent = await bus.emit(new Parent()).done();
      await bus.waitUntilIdle();
      expect(children[0]?.event_parent_id).toBe(withContext ? parent.event_id : null);
    }, withContext));

  test("code that outlives its handler emits without a parent", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      let late: Promise<BaseEvent> | undefined;
      bus.on("Parent", (event) => {
        late = time.sleep(1).then(() => event.emit(new Child()));
      });
      await bus.emit(new Parent()).done();
      expect((await late)?.event_parent_id).toBeNull();
      await bus.waitUntilIdle();
    }, withContext));

  test("parents are known over generations and buses", () =>
    inVirtualTime(async () => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("Parent", (event) => void event.emit(new Child(), b));
      b.on("Child", (event) => void event.emit(new Grandchild(), a));
      const parent = await a.emit(new Parent()).done();
      const [child] = parent.event_children;
      const [grandchild] = child?.event_children ?? [];
      if (!child || !grandchild) throw new Error("no descendants");
      expect([a.eventIsChildOf(grandchild, parent), a.eventIsParentOf(parent, grandchild)]).toEqual([true, true]);
      expect([a.eventIsChildOf(parent, child), b.eventIsChildOf(child, child)]).toEqual([false, false]);
    }, withContext));

  test("an event outside of handlers emits nothing", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const event = bus.emit(new Work());
      expect(() => event.emit(new Child())).toThrow(Error);
      await event.done();
      expect(event.signal.aborted).toBe(false);
    }, withContext));
});
