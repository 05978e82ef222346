import { html, type Markup, type Piece, trusted } from './markup.ts'
import { style } from './style.ts'

/** One file that needs nothing else: no script, no network, and a policy that says so to the browser. */
export const writeDocument = (title: string, ...body: readonly Piece[]): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${body}
</body>
</html>
`
