/**
 * Which part of `src/` may import which. This table is the rule; `check-imports.ts` enforces it.
 *
 *     domain  <-  engine  <-  providers, store  <-  views  <-  cli, api, report  <-  main.ts
 *
 * The domain decides and touches nothing: data in, data out. So it imports no Node module and no package,
 * but for the exceptions below. A new folder needs a line here: where it stands is a decision.
 */

/** The domain's nouns: what Titrate knows about releases. */
export const domainFolders = [
  'kubernetes',
  'clusters',
  'access',
  'inventory',
  'parity',
  'platform',
  'plan',
  'moves',
  'protocols',
  'judge',
  'journal',
] as const

type Layer = {
  /** Matches the layer's files. */
  readonly files: string
  /** Matches what else of `src/` they may import, beside their own layer and the domain. */
  readonly mayImport: readonly string[]
}

const domain = `^src/((${domainFolders.join('|')})/|errors(\\.test)?\\.ts$)`
/** The two contracts between the engine and the world. They hold types only, so either side may import them. */
const ports = '^src/engine/ports\\.ts$'
const storeContract = '^src/store/store\\.ts$'
/** How files that people write are read and faulted: environments and routers have files as releases do. */
const fileReading = '^src/config/(positioned-yaml|duration|nearest)\\.ts$'

/** What a rehearsal found, and its words: what is printed of it. */
const rehearsed = '^src/rehearsal/(rehearsal|words|assumption)\\.ts$'

export const layers: Readonly<Record<string, Layer>> = {
  domain: { files: domain, mayImport: [] },
  config: { files: '^src/config/', mayImport: [] },
  engine: { files: '^src/engine/', mayImport: [storeContract] },
  rehearsal: { files: '^src/rehearsal/', mayImport: ['^src/engine/', storeContract] },
  providers: { files: '^src/providers/', mayImport: [ports, fileReading] },
  store: { files: '^src/store/', mayImport: [ports] },
  views: { files: '^src/views/', mayImport: [storeContract, ports] },
  // What people see. Commands act through the engine and a release file; they get stores and providers passed in.
  report: { files: '^src/report/', mayImport: ['^src/views/', storeContract, rehearsed] },
  api: { files: '^src/api/', mayImport: ['^src/(views|engine|config|report)/', storeContract] },
  cli: {
    files: '^src/cli/',
    // Verifying reads a store through its contract, whichever it is.
    mayImport: ['^src/(views|engine|config|report|api|rehearsal)/', storeContract, '^src/store/verify\\.ts$'],
  },
  // The demo is a program of its own that uses Titrate as a person would; only main.ts starts it.
  demo: { files: '^src/demo/', mayImport: ['^src/(?!main\\.ts$)'] },
  // The one place that sees everything, and wires it.
  main: { files: '^src/main(\\.ts$|/)', mayImport: ['^src/'] },
}

/** The domain's only ways out, each by one kind of file: hashing the journal's chain, and schemas at its edges. */
export const domainExceptions = [
  { files: '^src/journal/chain\\.ts$', mayImport: '^(node:)?crypto$' },
  { files: '^src/[^/]+/[^/]*schema\\.ts$', mayImport: '(^|/)node_modules/zod/' },
] as const

/** Tests may import anything: they build whole worlds out of parts. */
export const tests = '\\.test\\.ts$|/testing/'
