// Who may run when: locks of events, of handlers, re-entry, queue jumps, and cycles.

import { describe, expect, test } from "vitest";
import { EventLock, type EventResult, InMemoryLockManager } from "../src/events/index.ts";
import { Hold } from "../src/events/lock.ts";
import { Child, EventBus, errorNames, eventType, inVirtualTime, Parent, values, Work } from "./support/timeline.ts";

const Grandchild = eventType("Grandchild");

describe("the lock itself", () => {
  const never = (): boolean => false;

  test("one holder at a time, in the order of waiting", async () => {
    const lock = new EventLock("l", never);
    const [a, b, c] = [new Hold(), new Hold(), new Hold()];
    expect(lock.tryEnter(a)).toBe(true);
    expect(lock.tryEnter(b)).toBe(false);
    const order: string[] = [];
    const waits = [lock.wait(b).then(() => order.push("b")), lock.wait(c).then(() => order.push("c"))];
    lock.leave(a);
    expect(b.lock).toBe(lock);
    lock.leave(b);
    await Promise.all(waits);
    expect(order).toEqual(["b", "c"]);
  });

  test("its holder's awaited ones enter above it, and the depth says so", () => {
    const lock = new EventLock("l", () => true);
    const [a, b] = [new Hold(), new Hold()];
    lock.tryEnter(a);
    lock.tryEnter(b);
    expect(lock.depth).toBe(2);
    lock.leave(b);
    expect([lock.depth, lock.locked]).toEqual([1, true]);
  });

  test("a holder in the middle may leave first", () => {
    const lock = new EventLock("l", () => true);
    const [a, b, c] = [new Hold(), new Hold(), new Hold()];
    for (const hold of [a, b, c]) lock.tryEnter(hold);
    lock.leave(b);
    lock.leave(c);
    expect([lock.depth, a.lock]).toEqual([1, lock]);
  });

  test("leaving twice changes nothing", () => {
    const lock = new EventLock("l", never);
    const [a, b] = [new Hold(), new Hold()];
    lock.tryEnter(a);
    lock.leave(a);
    lock.tryEnter(b);
    lock.leave(a);
    expect(lock.locked).toBe(true);
  });

  test("a withdrawn waiter does not get it", async () => {
    const lock = new EventLock("l", never);
    const [a, b] = [new Hold(), new Hold()];
    lock.tryEnter(a);
    const wait = lock.wait(b);
    lock.withdraw(b);
    expect(await wait).toBe(false);
    lock.leave(a);
    expect(lock.locked).toBe(false);
  });
});

describe("which lock an event takes", () => {
  test("none when it is parallel, the bus's when it is bus-serial", () => {
    const bus = new EventBus("A");
    const serial = bus.emit(new Work());
    const parallel = bus.emit(new Work({ event_concurrency: "parallel" }));
    expect(bus.locks.getLockForEvent(parallel)).toBeNull();
    expect(bus.locks.getLockForEvent(serial)).toBe(bus.locks.getLockForEvent(serial));
    bus.destroy();
  });

  test("one for all buses of a class when it is global-serial", () => {
    class Other extends EventBus {}
    const make = (Bus: typeof EventBus) => {
      const bus = new Bus("g", { event_concurrency: "global-serial" });
      const lock = bus.locks.getLockForEvent(bus.emit(new Work()));
      bus.destroy();
      return lock;
    };
    expect(make(EventBus)).toBe(make(EventBus));
    expect(make(Other)).toBe(make(Other));
    expect(make(Other)).not.toBe(make(EventBus));
  });

  test("another lock manager takes the place of the one in memory", async () => {
    const calls: string[] = [];
    const bus = new EventBus("A", {
      lock_manager: (core) => {
        const inner = new InMemoryLockManager(core);
        return {
          getLockForEvent: (event) => inner.getLockForEvent(event),
          withEventLock: (event, fn) => {
            calls.push("event");
            return inner.withEventLock(event, fn);
          },
          withHandlerLock: (event, result, fn) => {
            calls.push(`handler ${result.handler_name}`);
            return inner.withHandlerLock(event, result, fn);
          },
          withHandlerDispatchContext: (event, fn) => {
            calls.push("context");
            return inner.withHandlerDispatchContext(event, fn);
          },
        };
      },
    });
    bus.on("Work", () => calls.push("body"), { handler_name: "h" });
    await bus.emit(new Work()).done();
    expect(calls).toEqual(["event", "handler h", "context", "body"]);
    await bus.stop();
  });

  test("a lock manager that fails ends the event", async () => {
    const bus = new EventBus("A", {
      lock_manager: (core) => {
        const inner = new InMemoryLockManager(core);
        return Object.assign(Object.create(inner), {
          withEventLock: () => {
            throw new Error("no lock today");
          },
        });
      },
    });
    bus.on("Work", () => 1);
    const event = await bus.emit(new Work()).done();
    expect(errorNames(event)).toEqual(["EventHandlerCancelledError"]);
    await bus.stop();
  });
});

