// The end of work: waiting until a bus is idle, and stopping it. Nothing that was open stays open after a stop; what
// cannot be ended from outside is listed.

import type { BusCore } from "./bus_core.ts";
import { clock } from "./clock.ts";
import { EventCycleError } from "./errors.ts";
import type { EventResult } from "./records.ts";
import { checkWait, type Limit } from "./settings.ts";

/** How many turns an interrupted handler has to end before `stop` counts it among those that go on. */
const turnsToEnd = 16;

/** Resolves to whether the bus became idle within `timeout`: null is without end, 0 is now. */
export function awaitIdle(core: BusCore, frame: EventResult | null, timeout: Limit): Promise<boolean> {
  checkWait("timeout", timeout);
  if (core.open.size === 0) return Promise.resolve(true);
  if (timeout === 0) return Promise.resolve(false);
  if (timeout === null && frame?.alive && frame.record.runOn(core) !== null) {
    return Promise.reject(new EventCycleError(`${frame.handler_name} waits for a bus that waits for it`));
  }
  return new Promise((resolve) => {
    if (timeout === null) {
      core.whenIdle(() => resolve(true));
      return;
    }
    const timer = clock().setTimer(clock().monotonic(), timeout, () => {
      takeBack();
      resolve(false);
    });
    const takeBack = core.whenIdle(() => {
      timer.cancel();
      resolve(true);
    });
  });
}

/** Waits for the bus, ends what is open then, and resolves to the results whose handlers go on nevertheless. */
export async function stopBus(
  core: BusCore,
  frame: EventResult | null,
  timeout: Limit,
  clear: boolean,
): Promise<EventResult[]> {
  await awaitIdle(core, frame, timeout);
  core.shut();
  for (let turn = 0; turn < turnsToEnd && core.abandoned.size > 0; turn++) await null;
  if (clear) core.clear();
  return [...core.abandoned];
}
