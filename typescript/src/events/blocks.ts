// A list in blocks: what is put behind stands in the newest block until it is taken out, wherever it stands. To put and
// to take out touch one block and no neighbours, and a block goes when nothing is left in it.

const width = 32;

export class Block<T> {
  readonly items: (T | null)[] = new Array(width).fill(null);
  used = 0;
  left = 0;
  before: Block<T> | null;
  after: Block<T> | null = null;

  constructor(before: Block<T> | null) {
    this.before = before;
  }
}

export class Blocks<T> {
  private oldest: Block<T> | null = null;
  private newest: Block<T> | null = null;
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** Puts `item` behind the others and returns the block in which it stands. */
  push(item: T): Block<T> {
    let block = this.newest;
    if (block === null || block.used === width) {
      block = new Block(this.newest);
      if (this.newest === null) this.oldest = block;
      else this.newest.after = block;
      this.newest = block;
    }
    block.items[block.used] = item;
    block.used += 1;
    block.left += 1;
    this.count += 1;
    return block;
  }

  /** Takes `item` out of its block. */
  remove(block: Block<T>, item: T): void {
    const { items, before, after } = block;
    items[items.indexOf(item)] = null;
    block.left -= 1;
    this.count -= 1;
    if (block.left > 0) return;
    if (before === null) this.oldest = after;
    else before.after = after;
    if (after === null) this.newest = before;
    else after.before = before;
  }

  *oldestFirst(): Generator<T> {
    for (let block = this.oldest; block !== null; block = block.after) {
      for (let index = 0; index < block.used; index++) {
        const item = block.items[index] ?? null;
        if (item !== null) yield item;
      }
    }
  }

  *newestFirst(): Generator<T> {
    for (let block = this.newest; block !== null; block = block.before) {
      for (let index = block.used - 1; index >= 0; index--) {
        const item = block.items[index] ?? null;
        if (item !== null) yield item;
      }
    }
  }
}
