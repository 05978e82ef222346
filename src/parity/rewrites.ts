import type { Finding } from '../inventory/estate.ts'
import { fits, type Rewrite } from './rules.ts'

/** What blue's text becomes, and which rewrites (by their place in the list) made it so. */
export type Rewritten = { readonly text: string; readonly by: readonly number[] }

export type Rewriter = (service: string, path: string, text: string) => Rewritten

/** Makes one function of all rewrites; those that can't be used are left out and said. */
export const createRewriter = (
  rewrites: readonly Rewrite[],
): { readonly rewrite: Rewriter; readonly findings: readonly Finding[] } => {
  const findings: Finding[] = []
  const ready = rewrites.flatMap((rule, index) => {
    const replace = replaceBy(rule)
    if (replace !== null) return [{ rule, index, replace }]
    const why = rule.from === '' ? 'its from is empty' : `its from is not a regular expression: ${rule.from}`
    const message = `Rewrite ${index + 1} of parity.rewrites can't be used: ${why}. Correct it in the release file.`
    findings.push({ severity: 'blocks', service: null, message, declare: null })
    return []
  })
  const rewrite: Rewriter = (service, path, text) => {
    const by: number[] = []
    let now = text
    for (const { rule, index, replace } of ready) {
      if (rule.services !== null && !rule.services.includes(service)) continue
      if (rule.path !== undefined && !fits(rule.path, path)) continue
      const next = replace(now)
      if (next !== now) by.push(index)
      now = next
    }
    return { text: now, by }
  }
  return { rewrite, findings }
}

/** null: the rule can't be used. */
const replaceBy = ({ from, to, match }: Rewrite): ((text: string) => string) | null => {
  if (from === '') return null
  if (match !== 'regex') return (text) => text.replaceAll(from, () => to)
  try {
    const pattern = new RegExp(from, 'gu')
    return (text) => text.replace(pattern, to)
  } catch {
    return null
  }
}

export const rewriteReason = (rewrites: readonly Rewrite[], by: readonly number[]): string =>
  by
    .flatMap((index) => rewrites[index] ?? [])
    .map(({ from, to, reason }) => `rewrite ${from} → ${to}${reason === null ? '' : ` (${reason})`}`)
    .join(', then ')
