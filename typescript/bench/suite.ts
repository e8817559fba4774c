// What an event costs, beside the least that could do the same: an array as queue with one promise per event. Runs
// the named measures in turns and prints them; bench/run.mjs runs all.

import * as mittModule from "mitt";
import { z } from "zod";
import { useAsyncContext } from "../src/events/context.ts";
import { BaseEvent, EventBus } from "../src/events/index.ts";

const Work = BaseEvent.extend("Work", { n: z.number() });
const Outer = BaseEvent.extend("Outer", { n: z.number() });
const Inner = BaseEvent.extend("Inner", { n: z.number() });

interface Emitter {
  on(type: string, handler: (item: Item) => unknown): void;
  emit(type: string, item: Item): void;
}

/** mitt's types describe a CommonJS module, which it is not. */
const makeEmitter = (mittModule as unknown as { default: () => Emitter }).default;

interface Item {
  type: string;
  n: number;
}

/** The floor. */
class Queue {
  private readonly handlers: ((item: Item) => unknown)[] = [];
  private queue: [Item, (value: unknown) => void][] = [];
  private busy = false;

  on(handler: (item: Item) => unknown): void {
    this.handlers.push(handler);
  }

  emit(item: Item): Promise<unknown> {
    return new Promise((resolve) => {
      this.queue.push([item, resolve]);
      if (!this.busy) this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    await null;
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      for (const [item, resolve] of batch) {
        const [only] = this.handlers;
        if (this.handlers.length === 1 && only) resolve(await only(item));
        else resolve(await Promise.all(this.handlers.map((handler) => handler(item))));
      }
    }
    this.busy = false;
  }
}

/** Runs `count` times and gives times per second. */
type Measure = (count: number) => Promise<number>;

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return count / ((performance.now() - start) / 1000);
}

async function oneAfterTheOther(count: number, emit: (n: number) => Promise<unknown>): Promise<number> {
  return rate(count, async () => {
    for (let n = 0; n < count; n++) await emit(n);
  });
}

function ourBus(handlers: number, parallel = false): EventBus {
  const bus = new EventBus("bench", parallel ? { event_handler_concurrency: "parallel" } : {});
  for (let index = 0; index < handlers; index++) bus.on(Work, async (event) => event.n);
  return bus;
}

function floor(handlers: number): Queue {
  const queue = new Queue();
  for (let index = 0; index < handlers; index++) queue.on(async (item) => item.n);
  return queue;
}

const forwards = async (count: number, emit: (n: number) => Promise<unknown>): Promise<number> =>
  oneAfterTheOther(count, emit);

interface Foreign {
  readonly n: number;
  emit(event: Foreign): Foreign;
  now(): Promise<unknown>;
}

interface ForeignBus {
  on(pattern: unknown, handler: (event: Foreign) => unknown): void;
  emit(event: Foreign): Foreign;
  destroy(): unknown;
}

/** What abxbus, as published, exports; it has no types that this project's compiler settings accept. */
interface Abxbus {
  BaseEvent: { extend(name: string, shape: object): (fields: { n: number }) => Foreign };
  EventBus: new (name: string, options: object) => ForeignBus;
}

/** Runs a case on abxbus: `prepare` registers handlers on `buses` buses, the first of which gets the events. */
async function abxbus(
  count: number,
  buses: number,
  prepare: (all: ForeignBus[], work: unknown, inner: (fields: { n: number }) => Foreign) => void,
  options: object = {},
): Promise<number> {
  const { BaseEvent: Event, EventBus: Bus } = (await import("abxbus" as string)) as Abxbus;
  const [work, inner] = [Event.extend("Work", { n: z.number() }), Event.extend("Inner", { n: z.number() })];
  const settings = { max_history_size: 100, max_history_drop: true, ...options };
  const all = Array.from({ length: buses }, (_, index) => new Bus(`bench${index}`, settings));
  prepare(all, work, inner);
  const found = await oneAfterTheOther(count, (n) => (all[0] as ForeignBus).emit(work({ n })).now());
  for (const bus of all) await bus.destroy();
  return found;
}

