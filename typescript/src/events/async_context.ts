// What the host knows about asynchronous context. In Node a handler runs in the context its event was emitted in,
// and a plain `bus.emit` finds the handler it stands in; in browsers there is no such thing. The identity of
// handlers never depends on it: it only adds what a bound event cannot see.

export interface CapturedContext {
  run<T>(fn: () => T): T;
}

export interface AsyncContext<Frame> {
  capture(): CapturedContext;
  /** Runs `fn` in `context`, with `frame` as the handler that is found there. */
  enter<T>(context: CapturedContext, frame: Frame, fn: () => T): T;
  currentFrame(): Frame | null;
}

interface AsyncHooks {
  AsyncLocalStorage: new <T>() => { run<R>(store: T, fn: () => R): R; getStore(): T | undefined };
  AsyncResource: new (name: string) => { runInAsyncScope<R>(fn: () => R): R };
}

interface NodeProcess {
  process?: { getBuiltinModule?: (name: string) => unknown };
}

/** The host's context, or null where it has none. */
export function hostAsyncContext<Frame>(): AsyncContext<Frame> | null {
  const host = globalThis as NodeProcess;
  const hooks = host.process?.getBuiltinModule?.("node:async_hooks") as AsyncHooks | undefined;
  if (hooks === undefined) return null;
  const storage = new hooks.AsyncLocalStorage<Frame>();
  const { AsyncResource } = hooks;

  class Captured extends AsyncResource implements CapturedContext {
    constructor() {
      super("codetracer.event");
    }

    run<T>(fn: () => T): T {
      return this.runInAsyncScope(fn);
    }
  }

  return {
    capture: () => new Captured(),
    // A resource made inside the captured one starts with a copy of what is there.
    enter: (context, frame, fn) => context.run(() => new Captured().run(() => storage.run(frame, fn))),
    currentFrame: () => storage.getStore() ?? null,
  };
}
