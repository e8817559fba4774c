// The re-entrant lock of events. Its holders form a stack: it may be entered when nobody has it, or when its top
// waits for the one that comes to end. So what a handler awaits re-enters, two things that it awaits together exclude
// each other, and what is left behind owns nothing. Who waits for whom is a fact of the moment, asked anew each time.

import { Fifo, Link } from "./fifo.ts";

/** What takes a lock: the run of one event on one bus. */
export class Hold {
  lock: EventLock | null = null;
  below: Hold | null = null;
  waiter: Waiter | null = null;
}

export class Waiter {
  readonly lock: EventLock;
  readonly hold: Hold;
  readonly settle: (entered: boolean) => void;
  readonly link: Link<Waiter> = new Link<Waiter>(this);

  constructor(lock: EventLock, hold: Hold, settle: (entered: boolean) => void) {
    this.lock = lock;
    this.hold = hold;
    this.settle = settle;
  }
}

/** Whether `holder` waits, directly or not, for `comer` to end. */
export type WaitsFor = (holder: Hold, comer: Hold) => boolean;

/** One lock: `bus-serial` has one per bus, `global-serial` one per class of buses. */
export class EventLock {
  readonly name: string;
  private readonly waitsFor: WaitsFor;
  private top: Hold | null = null;
  /** Made when somebody first has to wait. */
  private waiters: Fifo<Waiter> | null = null;

  constructor(name: string, waitsFor: WaitsFor) {
    this.name = name;
    this.waitsFor = waitsFor;
  }

  get locked(): boolean {
    return this.top !== null;
  }

  /** How many hold the lock inside each other. */
  get depth(): number {
    let depth = 0;
    for (let hold = this.top; hold !== null; hold = hold.below) depth += 1;
    return depth;
  }

  /** Those that have to leave before `comer` may enter, innermost first. */
  *obstacles(comer: Hold): Generator<Hold> {
    for (let hold = this.top; hold !== null && !this.waitsFor(hold, comer); hold = hold.below) yield hold;
  }

  tryEnter(comer: Hold): boolean {
    if (this.top !== null && !this.waitsFor(this.top, comer)) return false;
    comer.lock = this;
    comer.below = this.top;
    this.top = comer;
    return true;
  }

  /** Waits for its turn; resolves to false when `withdraw` ended the wait. */
  wait(comer: Hold): Promise<boolean> {
    return new Promise((settle) => {
      const waiter = new Waiter(this, comer, settle);
      comer.waiter = waiter;
      this.waiters ??= new Fifo();
      this.waiters.push(waiter.link);
    });
  }

  withdraw(comer: Hold): void {
    const waiter = comer.waiter;
    if (waiter === null) return;
    comer.waiter = null;
    this.waiters?.remove(waiter.link);
    waiter.settle(false);
  }

  /** A holder need not be the innermost one to leave. */
  leave(holder: Hold): void {
    if (holder.lock !== this) return;
    holder.lock = null;
    if (this.top === holder) this.top = holder.below;
    else {
      let above = this.top;
      while (above !== null && above.below !== holder) above = above.below;
      if (above !== null) above.below = holder.below;
    }
    holder.below = null;
    this.recheck();
  }

  /** Lets the first waiter in that may enter, after what waits for what has changed. */
  recheck(): void {
    if (this.waiters === null || this.waiters.size === 0) return;
    for (const waiter of this.waiters) {
      if (!this.tryEnter(waiter.hold)) continue;
      waiter.hold.waiter = null;
      this.waiters.remove(waiter.link);
      waiter.settle(true);
      return;
    }
  }
}
