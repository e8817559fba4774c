// Many events: 20,000 within ten seconds, and costs that do not grow with what is around.

import { afterEach, describe, expect, test } from "vitest";
import { useAsyncContext } from "../src/events/context.ts";
import { Child, EventBus, Parent, Work } from "./support/timeline.ts";

const seconds = 10_000;

afterEach(() => {
  useAsyncContext(true);
});

describe.each([true, false])("with AsyncLocalStorage: %s", (withContext) => {
  test("20,000 events in one burst", { timeout: seconds }, async () => {
    useAsyncContext(withContext);
    const bus = new EventBus("A", { max_history_size: 100 });
    let handled = 0;
    bus.on("Work", async () => {
      handled += 1;
    });
    for (let n = 0; n < 20_000; n++) bus.emit(new Work({ n }));
    expect(await bus.waitUntilIdle(9)).toBe(true);
    expect([handled, bus.event_history.length]).toEqual([20_000, 100]);
    await bus.stop();
  });

  test("20,000 events one after the other, each with an awaited child", { timeout: seconds }, async () => {
    useAsyncContext(withContext);
    const [a, b] = [new EventBus("A"), new EventBus("B")];
    let handled = 0;
    a.on("Parent", async (event) => void (await event.emit(new Child(), b).done()));
    b.on("Child", () => {
      handled += 1;
    });
    for (let n = 0; n < 10_000; n++) await a.emit(new Parent()).done();
    expect(handled).toBe(10_000);
    await Promise.all([a.stop(), b.stop()]);
  });

  test("20,000 events forwarded over three buses", { timeout: seconds }, async () => {
    useAsyncContext(withContext);
    const [a, b, c] = ["A", "B", "C"].map((name) => new EventBus(name)) as [EventBus, EventBus, EventBus];
    a.on("*", b.emit);
    b.on("*", c.emit);
    let handled = 0;
    c.on("Work", () => {
      handled += 1;
    });
    for (let n = 0; n < 20_000; n++) a.emit(new Work());
    await a.waitUntilIdle();
    expect(handled).toBe(20_000);
    await Promise.all([a.stop(), b.stop(), c.stop()]);
  });
});

test("10,000 children that are awaited together", { timeout: seconds }, async () => {
  const bus = new EventBus("A");
  let handled = 0;
  bus.on("Child", async () => {
    handled += 1;
  });
  bus.on("Parent", (event) =>
    Promise.all(Array.from({ length: 10_000 }, () => event.emit(new Child()).done())).then(() => undefined),
  );
  await bus.emit(new Parent()).done();
  expect(handled).toBe(10_000);
  await bus.stop();
});

test("a chain of 1,000 awaited generations", { timeout: seconds }, async () => {
  const bus = new EventBus("A", { max_handler_recursion_depth: 2000 });
  bus.on("Work", async (event) => {
    const { depth } = event as unknown as { depth: number };
    if (depth > 0) await event.emit(new Work({ depth: depth - 1 })).done();
  });
  await bus.emit(new Work({ depth: 1000 })).done();
  await bus.stop();
});
