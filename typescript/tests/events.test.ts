// Events and buses by themselves: making, reading, finding, history, pictures, middlewares, real timers.

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BaseEvent, EventBus, EventHistoryFullError, type FindOptions, useLogSink } from "../src/events/index.ts";
import { Child, inVirtualTime, Parent, values, Work } from "./support/timeline.ts";

const User = BaseEvent.extend("User", { name: z.string().trim(), age: z.number().default(1) });

describe("an event", () => {
  test("has its fields as parsed, with defaults, and may be changed", () => {
    const user = new User({ name: " a " });
    expect([user.name, user.age, user.event_type, user.event_status]).toEqual(["a", 1, "User", "pending"]);
    user.name = "b";
    expect(user.toJSON().name).toBe("b");
  });

  test("refuses what does not fit", () => {
    expect(() => new User({ name: 1 } as never)).toThrow(z.ZodError);
    expect(() => new User({ name: "a", event_status: "completed" } as never)).toThrow(TypeError);
    expect(() => new User({ name: "a", event_id: "7" })).toThrow(z.ZodError);
  });

  test("keeps fields that its type does not declare", () => {
    const work = new Work({ extra: [1] });
    expect((work as unknown as { extra: number[] }).extra).toEqual([1]);
    expect(work.toJSON().extra).toEqual([1]);
  });

  test("a type refuses names that the bus needs", () => {
    expect(() => BaseEvent.extend("Bad", { done: z.number() })).toThrow(TypeError);
    expect(() => BaseEvent.extend("Bad", { event_unknown: z.number() } as never)).toThrow(TypeError);
    expect(() => BaseEvent.extend("not a name", {})).toThrow(TypeError);
    expect(() => BaseEvent.extend("Bad", { n: 1 } as never)).toThrow(TypeError);
  });

  test("ids are of version 7 and in order", () => {
    const ids = Array.from({ length: 5000 }, () => new Work().event_id);
    expect(new Set(ids).size).toBe(5000);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("reads as a line and as a tree", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Parent", async (event) => void (await event.emit(new Child()).done()), { handler_name: "asks" });
      bus.on("Child", () => "answer", { handler_name: "answers" });
      const parent = await bus.emit(new Parent()).done();
      const lines = parent.eventLogTree().replaceAll(/#[0-9a-f]{4}/g, "");
      expect(lines.split("\n")).toEqual([
        "└── Parent [completed 0.000s]",
        "    └── A.asks 0.000s = nothing",
        "        └── Child [completed 0.000s]",
        '            └── A.answers 0.000s = "answer"',
      ]);
      expect(bus.logTree().split("\n")).toHaveLength(5);
      expect(String(parent)).toMatch(/^Parent#[0-9a-f]{4} \[completed/);
    }));

  test("awaiting one that was never emitted fails", async () => {
    await expect(new Work().done()).rejects.toThrow(Error);
  });
});

describe("handlers", () => {
  test("those of the type come before those of all, each in their order", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("*", () => "all 1");
      bus.on(User, () => "user 1");
      bus.on("*", () => "all 2");
      bus.on("User", () => "user 2");
      expect(values(await bus.emit(new User({ name: "x" })).done())).toEqual(["user 1", "user 2", "all 1", "all 2"]);
    }));

  test("one that is added meanwhile waits for the next event", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      bus.on("Work", () => {
        bus.on("Work", () => "later");
        return "now";
      });
      expect(values(await bus.emit(new Work()).done())).toEqual(["now"]);
      expect(values(await bus.emit(new Work()).done())).toEqual(["now", "later"]);
    }));

  test("are removed by themselves, their function, their id, or all together", () => {
    const bus = new EventBus("A");
    const handler = (): number => 1;
    const names = (): string[] => bus.handlers.map((entry) => entry.handler_name);
    const entries = ["a", "b", "c", "d"].map((handler_name) => bus.on("Work", () => 1, { handler_name }));
    bus.on("Work", handler);
    bus.off("Work", handler);
    bus.off("Work", entries[0]);
    bus.off("Work", entries[1]?.id);
    expect(names()).toEqual(["c", "d"]);
    bus.off(Work as unknown as typeof BaseEvent);
    expect(names()).toEqual([]);
  });

  test("know where they were written, unless that is switched off", () => {
    const path = (on: boolean): string | null =>
      new EventBus("A", { event_handler_detect_file_paths: on }).on("Work", () => 1).handler_file_path;
    expect(path(true)).toMatch(/events\.test\.ts:\d+$/);
    expect(path(false)).toBeNull();
  });

  test("an id is taken once", () => {
    const bus = new EventBus("A");
    const { id } = bus.on("Work", () => 1);
    expect(() => bus.on("Work", () => 2, { id })).toThrow(RangeError);
  });
});

