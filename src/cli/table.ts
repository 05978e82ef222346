import type { Look } from './print.ts'

type Cell = string | number | null

const shades = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90, bold: 1 } as const
export type Shade = keyof typeof shades

/** Colours text where colours are wanted. The word itself must say everything. */
export const paint = ({ color }: Look, shade: Shade, text: string): string =>
  color ? `\u001b[${shades[shade]}m${text}\u001b[0m` : text

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that `paint` writes
const escapes = /\u001b\[\d+m/g
const width = (text: string): number => text.replace(escapes, '').length

/** Columns as wide as they need; the last one is cut to the terminal, unless it is no terminal (columns 0). */
export const table = (head: readonly string[], rows: readonly (readonly Cell[])[], look: Look): string => {
  const cells = [head, ...rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell))))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))))
  return cells
    .map((row, index) => {
      const line = row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
        )
        .join('  ')
        .trimEnd()
      const cut = cutTo(line, look.columns)
      return index === 0 ? paint(look, 'grey', cut) : cut
    })
    .join('\n')
}

/** Only plain text is cut: an escape that is cut in two colours everything after it. */
const cutTo = (line: string, columns: number): string => {
  if (columns <= 0 || width(line) <= columns) return line
  if (width(line) === line.length) return `${line.slice(0, columns - 1)}…`
  return line
}

export const indent = (text: string, by = 2): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by))

/** Wraps words at the width of the terminal; without one, lines stay whole. */
export const wrap = (text: string, columns: number): string => {
  if (columns < 20) return text
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
