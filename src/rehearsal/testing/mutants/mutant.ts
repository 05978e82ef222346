/** One wrong decision: in `file`, the text `find`, which stands there exactly once, becomes `replace`. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string }

/** What has to catch it: simulated releases, or the tests of a suite of which the name matches `tests`. */
export type Catcher =
  | { readonly kind: 'simulation' }
  | { readonly kind: 'suite'; readonly path: string; readonly tests: string }

/**
 * A bug put into the sources on purpose, to see that it is found. More than one edit only where the design has two
 * defences and either alone would do: then both are taken away.
 */
export type Mutant = {
  readonly id: string
  /** What it does wrong, in words. */
  readonly breaks: string
  readonly edits: readonly [Edit, ...Edit[]]
  readonly caughtBy: Catcher
}

export const simulation: Catcher = { kind: 'simulation' }

export const suite = (path: string, tests: string): Catcher => ({ kind: 'suite', path, tests })

export type Mutated =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'stale'; readonly because: string }

/** The source with the edit made; `stale` when it has changed so that the edit says nothing clear any more. */
export const mutate = (source: string, { file, find, replace }: Edit): Mutated => {
  const times = source.split(find).length - 1
  if (times === 1) return { kind: 'ok', text: source.replace(find, () => replace) }
  return {
    kind: 'stale',
    because: `${file} has ${times} times ${JSON.stringify(find)}, expected once; write the mutant anew for what stands there now`,
  }
}
