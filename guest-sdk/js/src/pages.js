/** A list that the mesh gives in pages, fetched as it is walked through. */
export class Pages {
  #fetch;
  #limit;

  /** `fetch` takes a page request and gives `{ items, nextCursor }`. */
  constructor(fetch, limit = null) {
    this.#fetch = fetch;
    this.#limit = limit;
  }

  limit(entries) {
    return new Pages(this.#fetch, entries);
  }

  take(most) {
    const taken = [];
    if (most < 1) return taken;
    for (const item of this.#limit === null ? this.limit(Math.min(most, 200)) : this) {
      taken.push(item);
      if (taken.length >= most) break;
    }
    return taken;
  }

  *[Symbol.iterator]() {
    let cursor = null;
    do {
      const { items, nextCursor } = this.#fetch({ cursor, limit: this.#limit });
      yield* items;
      cursor = nextCursor ?? null;
    } while (cursor !== null);
  }
}
