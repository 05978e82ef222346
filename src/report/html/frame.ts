import { writeDocument } from './document.ts'
import { html, type Markup } from './markup.ts'

/** A report's page: what it is about, a summary, its contents, and the rest. */
export const frame = (options: {
  readonly title: string
  readonly kicker: string
  readonly heading: string
  readonly below: Markup
  readonly contents: readonly (readonly [string, string])[]
  /** Stands before the contents. */
  readonly summary: Markup
  readonly main: Markup
}): string =>
  writeDocument(
    options.title,
    html`<header>
<p class="kicker">${options.kicker}</p>
<h1>${options.heading}</h1>
<p class="note">${options.below}</p>
</header>
${options.summary}
<nav aria-label="Contents"><ul>${options.contents.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>
${options.main}</main>`,
  ).markup
