import type { Finding } from '../inventory/estate.ts'
import { type Right, rightText } from './right.ts'

/** Rights that an identity lacks on one side. `side`: what people call it, such as `green/shop`. */
export type MissingRights = { readonly side: string; readonly rights: readonly Right[] }

const shown = 12

/** Each side with the rights that it lacks and what for: nothing moves until they are there. */
export const missingRights = (missing: readonly MissingRights[], release: string): readonly Finding[] =>
  missing.flatMap(({ side, rights }): readonly Finding[] => {
    const needed = rights.filter(({ need }) => need === 'to move')
    if (needed.length === 0) return []
    const lines = needed.slice(0, shown).map((right) => `${rightText(right)} (${right.why})`)
    const more = needed.length > shown ? `; and ${needed.length - shown} more` : ''
    const message = `${side}: the identity that Titrate uses may not ${lines.join('; not ')}${more}. "titrate access ${release}" prints the roles that give what this release needs.`
    return [{ severity: 'blocks', service: null, message, declare: null }]
  })
