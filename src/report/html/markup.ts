/** Text that is markup already. Everything else is escaped where it is put in. */
export type Markup = { readonly markup: string }

export type Piece = string | number | null | Markup | readonly Piece[]

/** Names and reasons come from files, people and programs: none of them may become markup, or turn the text around them. */
const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Control characters, and those that change the direction of what follows, are shown as what they are: not text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const unshowable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

export const escapeHtml = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character)
    .replaceAll(unshowable, '\ufffd')

const write = (piece: Piece): string => {
  if (piece === null) return ''
  if (typeof piece === 'string') return escapeHtml(piece)
  if (typeof piece === 'number') return String(piece)
  if ('markup' in piece) return piece.markup
  return piece.map(write).join('')
}

/** HTML from a template: what stands in it is markup, what is put into it is text. */
export const html = (parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup => ({
  markup: parts.reduce((text, part, index) => `${text}${write(pieces[index - 1] ?? null)}${part}`),
})

/** Only for text of our own, such as the style sheet. */
export const trusted = (markup: string): Markup => ({ markup })