describe("events", () => {
  test("bus-serial: one at a time, in the order of emission", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(1));
      for (const label of ["a", "b", "c"]) bus.emit(new Work({ label }));
      await bus.waitUntilIdle();
      expect(time.journal).toEqual(["+a@0", "-a@1", "+b@1", "-b@2", "+c@2", "-c@3"]);
    }));

  test("bus-serial: two buses do not wait for each other", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      for (const bus of [a, b]) bus.on("Work", time.worker(1));
      await Promise.all([a.emit(new Work({ label: "a" })).done(), b.emit(new Work({ label: "b" })).done()]);
      expect(time.clock.seconds).toBe(1);
    }));

  test("global-serial: one at a time over all buses", () =>
    inVirtualTime(async (time) => {
      const buses = ["A", "B", "C"].map((name) => new EventBus(name, { event_concurrency: "global-serial" }));
      for (const bus of buses) bus.on("Work", time.worker(1));
      await Promise.all(buses.map((bus) => bus.emit(new Work({ label: bus.name })).done()));
      expect(time.journal).toEqual(["+A@0", "-A@1", "+B@1", "-B@2", "+C@2", "-C@3"]);
    }));

  test("parallel: all at once", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_concurrency: "parallel" });
      bus.on("Work", time.worker(1));
      for (const label of ["a", "b", "c"]) bus.emit(new Work({ label }));
      await bus.waitUntilIdle();
      expect(time.journal).toEqual(["+a@0", "+b@0", "+c@0", "-a@1", "-b@1", "-c@1"]);
    }));

  test("a parallel event does not wait behind a serial one", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(2));
      bus.emit(new Work({ label: "serial" }));
      bus.emit(new Work({ label: "waits" }));
      await bus.emit(new Work({ label: "parallel", event_concurrency: "parallel" })).done();
      expect(time.clock.seconds).toBe(2);
      await bus.waitUntilIdle();
      expect(time.clock.seconds).toBe(4);
    }));

  test("what waits for a lock is pending, and its clock stands still", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 2 });
      bus.on("Work", time.worker(1.5));
      const [first, second] = [bus.emit(new Work()), bus.emit(new Work())];
      await time.sleep(1);
      expect([first.event_status, second.event_status]).toEqual(["started", "pending"]);
      await second.done();
      expect(errorNames(second)).toEqual([null]);
      expect(time.clock.seconds).toBe(3);
    }));

  test("the lock is free after a handler failed, and after one timed out", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_timeout: 1 });
      bus.on("Parent", () => {
        throw new Error("no");
      });
      bus.on("Child", (event) => time.sleep(5).then(() => event));
      bus.on("Work", () => time.say("next"));
      for (const type of [Parent, Child, Work]) bus.emit(new type());
      await bus.waitUntilIdle();
      expect(time.journal).toEqual(["next@1"]);
      await time.sleep(5);
    }));

  test("cancelled while it waits for a lock: complete, never started", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      b.on("Work", time.worker(5));
      a.on("Parent", async (event) => {
        await event.emit(new Work({ label: "waits" }), b).done();
      });
      b.emit(new Work({ label: "holds" }));
      const parent = await a.emit(new Parent({ event_timeout: 1 })).done();
      const [child] = parent.event_children;
      expect([child?.event_status, child?.event_started_at]).toEqual(["completed", null]);
      await b.waitUntilIdle();
      expect(time.journal).toEqual(["+holds@0", "-holds@5"]);
    }));
});

