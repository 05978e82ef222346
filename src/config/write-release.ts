import { Document, isScalar, visit } from 'yaml'
import { policyDefaults, releasePolicyDefaults } from './defaults.ts'
import type { ReleaseInput } from './release-schema.ts'

export type WriteOptions = {
  /** Where editors find the JSON Schema: a path from the file, or a URL. null: no such line. */
  readonly schema: string | null
  /** A remark for a service that `services` names, for instance why it is of its kind. */
  readonly remarks?: Readonly<Record<string, string>>
}

/**
 * The text of a release file: what was given, with comments that teach, and the defaults of the policy as a comment
 * where none was given. `readRelease` reads from it what was given, no more and no less.
 */
export const writeRelease = (release: ReleaseInput, { schema, remarks = {} }: WriteOptions): string => {
  const { apiVersion, kind, name, blue, green, ...rest } = release
  const parts = [
    ...(schema === null ? [] : [`# yaml-language-server: $schema=${schema}`]),
    comment(introduction),
    yaml({ apiVersion, kind, name }),
    '',
    comment('Where everything runs today, and where it goes.'),
    yaml({ blue, green }),
  ]
  for (const key of sections) {
    const value = rest[key]
    if (value === undefined) {
      if (key === 'policy') parts.push('', comment(policyWords), comment(yaml({ policy: commonPolicy })))
      continue
    }
    parts.push('', comment(words[key]), yaml({ [key]: value }, remarks))
  }
  return `${parts.join('\n')}\n`
}

type Section = Exclude<keyof ReleaseInput, 'apiVersion' | 'kind' | 'name' | 'blue' | 'green'>

const introduction = [
  'A release: one migration of an estate of services from blue to green. What is not said here has a default.',
  'titrate check   what is wrong, and how the two environments differ',
  'titrate plan    what would be done, in which order, and why',
  'titrate run     does it; titrate rollback takes it back',
].join('\n')

const policyWords = [
  'How slow and how careful it is. These are the defaults: take away the # of what should differ.',
  'Each can also be said for a single service, below services.NAME.policy.',
].join('\n')

const words: Readonly<Record<Section, string>> = {
  router: 'Divides user traffic between the two.',
  metrics: 'Where figures are read. Without this: from the router and from both environments themselves.',
  store: 'Where the journal is kept.',
  policy: 'How slow and how careful it is.',
  services: 'What is special about single services.',
  parity: 'How the two environments may differ; all other differences stop the release before it begins.',
  platform: 'What of the rules of the platform, on which green runs, somebody takes responsibility for.',
  probe: 'What tries from green whether all that a service needs can be reached.',
  calendar: 'When services may move.',
  notify: 'Who is told.',
  heartbeat: 'Asked for again and again while the engine lives, so that somebody is called when it does not.',
}

/** In the order in which they are written. */
const sections: readonly Section[] = [
  'router',
  'metrics',
  'store',
  'policy',
  'services',
  'parity',
  'platform',
  'probe',
  'calendar',
  'notify',
  'heartbeat',
]

/** What people change most, with the words and figures of the defaults. */
const commonPolicy = {
  weights: policyDefaults.weights,
  dwell: policyDefaults.dwell,
  soak: policyDefaults.soak,
  bake: policyDefaults.bake,
  parallel: releasePolicyDefaults.parallel,
  maxPerWave: releasePolicyDefaults.maxPerWave,
  approvals: releasePolicyDefaults.approvals,
}

/** Every line becomes one of a comment, so nothing in `text` can end it. */
const comment = (text: string): string =>
  text
    .split(/[\r\n\u0085\u2028\u2029]+/)
    .map((line) => (line === '' ? '#' : `# ${line}`))
    .join('\n')

const yaml = (value: object, remarks: Readonly<Record<string, string>> = {}): string => {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    // Short lists of words and numbers read best on one line.
    Seq: (_, list) => {
      if (list.items.every((item) => isScalar(item))) list.flow = true
    },
    // Unusual blanks are left without quotes by the library, and are then lost.
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && !/^[ -~\p{L}\p{N}]+$/u.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
    Pair: (_, pair, path) => {
      // document, its map, the pair `services`, the map of services: this pair is one of them.
      if (path.length !== 4 || !isScalar(pair.key)) return
      const remark = remarks[String(pair.key.value)]
      if (remark !== undefined) pair.key.commentBefore = comment(remark).replaceAll(/^#/gm, '')
    },
  })
  return document.toString({ lineWidth: 110 }).trimEnd()
}
