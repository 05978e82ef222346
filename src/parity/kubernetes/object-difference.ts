import type { JsonMap } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'
import type { Difference } from '../difference.ts'
import type { TreeStep } from './compare-trees.ts'

/** A difference in an object of blue or green. */
export type ObjectDifference = Omit<Difference, 'patch'> & { readonly object: string }

/** The path of a difference that is the whole object: one side has none. */
export const wholeObject = 'object'

/** What differs, as people are told it and name it in waivers: an object, or an object and a path in it. */
export const differenceTitle = ({ object, path }: Pick<ObjectDifference, 'object' | 'path'>): string =>
  path === wholeObject ? object : `${object} ${path}`

/** A difference before anyone asked whether it is explained, and how the manifest would have to change. */
export type ObjectFound = {
  readonly object: string
  readonly path: string
  readonly blue: string | null
  readonly green: string | null
  readonly why: string
  readonly required: string | null
  readonly rewrittenBy: readonly number[]
  readonly mend: Mend
}

/** How green's manifest is brought in line at one place. */
export type Mend =
  | { readonly kind: 'set'; readonly steps: readonly TreeStep[]; readonly to: Json | undefined }
  /** The object is missing on green. */
  | { readonly kind: 'create'; readonly manifest: JsonMap }
  | { readonly kind: 'delete' }
  /** A person must do it, as the text says. */
  | { readonly kind: 'by hand'; readonly what: string }