describe("re-entry", () => {
  test("an awaited child runs now, inside its parent's lock", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      const depths: number[] = [];
      const depth = (event: InstanceType<typeof Work>): void => {
        depths.push(bus.locks.getLockForEvent(event)?.depth ?? 0);
      };
      bus.on("Parent", async (event) => {
        depth(event);
        await event.emit(new Child()).done();
        depth(event);
      });
      bus.on("Child", async (event) => {
        depth(event);
        await event.emit(new Grandchild()).done();
      });
      bus.on("Grandchild", depth);
      await bus.emit(new Parent()).done();
      expect(depths).toEqual([1, 2, 3, 1]);
      expect(time.clock.seconds).toBe(0);
    }));

  test("children that are awaited together run one at a time", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", time.worker(1));
      bus.on("Parent", (event) =>
        Promise.all(["c1", "c2", "c3"].map((label) => event.emit(new Child({ label })).done())).then(() => undefined),
      );
      await bus.emit(new Parent()).done();
      expect(time.journal).toEqual(["+c1@0", "-c1@1", "+c2@1", "-c2@2", "+c3@2", "-c3@3"]);
    }));

  test("children of two parallel handlers exclude each other too", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel" });
      bus.on("Child", time.worker(1));
      for (const label of ["c1", "c2"]) {
        bus.on("Parent", async (event) => {
          await event.emit(new Child({ label })).done();
        });
      }
      await bus.emit(new Parent()).done();
      expect(time.journal).toEqual(["+c1@0", "-c1@1", "+c2@1", "-c2@2"]);
    }));

  test("a child on another bus waits for that bus's lock, before what is queued there", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      b.on("*", time.worker(1));
      a.on("Parent", async (event) => {
        await event.emit(new Child({ label: "jumps" }), b).done();
        time.say("parent");
      });
      b.emit(new Work({ label: "running" }));
      b.emit(new Work({ label: "queued" }));
      await time.sleep(0);
      await a.emit(new Parent()).done();
      await b.waitUntilIdle();
      const expected = ["+running@0", "-running@1", "+jumps@1", "-jumps@2", "+queued@2", "parent@2", "-queued@3"];
      expect([...time.journal].sort()).toEqual([...expected].sort());
    }));

  test("a child on another bus enters at once where the lock is the same", () =>
    inVirtualTime(async (time) => {
      const [a, b] = ["A", "B"].map((name) => new EventBus(name, { event_concurrency: "global-serial" }));
      b?.on("Child", time.worker(1));
      a?.on("Parent", async (event) => {
        await event.emit(new Child({ label: "c" }), b).done();
      });
      await a?.emit(new Parent()).done();
      expect(time.journal).toEqual(["+c@0", "-c@1"]);
    }));

  test("what a finished handler left behind owns nothing", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      let left: Promise<void> | undefined;
      bus.on("Child", time.worker(1));
      bus.on("Parent", (event) => {
        const child = event.emit(new Child({ label: "child" }));
        left = time.sleep(0.5).then(async () => {
          await child.done();
          time.say("left");
        });
      });
      bus.emit(new Parent());
      bus.emit(new Child({ label: "queued before" }));
      await bus.waitUntilIdle();
      await left;
      expect(time.journal.filter((text) => text.startsWith("+"))).toEqual(["+queued before@0", "+child@1"]);
    }));

  test("an event in flight is awaited and not run twice", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      b.on("Child", time.worker(2, "once"));
      a.on("Parent", async (event) => {
        const child = event.emit(new Child({ label: "c" }), b);
        await time.sleep(1);
        await child.done();
        time.say("parent");
      });
      await a.emit(new Parent()).done();
      expect(time.journal).toEqual(["+c@0", "-c@2", "parent@2"]);
    }));

  test("an event that somebody else awaits already runs where a handler awaits it", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", time.worker(1, 7));
      const other = new Child({ label: "other" });
      bus.on("Parent", async (event) => {
        await event.attach(other).done();
        time.say("parent");
      });
      const parent = bus.emit(new Parent());
      const outside = bus.emit(other).done();
      await parent.done();
      expect(values(await outside)).toEqual([7]);
      expect(time.journal).toEqual(["+other@0", "-other@1", "parent@1"]);
    }));

  test("a child that holds an awaited event open runs as well", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Grandchild", time.worker(1));
      bus.on("Child", (event) => void event.emit(new Grandchild({ label: "g" })));
      bus.on("Parent", async (event) => {
        await event.emit(new Child()).done();
        time.say("parent");
      });
      await bus.emit(new Parent()).done();
      expect(time.journal).toEqual(["+g@0", "-g@1", "parent@1"]);
    }));

  test("the queue keeps its order behind a jump", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(1));
      bus.on("Parent", async (event) => {
        const children = [1, 2, 3].map((n) => event.emit(new Work({ label: `c${n}` })));
        await children[1]?.done();
      });
      bus.emit(new Parent());
      bus.emit(new Work({ label: "w" }));
      await bus.waitUntilIdle();
      expect(time.journal.filter((text) => text.startsWith("+"))).toEqual(["+c2@0", "+w@1", "+c1@2", "+c3@3"]);
    }));
});

