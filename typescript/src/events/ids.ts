// Identifiers: UUIDs of version 7 (RFC 9562, section 5.7), made when somebody asks for them. A number that counts up
// stands behind the time (section 6.2, method 1, with 30 bits), so they are in the order of what they name. Random bits
// come from the host's generator, fetched many at a time.

const hexPairs: string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const pool = new Uint8Array(4096);
let used = pool.length;

function byte(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const value = pool[used] ?? 0;
  used += 1;
  return value;
}

const counterSize = 2 ** 30;
let counter = (byte() << 21) | (byte() << 13) | (byte() << 5);

/** The next number; what is made later has a greater one. */
export function nextSequence(): number {
  counter = (counter + 1) % counterSize;
  return counter;
}

const pair = (value: number): string => hexPairs[value & 0xff] ?? "";

let lastMs = -1;
let lastTime = "";

function timePart(ms: number): string {
  if (ms !== lastMs) {
    const hex = ms.toString(16).padStart(12, "0");
    lastMs = ms;
    lastTime = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
  }
  return lastTime;
}

/** An identifier for something made at `wallMicros`, with its number. */
export function idFor(wallMicros: number, sequence: number): string {
  return [
    timePart(Math.floor(wallMicros / 1000)),
    ((sequence >> 26) & 0xf).toString(16),
    pair(sequence >> 18),
    "-",
    pair(0x80 | ((sequence >> 12) & 0x3f)),
    pair(sequence >> 4),
    "-",
    pair(((sequence & 0xf) << 4) | (byte() & 0xf)),
    pair(byte()),
    pair(byte()),
    pair(byte()),
    pair(byte()),
    pair(byte()),
  ].join("");
}

export function newId(wallMicros: number): string {
  return idFor(wallMicros, nextSequence());
}
