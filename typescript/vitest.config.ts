import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/support/nothing_left.ts"],
    typecheck: { enabled: false },
    // One worker at a time: the machine that runs these tests also runs others.
    maxWorkers: 2,
    dangerouslyIgnoreUnhandledErrors: false,
    allowOnly: false,
    retry: 0,
  },
});
