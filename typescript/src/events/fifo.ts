// A doubly linked list whose members know their place: append, remove and take the oldest in constant time.
// A member is in one list at a time per link; it owns no values.

export class Link<T> {
  readonly owner: T;
  list: Fifo<T> | null = null;
  before: Link<T> | null = null;
  after: Link<T> | null = null;

  constructor(owner: T) {
    this.owner = owner;
  }
}

export class Fifo<T> {
  size = 0;
  oldest: Link<T> | null = null;
  newest: Link<T> | null = null;

  push(link: Link<T>): void {
    link.list = this;
    link.before = this.newest;
    link.after = null;
    if (this.newest === null) this.oldest = link;
    else this.newest.after = link;
    this.newest = link;
    this.size += 1;
  }

  /** Takes `link` out; nothing happens when it is not a member. */
  remove(link: Link<T>): boolean {
    if (link.list !== this) return false;
    if (link.before === null) this.oldest = link.after;
    else link.before.after = link.after;
    if (link.after === null) this.newest = link.before;
    else link.after.before = link.before;
    link.list = null;
    link.before = null;
    link.after = null;
    this.size -= 1;
    return true;
  }

  shift(): T | null {
    const link = this.oldest;
    if (link === null) return null;
    this.remove(link);
    return link.owner;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let link = this.oldest; link !== null; ) {
      const next: Link<T> | null = link.after;
      yield link.owner;
      link = next;
    }
  }
}
