import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'
import { checkout } from './workshop.ts'

/** What became of a mutant. `stale` and `broken` are faults of the mutant itself. */
export type Fate =
  | { readonly kind: 'caught'; readonly by: string; readonly words: string; readonly after: string }
  | { readonly kind: 'survived'; readonly words: string }
  | { readonly kind: 'stale' | 'broken'; readonly words: string }
  | { readonly kind: 'skipped'; readonly words: string }

export type Told = { readonly mutant: Mutant; readonly fate: Fate }

/** So much of a problem's words is shown. */
const shownLength = 150

const inShort = (text: string): string => {
  const line = text.split('\n')[0] ?? ''
  return line.length <= shownLength ? line : `${line.slice(0, shownLength)} …`
}

export const lineOf = ({ mutant, fate }: Told): string => {
  const where = fate.kind === 'caught' ? `${fate.by}, ${fate.after}: ` : ''
  return `${fate.kind.padEnd(8)} ${mutant.id.padEnd(34)} ${where}${inShort(fate.words)}`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<')

const rowOf = ({ mutant, fate }: Told): string => {
  const [by, after, words] =
    fate.kind === 'caught' ? [fate.by, fate.after, inShort(fate.words)] : [fate.kind, '', inShort(fate.words)]
  return `| \`${mutant.id}\` | ${cell(mutant.breaks)} | ${cell(by)} | ${cell(words)} | ${after} |`
}

const begin = '<!-- mutants: written by npm run mutants -- --write -->'
const end = '<!-- end of mutants -->'
const page = 'docs/reliability.md'

export const tableOf = (told: readonly Told[], command: string): string =>
  [
    begin,
    '',
    `    ${command}`,
    '',
    '| mutant | what it does wrong | invariant or suite | as it was told | after |',
    '|---|---|---|---|---|',
    ...told.map(rowOf),
    '',
    end,
  ].join('\n')

/** Puts the table between its marks. Throws where the page has none. */
export const writeTable = (told: readonly Told[], command: string): void => {
  const file = join(checkout, page)
  const text = readFileSync(file, 'utf8')
  const [from, until] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || until < from) throw new Error(`${page} has no "${begin}" with "${end}" after it`)
  writeFileSync(file, text.slice(0, from) + tableOf(told, command) + text.slice(until + end.length))
}
