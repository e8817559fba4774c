// Identifiers: UUIDs of version 7 (RFC 9562, section 5.7, with the counter of section 6.2, method 1), in the
// order in which they were made. Random bits come from the host's generator, fetched many at a time.

const hexPairs: string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const pool = new Uint8Array(4096);
let used = pool.length;

let lastMs = 0;
let counter = 0;
let timePart = "";

function byte(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const value = pool[used] ?? 0;
  used += 1;
  return value;
}

const pair = (value: number): string => hexPairs[value & 0xff] ?? "";

function enter(ms: number): void {
  lastMs = ms;
  // The counter starts in the lower half of its twelve bits, so that it has room within the millisecond.
  counter = ((byte() & 0x07) << 8) | byte();
  const hex = ms.toString(16).padStart(12, "0");
  timePart = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
}

/** A new identifier for something made at `wallMicros`. */
export function newId(wallMicros: number): string {
  const ms = Math.floor(wallMicros / 1000);
  if (ms > lastMs || lastMs - ms > 10_000) enter(ms);
  else if (counter === 0xfff) enter(lastMs + 1);
  else counter += 1;
  return (
    timePart +
    (counter >> 8).toString(16) +
    pair(counter) +
    "-" +
    pair(0x80 | (byte() & 0x3f)) +
    pair(byte()) +
    "-" +
    pair(byte()) +
    pair(byte()) +
    pair(byte()) +
    pair(byte()) +
    pair(byte()) +
    pair(byte())
  );
}
