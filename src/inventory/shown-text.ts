/**
 * What of a plain text may be shown. People put passwords where they don't belong: into URLs, arguments and variables
 * that are not marked as secret. `masked`: something was left out, so the text must not be pasted anywhere.
 */
export type Shown = { readonly text: string; readonly masked: boolean }

const hidden = '***'
const credentials = /(:\/\/)[^\s/@]*@/g
const secretWord = '(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)'
const assigned = new RegExp(`(${secretWord}"?\\s*[=:]\\s*"?)[^\\s"&,;]+`, 'gi')
const secretFlag = new RegExp(`^--?[a-z0-9_-]*${secretWord}$`, 'i')
const secretName = new RegExp(`(^|_)(${secretWord}|pwd|key)(_|$)`, 'i')

export const showText = (text: string): Shown => {
  const shown = text.replace(credentials, `$1${hidden}@`).replace(assigned, `$1${hidden}`)
  return { text: shown, masked: shown !== text }
}

/** A variable's value is left out altogether when its name says that it is a secret. */
export const showVariable = (name: string, value: string): Shown =>
  secretName.test(name) && !/_(FILE|PATH|URL|ID|NAME|HEADER)$/i.test(name)
    ? { text: hidden, masked: true }
    : showText(value)

/** Arguments as YAML would list them; the one after `--password` and its like is left out. */
export const showCommand = (command: readonly string[]): Shown => {
  const shown = command.map((argument, index) =>
    secretFlag.test(command[index - 1] ?? '') ? { text: hidden, masked: true } : showText(argument),
  )
  return { text: shown.map(({ text }) => quoted(text)).join(' '), masked: shown.some(({ masked }) => masked) }
}

const quoted = (argument: string): string => (/^[^\s"']+$/.test(argument) ? argument : JSON.stringify(argument))
