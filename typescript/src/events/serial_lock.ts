// The handler lock of an event: of its serial handlers one runs at a time, on whatever bus. It is free again as soon as
// the result of its holder is final, and lent out while the holder awaits another event.

import type { EventRecord, EventResult } from "./records.ts";

/** Waits for its turn; one that comes back from an await goes before the others. */
export function enterSerial(record: EventRecord, result: EventResult, isBack: boolean): Promise<void> {
  return new Promise((enter) => {
    const { live } = record;
    live.serialWaiters ??= [];
    if (isBack) live.serialWaiters.unshift({ result, enter });
    else live.serialWaiters.push({ result, enter });
  });
}

/** Lets the next serial handler of the event in, if `result` is the one that keeps it out. */
export function passOn(record: EventRecord, result: EventResult): void {
  const { live } = record;
  if (live.serialHolder !== result) return;
  live.serialHolder = null;
  for (let next = live.serialWaiters?.shift(); next; next = live.serialWaiters?.shift()) {
    // One that ended while it waited passes through without keeping anybody out.
    if (!next.result.final) live.serialHolder = next.result;
    next.enter();
    if (live.serialHolder !== null) return;
  }
}

/** A handler that awaits gives the event's handler lock away meanwhile. */
export function yieldHandlerLock(frame: EventResult): void {
  if (frame.record.live.serialHolder !== frame) return;
  frame.live.yielded = true;
  passOn(frame.record, frame);
}

/** Takes it back before the handler goes on, unless the handler has ended or awaits something else still. */
export function takeBackHandlerLock(frame: EventResult): Promise<void> | null {
  const { live, record } = frame;
  if (!live.yielded || !frame.alive || live.waits !== null) return null;
  live.yielded = false;
  if (record.live.serialHolder === null) {
    record.live.serialHolder = frame;
    return null;
  }
  return enterSerial(record, frame, true);
}
