import { InvalidError } from "../errors.js";

/** One page of a list; the cursor is the position to go on from. */
export function paged(all, { cursor, limit }) {
  const start = Number(cursor ?? 0);
  if (!Number.isInteger(start) || start < 0 || start > all.length) throw new InvalidError("no such cursor");
  const size = limit ?? 50;
  if (!(size >= 1 && size <= 200)) throw new InvalidError("a page has 1 to 200 entries");
  const end = Math.min(all.length, start + size);
  return { items: structuredClone(all.slice(start, end)), nextCursor: end < all.length ? String(end) : null };
}