describe("results", () => {
  const only = (event: BaseEvent): unknown => [...event.event_results.values()][0];

  test("of a complete event are the same objects each time", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const { id } = bus.on("Work", async () => 7);
      const event = bus.emit(new Work());
      expect(await event.first()).toBe(7);
      const [result] = event.event_results.values();
      expect([result?.status, result?.result, result?.handler_id, result?.timeout]).toEqual(["completed", 7, id, 60]);
      expect([result?.started_at, result?.completed_at].every((at) => at !== null)).toBe(true);
      expect(only(event)).toBe(result);
      expect(await event.first()).toBe(7);
    }));

  test("that were read before the event was complete are those that it has afterwards", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(1, 7));
      const event = bus.emit(new Work());
      await time.sleep(0.5);
      const early = only(event);
      await event.done();
      expect(only(event)).toBe(early);
      expect(event.toJSON().event_results).toMatchObject([{ result: 7, status: "completed" }]);
    }));

  test("stay as they are when one more bus gets the event", () =>
    inVirtualTime(async () => {
      const [a, b] = [new EventBus("A"), new EventBus("B")];
      a.on("Work", () => 1);
      b.on("Work", () => 2);
      const event = a.emit(new Work());
      await event.done();
      const first = only(event);
      await b.emit(event).done();
      expect([only(event) === first, await event.eventResultsList(), await event.first()]).toEqual([true, [1, 2], 1]);
    }));
});

describe("history", () => {
  const history = (bus: EventBus): unknown[] => bus.event_history.map((event) => (event as unknown as { n: number }).n);

  test("keeps the newest", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { max_history_size: 2 });
      for (const n of [1, 2, 3]) await bus.emit(new Work({ n })).done();
      expect(history(bus)).toEqual([2, 3]);
    }));

  test.each([
    [null, [1, 2, 3]],
    [0, []],
  ])("of size %s keeps %j when all is done", (max_history_size, kept) =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { max_history_size });
      for (const n of [1, 2, 3]) await bus.emit(new Work({ n })).done();
      expect(history(bus)).toEqual(kept);
    }),
  );

  test("keeps the order of emission, whatever is forgotten in between", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { max_history_size: 40, event_concurrency: "parallel" });
      bus.on("Work", async (event) => {
        if ((event as unknown as { n: number }).n % 7 === 0) await time.sleep(1);
      });
      const numbers = Array.from({ length: 172 }, (_, n) => n);
      for (const n of numbers) {
        const event = bus.emit(new Work({ n }));
        if (n % 7 > 0) await event.done();
      }
      const slow = numbers.filter((n) => n % 7 === 0);
      const newest = numbers.filter((n) => n % 7 > 0).slice(-(40 - slow.length));
      expect(history(bus)).toEqual([...slow, ...newest].sort((a, b) => a - b));
      expect(((await bus.find("Work")) as unknown as { n: number }).n).toBe(171);
      await bus.waitUntilIdle();
      expect(bus.event_history.length).toBe(40);
    }));

  test("forgets what is pending last, and still processes it", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A", { max_history_size: 1 });
      bus.on("Work", (event) => time.say(String((event as unknown as { n: number }).n)));
      for (const n of [1, 2, 3]) bus.emit(new Work({ n }));
      expect(history(bus)).toHaveLength(1);
      await bus.waitUntilIdle();
      expect(time.journal).toEqual(["1@0", "2@0", "3@0"]);
    }));

  test("that may not drop refuses when it is full of what is unfinished", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A", { max_history_size: 2, max_history_drop: false });
      bus.emit(new Work());
      bus.emit(new Work());
      expect(() => bus.emit(new Work())).toThrow(EventHistoryFullError);
      await bus.waitUntilIdle();
      bus.emit(new Work());
      await bus.waitUntilIdle();
    }));
});

