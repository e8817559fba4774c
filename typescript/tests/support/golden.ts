// The events whose JSON stands in golden/typescript.json: one of everything that an event can say.

import { z } from "zod";
import { BaseEvent, EventBus } from "../../src/events/index.ts";
import { inVirtualTime } from "./timeline.ts";

let counter = 0;

function id(): string {
  counter += 1;
  return `019b76da-a800-7000-8000-${counter.toString(16).padStart(12, "0")}`;
}

const Order = BaseEvent.extend("Order", {
  text: z.string(),
  amounts: z.array(z.number()),
  nothing: z.null(),
  nested: z.object({ yes: z.boolean(), deep: z.object({ number: z.number() }) }),
  big: z.bigint(),
  safe: z.number(),
  event_result_type: z.int(),
  event_version: "7",
  event_handler_timeout: 2.5,
});
const Item = BaseEvent.extend("Item", {});
const Failing = BaseEvent.extend("Failing", { event_result_type: z.array(z.string()) });
const Never = BaseEvent.extend("Never", {});

/** Produces the golden events; always the same. */
export function goldenEvents(): Promise<unknown[]> {
  counter = 0;
  return inVirtualTime(async (time) => {
    const a = new EventBus("Golden", { id: id(), event_handler_detect_file_paths: false });
    const b = new EventBus("Other", { id: id(), event_handler_detect_file_paths: false });
    const on = (bus: EventBus, type: string, name: string, handler: (event: BaseEvent) => unknown): void => {
      bus.on(type, handler, { id: id(), handler_name: name });
    };
    on(a, "*", "forwards", b.emit);
    on(a, "Order", "counts", () => time.sleep(0.25).then(() => 3));
    on(a, "Order", "emits", async (event) => {
      await event.emit(new Item({ event_id: id(), unknown_field: "kept" } as object)).done();
    });
    on(a, "Item", "null", () => null);
    on(b, "Item", "text", () => "é ☃ 😀");
    on(a, "Failing", "wrong type", () => 1);
    on(a, "Failing", "throws", () => {
      throw new RangeError("out of range");
    });
    on(a, "Failing", "too slow", () => time.sleep(9));
    on(a, "Failing", "never called", () => []);
    const order = a.emit(
      new Order({
        event_id: id(),
        text: 'ä "quoted"\n\u0000',
        amounts: [0, -1.5, 1e-7, 1e21],
        nothing: null,
        nested: { yes: true, deep: { number: 1 } },
        big: 2n ** 70n,
        safe: 2 ** 53,
        event_slow_timeout: null,
      }),
    );
    await order.done();
    const failing = await a.emit(new Failing({ event_id: id(), event_timeout: 1.5 })).done();
    const never = new Never({ event_id: id(), event_concurrency: "parallel", event_timeout: null });
    await time.sleep(9);
    return [order, ...order.event_children, failing, never].map((event) => JSON.parse(JSON.stringify(event)));
  });
}
