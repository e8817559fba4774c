// That every test fails for what it leaves behind (support/nothing_left.ts).

import { expect, test } from "vitest";
import { BaseEvent, EventBus } from "../src/events/index.ts";
import { noteRejection, takeLeft } from "./support/nothing_left.ts";

const Work = BaseEvent.extend("Work", {});

test("a timer", async () => {
  setTimeout(() => undefined, 60_000);
  const [found] = await takeLeft();
  expect(found).toContain("a timer of 60000 ms is left");
  expect(found).toContain("nothing_left.test.ts");
});

test("a bus that still works leaves the timer of its limits, and a stopped one leaves none", async () => {
  const bus = new EventBus("A", { event_timeout: 50 });
  bus.on(Work, () => new Promise(() => undefined));
  bus.emit(new Work());
  const [found] = await takeLeft();
  expect(found).toContain("shared_timers");
  await bus.stop({ timeout: 0 });
  expect(await takeLeft()).toEqual([]);
});

test("timers that rang or were cancelled are not left", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1, "done"));
  clearTimeout(setTimeout(() => undefined, 60_000));
  expect(await takeLeft()).toEqual([]);
});

test("a rejection that nobody handles", async () => {
  // The test runner would fail the whole run for it.
  const runners = process.listeners("unhandledRejection").filter((each) => each !== noteRejection);
  for (const each of runners) process.off("unhandledRejection", each);
  Promise.reject(new Error("nobody looks"));
  const found = await takeLeft();
  for (const each of runners) process.on("unhandledRejection", each);
  expect(found).toEqual(["nobody handled Error: nobody looks"]);
});
