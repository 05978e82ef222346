/**
 * How a documented rule is read where it trips over its own arithmetic, and not over green. To the letter, a query over a
 * window in which green had no request gives NaN, which fails the check, and Kayenta calls a shift of zero High when its
 * root search happens to stop a hair above zero. Kind: a careful author's version, in which neither counts against green.
 */
export type Reading = 'kind' | 'to the letter'