export const measures: Record<string, { count: number; run: Measure }> = {
  "emit+await floor": { count: 100_000, run: (count) => oneAfterTheOther(count, (n) => one.emit({ type: "Work", n })) },
  "emit+await ours": {
    count: 50_000,
    run: (count) => {
      const bus = ourBus(1);
      return oneAfterTheOther(count, (n) => bus.emit(new Work({ n })).done());
    },
  },
  "emit+await mitt": {
    count: 100_000,
    run: (count) => {
      const emitter = makeEmitter();
      emitter.on("Work", async (item) => item.n);
      return oneAfterTheOther(count, async (n) => emitter.emit("Work", { type: "Work", n }));
    },
  },
  "emit+await abxbus": {
    count: 2000,
    run: (count) => abxbus(count, 1, ([bus], work) => bus?.on(work, async (event) => event.n)),
  },
  "ten handlers abxbus": {
    count: 500,
    run: (count) =>
      abxbus(
        count,
        1,
        ([bus], work) => {
          for (let index = 0; index < 10; index++) bus?.on(work, async (event) => event.n);
        },
        { event_handler_concurrency: "parallel" },
      ),
  },
  "nested await abxbus": {
    count: 1000,
    run: (count) =>
      abxbus(count, 1, ([bus], work, inner) => {
        bus?.on(work, async (event) => void (await event.emit(inner({ n: event.n })).now()));
        bus?.on(inner, async (event) => event.n);
      }),
  },
  "forwarding abxbus": {
    count: 500,
    run: (count) =>
      abxbus(count, 3, ([a, b, c], work) => {
        a?.on("*", (event) => b?.emit(event));
        b?.on("*", (event) => c?.emit(event));
        c?.on(work, async (event) => event.n);
      }),
  },
  "ten handlers floor": {
    count: 20_000,
    run: (count) => {
      const queue = floor(10);
      return oneAfterTheOther(count, (n) => queue.emit({ type: "Work", n }));
    },
  },
  "ten handlers ours": {
    count: 10_000,
    run: (count) => {
      const bus = ourBus(10, true);
      return oneAfterTheOther(count, (n) => bus.emit(new Work({ n })).done());
    },
  },
  "nested await floor": {
    count: 50_000,
    run: (count) => {
      const queue = new Queue();
      const inner = async (item: Item): Promise<number> => item.n;
      queue.on(async (item) => inner({ type: "Inner", n: item.n }));
      return oneAfterTheOther(count, (n) => queue.emit({ type: "Outer", n }));
    },
  },
  "nested await ours": {
    count: 20_000,
    run: (count) => {
      const bus = new EventBus("bench");
      bus.on(Outer, async (event) => void (await event.emit(new Inner({ n: event.n })).done()));
      bus.on(Inner, async (event) => event.n);
      return oneAfterTheOther(count, (n) => bus.emit(new Outer({ n })).done());
    },
  },
  "forwarding floor": {
    count: 50_000,
    run: (count) => {
      const [a, b, c] = [new Queue(), new Queue(), new Queue()];
      a.on((item) => b.emit(item));
      b.on((item) => c.emit(item));
      c.on(async (item) => item.n);
      return forwards(count, (n) => a.emit({ type: "Work", n }));
    },
  },
  "forwarding ours": {
    count: 20_000,
    run: (count) => {
      const [a, b, c] = ["a", "b", "c"].map((name) => new EventBus(name)) as [EventBus, EventBus, EventBus];
      a.on("*", b.emit);
      b.on("*", c.emit);
      c.on(Work, async (event) => event.n);
      return forwards(count, (n) => a.emit(new Work({ n })).done());
    },
  },
  "50k queued floor": {
    count: 50_000,
    run: (count) => {
      const queue = new Queue();
      queue.on((item) => item.n);
      return rate(count, async () => {
        await Promise.all(Array.from({ length: count }, (_, n) => queue.emit({ type: "Work", n })));
      });
    },
  },
  "50k queued ours": {
    count: 50_000,
    run: (count) => {
      const bus = new EventBus("bench");
      bus.on(Work, (event) => event.n);
      return rate(count, async () => {
        for (let n = 0; n < count; n++) bus.emit(new Work({ n }));
        await bus.waitUntilIdle();
      });
    },
  },
  "200 buses x 100 floor": {
    count: 20_000,
    run: (count) => {
      const queues = Array.from({ length: 200 }, () => floor(1));
      return rate(count, async () => {
        await Promise.all(
          queues.flatMap((queue) => Array.from({ length: count / 200 }, (_, n) => queue.emit({ type: "Work", n }))),
        );
      });
    },
  },
  "200 buses x 100 ours": {
    count: 20_000,
    run: (count) => {
      const buses = Array.from({ length: 200 }, () => ourBus(1));
      return rate(count, async () => {
        await Promise.all(
          buses.flatMap((bus) => Array.from({ length: count / 200 }, (_, n) => bus.emit(new Work({ n })).done())),
        );
      });
    },
  },
  "flat: 1 bus": { count: 20_000, run: (count) => amongBuses(1, count) },
  "flat: 500 buses": { count: 20_000, run: (count) => amongBuses(500, count) },
  "flat: 100 kept": { count: 20_000, run: (count) => withHistory(100, count) },
  "flat: 10k kept": { count: 20_000, run: (count) => withHistory(10_000, count) },
  "flat: jump over 0": { count: 500, run: (count) => jumps(0, count) },
  "flat: jump over 10k": { count: 500, run: (count) => jumps(10_000, count) },
};

