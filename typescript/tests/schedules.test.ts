// Random schedules in every mode: no deadlock, no lost event, no limit of a mode exceeded, every event and result
// final, no timer left, nothing unhandled. SCHEDULES is the number per mode.

import fc from "fast-check";
import { describe, test } from "vitest";
import { eventConcurrencyModes, handlerCompletionModes, handlerConcurrencyModes } from "../src/events/index.ts";
import { Experiment, type Mode, schedules } from "./support/schedule.ts";
import { inVirtualTime } from "./support/timeline.ts";

const perMode = Number(process.env.SCHEDULES ?? 25);

const modes: Mode[] = eventConcurrencyModes.flatMap((event_concurrency) =>
  handlerConcurrencyModes.flatMap((event_handler_concurrency) =>
    handlerCompletionModes.map((event_handler_completion) => ({
      event_concurrency,
      event_handler_concurrency,
      event_handler_completion,
    })),
  ),
);

const unhandled: unknown[] = [];
process.on("unhandledRejection", (error) => unhandled.push(error));

describe.each(modes)(
  "$event_concurrency, handlers $event_handler_concurrency, completion $event_handler_completion",
  (mode) => {
    test.each([true, false])("with AsyncLocalStorage: %s", { timeout: 600_000 }, async (withContext) => {
      const seed = process.env.SCHEDULE_SEED === undefined ? {} : { seed: Number(process.env.SCHEDULE_SEED) };
      await fc.assert(
        fc.asyncProperty(schedules, async (schedule) => {
          const faults = await inVirtualTime(async (time) => {
            const experiment = new Experiment(time, mode, schedule);
            await experiment.run(schedule.emissions);
            await experiment.check();
            return experiment.faults;
          }, withContext);
          const all = [...new Set([...faults, ...unhandled.splice(0).map(String)])];
          if (all.length > 0) throw new Error(all.join("; "));
        }),
        { numRuns: Math.ceil(perMode / 2), includeErrorInReport: true, ...seed },
      );
    });
  },
);
