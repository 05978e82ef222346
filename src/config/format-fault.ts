import { readFileSync } from 'node:fs'
import { TitrateError } from '../errors.ts'
import type { Fault } from './positioned-yaml.ts'

/**
 * A fault as a good compiler shows it: where, what, the line with a mark below, and what to do. `text` is the file's
 * content; null: the line is not shown. A line that may hold a secret is never shown.
 *
 *     release.yaml:12:20  policy.weights.2: found 50, expected more than 60, which comes before it
 *        12 |   weights: [1, 60, 50, 100]
 *           |                    ^
 *           = write [1, 50, 60, 100]
 */
export const formatFault = (fault: Fault, text: string | null): string => {
  const { file, line, column, path, value, expected, suggestion } = fault
  const found = value === null ? '' : `found ${value}, `
  const head = `${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${found}expected ${expected}`
  const number = String(line).padStart(5)
  const margin = `${' '.repeat(number.length)} |`
  const source = text?.split(/\r?\n/, line)[line - 1] ?? ''
  const lines = [head]
  if (source.trim() !== '' && !maySecret(source)) {
    const { shown, mark } = aroundColumn(source, column - 1)
    lines.push(`${number} | ${shown}`, `${margin} ${' '.repeat(mark)}^`)
  }
  if (suggestion !== null) lines.push(`${' '.repeat(number.length)} = ${suggestion}`)
  return lines.map(withoutControl).join('\n')
}

/** All faults, each with its line; the files are read once more for that. */
export const formatFaults = (faults: readonly Fault[]): string => {
  const texts = new Map<string, string | null>()
  const textOf = (file: string): string | null => {
    const known = texts.get(file)
    if (known !== undefined) return known
    const text = readQuietly(file)
    texts.set(file, text)
    return text
  }
  return faults.map((fault) => formatFault(fault, showsLine(fault) ? textOf(fault.file) : null)).join('\n\n')
}

/** The error that ends a command whose files have faults. */
export const faultsError = (faults: readonly Fault[]): TitrateError => {
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  return new TitrateError(
    'RELEASE_FILE',
    `There ${faults.length === 1 ? 'is' : 'are'} ${count} to put right:\n\n${formatFaults(faults)}`,
    {
      details: { faults },
    },
  )
}

/** A fault of the file as a whole (too large, not text) has no line to show, and the file may be anything. */
const showsLine = ({ line, column, path, value }: Fault): boolean =>
  path !== '' || value === null || line > 1 || column > 1

const readQuietly = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch {
    return null
  }
}

const maySecret = (line: string): boolean =>
  /:\S+@/.test(line) ||
  /(password|passwd|secret|token|authorization|api[-_]?key|cookie)[^\s:]*["']?\s*:\s*[^\s{#]/i.test(line) ||
  /[?&][^=&\s]*(password|passwd|secret|token|key|sig)[^=&\s]*=/i.test(line)

const widest = 100

/** The part of a long line around the column, and where the mark stands in it. */
const aroundColumn = (line: string, column: number): { readonly shown: string; readonly mark: number } => {
  const start = line.length <= widest ? 0 : Math.max(0, Math.min(column - 30, line.length - widest))
  const cut = line.slice(start, start + widest)
  const before = start > 0 ? '…' : ''
  const after = start + widest < line.length ? '…' : ''
  return { shown: `${before}${cut.replaceAll('\t', ' ')}${after}`, mark: column - start + before.length }
}

/** What stands in a file must not be able to steer the terminal. */
const withoutControl = (line: string): string => line.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '�')
