/** A heap whose members can be moved and taken out anywhere: O(log n) each. */

export interface Heap<T> {
  /** How many are in it. */
  size(): number
  first(): T | undefined
  /** Puts it in, or to its new place where its order has changed. */
  set(member: T): void
  /** Takes it out; false where it was not in. */
  delete(member: T): boolean
}

/** `isBefore` must not change for a member that is in, but right before it is `set` again. */
export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const members: T[] = []
  const places = new Map<T, number>()

  function put(member: T, place: number): void {
    members[place] = member
    places.set(member, place)
  }

  function settle(member: T, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!isBefore(member, members[above]!)) break
      put(members[above]!, place)
      place = above
    }
    for (let below = firstBelow(place); below < members.length; below = firstBelow(place)) {
      if (!isBefore(members[below]!, member)) break
      put(members[below]!, place)
      place = below
    }
    put(member, place)
  }

  function firstBelow(place: number): number {
    const left = 2 * place + 1
    const isRight = left + 1 < members.length && isBefore(members[left + 1]!, members[left]!)
    return isRight ? left + 1 : left
  }

  return {
    size: () => members.length,
    first: () => members[0],
    set(member) {
      let place = places.get(member)
      if (place === undefined) {
        place = members.length
        members.push(member)
      }
      settle(member, place)
    },
    delete(member) {
      const place = places.get(member)
      if (place === undefined) return false
      places.delete(member)
      const last = members.pop()!
      if (last !== member) settle(last, place)
      return true
    },
  }
}
