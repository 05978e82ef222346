/**
 * How much a raw counter grew since it was last read. One that fell was restarted, and its increment is the new value.
 * `before` undefined: the series is new and began at zero. Difference each series first, then sum.
 */
export const counterIncrease = (before: number | undefined, now: number): number =>
  before === undefined || now < before ? now : now - before