const one = floor(1);

function amongBuses(buses: number, count: number): Promise<number> {
  const all = Array.from({ length: buses }, () => ourBus(1));
  return oneAfterTheOther(count, (n) => (all[n % buses] as EventBus).emit(new Work({ n })).done());
}

async function withHistory(size: number, count: number): Promise<number> {
  const bus = new EventBus("bench", { max_history_size: size });
  bus.on(Work, async (event) => event.n);
  for (let n = 0; n < size; n++) bus.emit(new Work({ n }));
  await bus.waitUntilIdle();
  return oneAfterTheOther(count, (n) => bus.emit(new Work({ n })).done());
}

/** The rate of queue jumps from within one handler while `queued` events wait. */
function jumps(queued: number, count: number): Promise<number> {
  const bus = new EventBus("bench", { max_history_size: null });
  bus.on(Inner, async (event) => event.n);
  return new Promise((resolve) => {
    bus.on(Outer, async (event) => {
      for (let n = 0; n < queued; n++) bus.emit(new Work({ n }));
      resolve(await oneAfterTheOther(count, (n) => event.emit(new Inner({ n })).done()));
    });
    bus.emit(new Outer({ n: 0 }));
  });
}

/** Bytes of the heap for each event with one result that a bus remembers. */
async function memory(): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc;
  const bus = new EventBus("bench", { max_history_size: null });
  bus.on(Work, async (event) => event.n);
  const count = 20_000;
  await bus.emit(new Work({ n: 0 })).done();
  collect?.();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < count; n++) bus.emit(new Work({ n }));
  await bus.waitUntilIdle();
  collect?.();
  return (process.memoryUsage().heapUsed - before) / count;
}

const [list = "", context = "on", rounds = "5"] = process.argv.slice(2);
useAsyncContext(context === "on");
if (list === "memory") console.log(JSON.stringify({ memory: [await memory()] }));
else {
  const chosen = list.split(",").map((name) => {
    const measure = measures[name];
    if (measure === undefined) throw new Error(`there is no measure ${name}`);
    return { name, ...measure };
  });
  // The floor pays for asynchronous context where the bus does: the host's bookkeeping is not the bus's.
  if (context === "on") new (await import("node:async_hooks")).AsyncLocalStorage().run(1, () => undefined);
  for (const { run, count } of chosen) await run(Math.min(count, 10_000));
  const values: Record<string, number[]> = Object.fromEntries(chosen.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const { name, run, count } of chosen) values[name]?.push(await run(count));
  }
  console.log(JSON.stringify(values));
}
