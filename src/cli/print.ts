import type { Deps } from './deps.ts'
import type { Output } from './flags.ts'

/** Prints one view: for people by its renderer, for programs as one document. */
export const print = async <V>(
  deps: Deps,
  output: Output,
  view: V,
  render: (view: V, look: Look) => string,
): Promise<void> => {
  deps.io.out(await written(output, view, (shown) => render(shown, lookOf(deps))))
}

const written = async <V>(output: Output, view: V, render: (view: V) => string): Promise<string> => {
  switch (output) {
    case 'json':
      return `${JSON.stringify(view, null, 2)}\n`
    case 'yaml':
      // A document of its own, so that several in a row can be read as a stream.
      return `---\n${(await import('yaml')).stringify(view, { aliasDuplicateObjects: false })}`
    case 'table':
      return endWithLine(render(view))
    default:
      return output satisfies never
  }
}

const endWithLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/**
 * How it may look: in colours where they are wanted (a word always stands beside one), and as wide as the terminal.
 * `columns` 0: no terminal, so nothing is cut.
 */
export type Look = { readonly columns: number; readonly color: boolean }

export const lookOf = ({ io }: Deps): Look => ({ columns: io.isTty ? io.columns : 0, color: io.color })