describe("find", () => {
  test("gives the newest that matches", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      for (const n of [1, 2, 3, 2]) bus.emit(new Work({ n, tags: [n] }));
      bus.emit(new Child());
      await bus.waitUntilIdle();
      const read = async (options: FindOptions<BaseEvent>): Promise<unknown> =>
        ((await bus.find("Work", options)) as unknown as { n?: number } | undefined)?.n;
      expect(await read({})).toBe(2);
      expect(await read({ n: 3 })).toBe(3);
      expect(await read({ tags: [1] })).toBe(1);
      expect(await read({ where: (event) => (event as unknown as { n: number }).n < 2 })).toBe(1);
      expect(await read({ n: 9 })).toBeUndefined();
      expect((await bus.find("*"))?.event_type).toBe("Child");
      expect(await bus.find("Work", { past: false })).toBeUndefined();
    }));

  test("waits for the next one, at emit, and no longer than it is told", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", () => time.sleep(5));
      const soon = bus.find("Work", { future: 2 }).then((event) => time.say(`${event?.event_completed_at}`));
      expect(await bus.find("Work", { future: 1 })).toBeUndefined();
      const event = bus.emit(new Work());
      await soon;
      expect(time.journal).toEqual(["null@1"]);
      await event.done();
      expect(time.clock.busTimers).toBe(0);
    }));

  test("looks back as far as it is told", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      await bus.emit(new Work()).done();
      await time.sleep(10);
      expect(await bus.find("Work", { past: 5 })).toBeUndefined();
      expect(await bus.find("Work", { past: 20 })).toBeDefined();
    }));

  test("a predicate that throws is its caller's failure alone", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const failing = bus.find("Work", {
        past: false,
        future: true,
        where: () => {
          throw new RangeError("predicate");
        },
      });
      const other = bus.find("Work", { past: false, future: true });
      const event = bus.emit(new Work());
      await expect(failing).rejects.toThrow(RangeError);
      expect((await other)?.event_id).toBe(event.event_id);
      await event.done();
    }));

  test("in a handler what was found runs where it is awaited", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", () => time.say("work"));
      bus.on("Parent", async (event) => {
        const found = await (event.bus as EventBus).find("Work");
        await found?.done();
        time.say("parent");
      });
      const parent = bus.emit(new Parent());
      bus.emit(new Work());
      await parent.done();
      expect(time.journal).toEqual(["work@0", "parent@0"]);
    }));
});

describe("the end", () => {
  test("stop waits, ends what is left, and takes no more", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(5));
      const [running, queued] = [bus.emit(new Work()), bus.emit(new Work())];
      await bus.stop({ timeout: 1 });
      expect(time.clock.seconds).toBe(1);
      expect([running, queued].map((event) => event.event_status)).toEqual(["completed", "completed"]);
      expect(() => bus.emit(new Work())).toThrow(Error);
      await time.sleep(9);
    }));

  test("a find that waits ends with the bus", () =>
    inVirtualTime(async () => {
      const bus = new EventBus("A");
      const found = bus.find("Work", { future: true });
      bus.destroy();
      expect(await found).toBeUndefined();
    }));

  test("destroy forgets everything at once", () =>
    inVirtualTime(async (time) => {
      const bus = new EventBus("A");
      bus.on("Work", time.worker(1));
      bus.emit(new Work());
      bus.destroy();
      expect([bus.event_history, bus.handlers, bus.pending_events]).toEqual([[], [], 0]);
    }));
});

describe("middlewares", () => {
  test("that fail change nothing but the event's list of such errors", () =>
    inVirtualTime(async (time) => {
      const failing = async (): Promise<void> => {
        throw new Error("middleware");
      };
      const middleware = { onEventChange: failing, onEventResultChange: failing, onBusHandlersChange: failing };
      const bus = new EventBus("A", { middlewares: [middleware] });
      bus.on("Work", () => 1);
      const event = await bus.emit(new Work()).done();
      expect(values(event)).toEqual([1]);
      expect(event.event_middleware_errors).toHaveLength(5);
      expect(time.warnings.map(({ kind }) => kind)).toEqual(Array(6).fill("middleware_error"));
    }));
});

describe("a log sink", () => {
  test("that fails does not change what the bus does", async () => {
    const sink = useLogSink(() => {
      throw new Error("sink");
    });
    const { error } = console;
    const said: unknown[] = [];
    console.error = (...args: unknown[]) => said.push(args);
    try {
      const bus = new EventBus("A", { event_handler_slow_timeout: 0.005 });
      bus.on("Work", () => new Promise((resolve) => setTimeout(resolve, 20, "slow")));
      expect(await bus.emit(new Work()).eventResult()).toBe("slow");
      expect(said).toHaveLength(1);
    } finally {
      console.error = error;
      useLogSink(sink);
    }
  });
});

describe("the host's own timers", () => {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const hostTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

  test("limits of different lengths ring in their order", async () => {
    const bus = new EventBus("A", { event_concurrency: "parallel" });
    const ended: number[] = [];
    bus.on("Work", async () => {
      await sleep(120);
    });
    const events = [60, 20, 40].map((ms) =>
      bus
        .emit(new Work({ event_timeout: ms / 1000 }))
        .done()
        .then(() => ended.push(ms)),
    );
    const sink = useLogSink(() => undefined);
    await Promise.all(events);
    expect(ended).toEqual([20, 40, 60]);
    await sleep(120);
    useLogSink(sink);
    await bus.stop();
  });

  test("none is left when nothing runs", async () => {
    const before = hostTimers();
    const bus = new EventBus("A");
    bus.on("Work", async () => {});
    for (let n = 0; n < 100; n++) await bus.emit(new Work()).done();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(hostTimers()).toBe(before);
  });
});
