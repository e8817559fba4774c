// Lists that are made when something first stands in them.

/** `list` with `item` behind. A list of one is made to measure: most stay so, and there is one for each event. */
export function appended<T>(list: T[] | null, item: T): T[] {
  if (list === null) return [item];
  list.push(item);
  return list;
}
