// What no test may leave behind: timers of the host, and rejections that nobody handles. Loaded before each test file,
// and after the test runner has taken its own timers aside, so that all timers seen here are those of tests and buses.

import { afterEach } from "vitest";

type Timer = ReturnType<typeof setTimeout>;

const { setTimeout: setHostTimeout, clearTimeout: clearHostTimeout, setImmediate: setHostImmediate } = globalThis;
const timers = new Map<Timer, string>();
const rejections: unknown[] = [];

globalThis.setTimeout = Object.assign((ring: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) => {
  const timer: Timer = setHostTimeout(() => {
    timers.delete(timer);
    ring(...args);
  }, delay);
  timers.set(timer, new Error(`a timer of ${delay} ms is left`).stack ?? "");
  return timer;
}, setHostTimeout) as typeof setTimeout;

globalThis.clearTimeout = (timer) => {
  timers.delete(timer as Timer);
  clearHostTimeout(timer);
};

export function noteRejection(reason: unknown): void {
  rejections.push(reason);
}

process.on("unhandledRejection", noteRejection);

/** What was left until now, after what ends with the current turn has ended. */
export async function takeLeft(): Promise<string[]> {
  // A bus lets its timer go at the end of the turn; Node tells of rejections at the end of theirs.
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setHostImmediate(resolve));
  const found = [...timers.values(), ...rejections.map((reason) => `nobody handled ${reason}`)];
  for (const timer of timers.keys()) clearHostTimeout(timer);
  timers.clear();
  rejections.length = 0;
  return found;
}

afterEach(async () => {
  const found = await takeLeft();
  if (found.length > 0) throw new Error(found.join("\n"));
});
