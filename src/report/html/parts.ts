import type { Millis, Side } from '../../moves/goal.ts'
import { duration } from '../../views/words.ts'
import type { Counts } from '../evidence.ts'
import type { Note } from '../leftovers.ts'
import { html, type Markup, type Piece } from './markup.ts'

/** Writes instants of one report: only the time where all of it is of one day. Always UTC. */
export type Clock = { readonly day: string | null; readonly time: (at: Millis | null) => Markup }

const iso = (at: Millis): string => new Date(at).toISOString()

export const clockOf = (from: Millis, to: Millis): Clock => {
  const [first, last] = [iso(from).slice(0, 10), iso(to).slice(0, 10)]
  const day = first === last ? first : null
  return {
    day,
    time: (at) => {
      if (at === null) return html`<span class="none">–</span>`
      const text = iso(at)
      const shown = text.startsWith(day ?? ' ') ? text.slice(11, 19) : text.slice(5, 19).replace('T', ' ')
      return html`<time datetime="${text}" title="${text}">${shown}</time>`
    },
  }
}

export const none = html`<span class="none">–</span>`

export const took = (ms: Millis | null): Markup => (ms === null ? none : html`${duration(ms)}`)

/** Leads to the journal entry that a figure rests on. */
export const ref = (entry: number | null): Markup =>
  entry === null || entry === 0
    ? html``
    : html`<a class="ref" href="#entry-${entry}" aria-label="journal entry ${entry}">${entry}</a>`

export const sideChip = (side: Side | 'between'): Markup =>
  html`<span class="side ${side}">${side === 'between' ? 'between' : side}</span>`

/** A word that needs attention; the sign stands beside it so that it does not depend on colour. */
export const alarm = (text: string): Markup =>
  html`<strong class="alarm"><span aria-hidden="true">▲ </span>${text}</strong>`

export const counts = (value: Counts | null): Markup =>
  value === null ? none : html`${grouped(value.errors)} / ${grouped(value.requests)}`

export const grouped = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')

export const round = (value: number): string =>
  value >= 1e6 ? '> 1 million' : value >= 100 ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)))

export type Column = { readonly name: string; readonly align?: 'end' }

const shownRows = 500

/** A table that scrolls by itself where it is too wide. The first cell of a row is its heading. */
export const table = (
  caption: string,
  columns: readonly (Column | string)[],
  rows: readonly (readonly Piece[])[],
): Markup => {
  const heads = columns.map((column) => (typeof column === 'string' ? { name: column } : column))
  const end = (index: number): Markup => (heads[index]?.align === 'end' ? html` class="n"` : html``)
  const head = heads.map(({ name }, index) => html`<th scope="col"${end(index)}>${name}</th>`)
  const body = rows
    .slice(0, shownRows)
    .map(
      (cells) =>
        html`<tr>${cells.map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : html`<td${end(index)}>${cell}</td>`))}</tr>\n`,
    )
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>${more(rows.length - shownRows)}
`
}

export const more = (count: number): Markup =>
  count <= 0 ? html`` : html`<p class="note">${count} more are left out here; the JSON report has all of them.</p>`

const shownNotes = 200

export const notes = (list: readonly Note[], otherwise: string): Markup =>
  list.length === 0
    ? html`<p class="note">${otherwise}</p>`
    : html`<ul>${list.slice(0, shownNotes).map(({ text, entry }) => html`<li>${text} ${ref(entry)}</li>`)}</ul>${more(list.length - shownNotes)}`

export const section = (
  id: string,
  title: string,
  ...body: readonly Piece[]
): Markup => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`

export const note = (...text: readonly Piece[]): Markup => html`<p class="note">${text}</p>`