describe("cycles", () => {
  const name = (error: unknown): string => (error as Error).name;

  test("a chain back to the first bus is legal", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("Parent", async (event) => void (await event.emit(new Child(), b).done()));
      b.on("Child", async (event) => void (await event.emit(new Grandchild(), a).done()));
      a.on("Grandchild", () => time.say("back"));
      await a.emit(new Parent()).done();
      expect(time.journal).toEqual(["back@0"]);
    }));

  test("of two chains that wait for each other the closing await fails", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("Parent", async (event) => {
        await time.sleep(1);
        await event.emit(new Child(), b).done();
        return "went on";
      });
      b.on("Work", async (event) => {
        await time.sleep(2);
        return event
          .emit(new Child(), a)
          .done()
          .then(() => "impossible", name);
      });
      const [one, two] = [a.emit(new Parent()), b.emit(new Work())];
      await Promise.all([one.done(), two.done()]);
      expect([values(one), values(two)]).toEqual([["went on"], ["EventCycleError"]]);
      expect(time.clock.seconds).toBe(2);
    }));

  test("an event cannot await itself, nor what waits for it", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Parent", (event) => event.done().then(() => "impossible", name));
      const parent = await bus.emit(new Parent()).done();
      expect(values(parent)).toEqual(["EventCycleError"]);
      const outer = new Work();
      bus.on("Work", async (event) => (await event.emit(new Child()).done()).eventResult());
      bus.on("Child", (event) =>
        event
          .attach(outer)
          .done()
          .then(() => "impossible", name),
      );
      await bus.emit(outer).done();
      expect(values(outer)).toEqual(["EventCycleError"]);
    }));

  test("waiting for one's own bus without end is refused", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", (event) => (event.bus as EventBus).waitUntilIdle().then(() => "impossible", name));
      const event = await bus.emit(new Work()).done();
      expect(values(event)).toEqual(["EventCycleError"]);
    }));

  test.each([
    [2, 3],
    [0, 1],
    [5, 6],
  ])("a handler re-enters itself at most %i times", (depth, calls) =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { max_handler_recursion_depth: depth });
      bus.on("Work", async (event) => {
        time.say("call");
        const inner = await event.emit(new Work()).done();
        for (const error of errorNames(inner)) if (error) time.say(error);
      });
      await bus.emit(new Work()).done();
      expect(time.journal).toEqual([...Array(calls).fill("call@0"), "EventRecursionError@0"]);
    }),
  );
});

describe("handlers of one event", () => {
  test("serial: one after the other", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(1));
      bus.on("Work", time.worker(1));
      await bus.emit(new Work()).done();
      expect(time.journal).toEqual(["+Work@0", "-Work@1", "+Work@1", "-Work@2"]);
    }));

  test("parallel: all at once", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { event_handler_concurrency: "parallel" });
      bus.on("Work", time.worker(1));
      bus.on("Work", time.worker(1));
      await bus.emit(new Work()).done();
      expect(time.clock.seconds).toBe(1);
    }));

  test("serial: also those of different buses", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      for (const bus of [a, b]) bus.on("Work", time.worker(1));
      const event = new Work();
      a.emit(event);
      await b.emit(event).done();
      expect(time.journal).toEqual(["+Work@0", "-Work@1", "+Work@1", "-Work@2"]);
    }));

  test("the next one does not start while the one before awaits a child", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", time.worker(1));
      bus.on("Parent", async (event) => {
        await event.emit(new Child()).done();
        time.say("first");
      });
      bus.on("Parent", () => time.say("second"));
      await bus.emit(new Parent()).done();
      expect(time.journal).toEqual(["+Child@0", "-Child@1", "first@1", "second@1"]);
    }));

  test("one that dies while it awaits lets the next one in", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Child", time.worker(5));
      bus.on("Parent", async (event) => void (await event.emit(new Child()).done()), { handler_timeout: 1 });
      bus.on("Parent", () => time.say("second"));
      const parent = await bus.emit(new Parent()).done();
      expect(time.journal).toEqual(["+Child@0", "second@1"]);
      expect(errorNames(parent)).toEqual(["EventHandlerTimeoutError", null]);
      await time.sleep(5);
    }));

  test("a handler on another bus may run meanwhile, so that nobody waits for the other", () =>
    inVirtualTime(async (time) => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      const log: EventResult[] = [];
      a.on("Parent", async (event) => {
        await time.sleep(1);
        await event.emit(new Child(), b).done();
        time.say("a");
      });
      b.on("Parent", () => time.say("b"));
      b.on("Child", time.worker(1));
      const parent = new Parent();
      a.emit(parent);
      await b.emit(parent).done();
      expect(time.journal).toEqual(["b@1", "+Child@1", "-Child@2", "a@2"]);
      expect(log).toEqual([]);
    }));
});
