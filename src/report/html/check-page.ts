import { clusterRules } from '../../clusters/cluster-rules.ts'
import type { Millis } from '../../moves/goal.ts'
import { fargateRules } from '../../platform/catalogue.ts'
import type { PlatformFinding, Severity } from '../../platform/rule.ts'
import type { EstateRow } from '../../views/check-view.ts'
import type { ManifestsView, ParityView } from '../../views/manifests-view.ts'
import { instant, list, plural } from '../../views/words.ts'
import { writeDocument } from './document.ts'
import { html, type Markup, type Piece } from './markup.ts'
import { alarm, more, none, note, section, table } from './parts.ts'

/** What `titrate check` found in manifests, as one page. */
export const writeCheckPage = (view: ManifestsView, at: Millis, version: string): string =>
  writeDocument(
    `${view.ok ? 'Nothing blocks' : 'Something blocks'} · Titrate check`,
    html`<header>
<p class="kicker">Titrate check</p>
<h1>${view.platform === null ? (view.clusters.length === 0 ? 'Manifests' : 'Clusters') : `Would it run on ${view.platform}?`}</h1>
<p class="note">written ${instant(at)} · Titrate ${version}</p>
</header>
${summary(view)}
<nav aria-label="Contents"><ul>${contents(view).map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>
${hasFindings(view) ? findings(view) : null}${view.platform === null ? null : sizes(view)}${hasFindings(view) ? notChecked(view) : null}${view.parity === null ? null : parity(view.parity)}${applied(view)}${estate(view)}${notes(view)}</main>`,
  ).markup

const contents = (view: ManifestsView): readonly (readonly [string, string])[] => [
  ...(hasFindings(view) ? ([['findings', 'Findings']] as const) : []),
  ...(view.platform === null ? [] : ([['sizes', 'Sizes']] as const)),
  ...(hasFindings(view) ? ([['not-checked', 'Not checked']] as const) : []),
  ...(view.parity === null ? [] : ([['parity', 'Parity']] as const)),
  ...(view.applied === null ? [] : ([['applied', 'Applied']] as const)),
  ['estate', 'Estate'],
  ['notes', 'Notes'],
]

/** Manifests of which no platform was asked have none; clusters always have rules of their own. */
const hasFindings = (view: ManifestsView): boolean => view.platform !== null || view.clusters.length > 0

const count = (view: ManifestsView, severity: Severity): number =>
  view.findings.filter((one) => one.severity === severity).length

const summary = (view: ManifestsView): Markup => {
  const open = view.parity?.unexplained ?? 0
  const figures: readonly (readonly [name: string, value: string | number, small: string])[] = [
    ...(hasFindings(view)
      ? ([
          ['Errors', count(view, 'error'), 'would not run, or not as now'],
          ['Warnings', count(view, 'warn'), 'something is different'],
          ['Not checked', view.notChecked.length, 'not the same as passed'],
        ] as const)
      : []),
    ...(view.platform === null
      ? []
      : ([
          [
            'Size',
            `${view.total.after.vcpu} vCPU, ${view.total.after.gb} GB`,
            `asked for: ${view.total.before.vcpu} vCPU, ${view.total.before.gb} GB`,
          ],
        ] as const)),
    ...(view.parity === null ? [] : ([['Unexplained', open, 'differences of green from blue']] as const)),
    [
      'Services',
      view.estate.services.length,
      `${plural(
        Object.values(view.objects).reduce((sum, one) => sum + one, 0),
        'object',
      )} ${view.clusters.length === 0 ? `in ${plural(view.files, 'file')}` : `on ${list(view.clusters.map(({ name, version }) => `${name} (Kubernetes ${version})`))}`}`,
    ],
  ]
  return html`<div class="card ${view.ok ? 'done' : 'bad'}">
<p class="sentence">${view.ok ? 'Nothing blocks.' : 'Something blocks.'}</p>
<dl class="figures">${figures.map(([name, value, small]) => html`<div><dt>${name}</dt><dd>${value}<small>${small}</small></dd></div>`)}</dl>
</div>`
}

// ── Platform ──────────────────────────────────────────────────────────────────

const titles: Readonly<Record<Severity, string>> = { error: 'Error', warn: 'Warning', info: 'Good to know' }

const findings = (view: ManifestsView): Markup =>
  section(
    'findings',
    'Findings',
    view.findings.length === 0 ? note('No rule found anything.') : null,
    [...Map.groupBy(view.findings, ({ rule, path }) => (path === 'waiver' ? 'Waivers' : rule))].map(([id, group]) =>
      ruleOf(id, group),
    ),
    view.waived.length === 0
      ? null
      : table(
          'Waived',
          ['object', 'rule', 'where', 'reason', 'until'],
          view.waived.map(({ object, rule, path, waiver }) => [
            object,
            rule,
            code(path),
            waiver.reason,
            waiver.until ?? none,
          ]),
        ),
  )

const ruleOf = (id: string, group: readonly PlatformFinding[]): Markup => {
  const [first] = group
  const rule = [...fargateRules, ...clusterRules].find((one) => one.id === id)
  if (first === undefined) return html``
  const word = titles[first.severity]
  return html`<h3>${first.severity === 'error' ? alarm(word) : word} · ${id}${rule === undefined ? null : [' · ', plain(rule.says)]}</h3>
<p>${plain(first.fix)}</p>
${rule === undefined ? null : html`<p class="note">${rule.sources.map((source) => html`<a href="${source}">${source}</a> `)}</p>`}
${table(
  plural(group.length, 'finding'),
  ['object', 'where', 'what'],
  group.map(({ object, path, message }) => [
    object,
    code(path),
    rule === undefined ? message : message.replace(`. ${rule.says}`, ''),
  ]),
)}`
}

/** Advice is written with code in backquotes. */
const plain = (text: string): readonly Piece[] =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))

const code = (text: string): Markup => html`<code>${text}</code>`

const sizes = (view: ManifestsView): Markup =>
  section(
    'sizes',
    'Sizes',
    note('Of each pod: what it asks for, and what Fargate makes of that, with 256 MB added.'),
    table(
      plural(view.sizes.length, 'workload'),
      [
        'workload',
        { name: 'pods', align: 'end' },
        { name: 'asks for', align: 'end' },
        { name: 'on Fargate', align: 'end' },
      ],
      view.sizes.map(({ object, pods, before, after }) => [
        object,
        pods,
        `${before.vcpu} vCPU, ${before.gb} GB`,
        after === null ? alarm('fits no size') : `${after.vcpu} vCPU, ${after.gb} GB`,
      ]),
    ),
  )

const notChecked = (view: ManifestsView): Markup =>
  section(
    'not-checked',
    'Not checked',
    view.notChecked.length === 0
      ? note('Everything was checked.')
      : table(
          'What could not be told; that is not the same as passed',
          ['rule', 'object', 'because'],
          view.notChecked.map(({ rule, object, because }) => [rule, object ?? none, because]),
        ),
  )

// ── Parity ────────────────────────────────────────────────────────────────────

const parity = (view: ParityView): Markup =>
  section(
    'parity',
    'Parity',
    view.notDryRun.objects === 0
      ? null
      : note(
          `Not dry-run: ${plural(view.notDryRun.objects, 'object')} compared without green's own defaults and admission (${list(view.notDryRun.because)}).`,
        ),
    note(`The same on both sides: ${list(view.same)}`),
    view.differing.map(
      ({ service, differences }) => html`<h3>${service}</h3>
${table(
  plural(differences.length, 'difference'),
  ['object', 'where', 'class', 'blue', 'green', 'why', 'to do'],
  differences.map((one) => [
    one.object,
    code(one.path),
    one.class === 'unexplained' ? alarm(one.class) : one.class,
    one.blue ?? none,
    one.green ?? none,
    one.why,
    one.fix ?? none,
  ]),
)}`,
    ),
    view.notes.map((text) => note(text)),
  )

const applied = ({ applied: all }: ManifestsView): Markup | null =>
  all === null
    ? null
    : section(
        'applied',
        'Applied',
        note('What was written to green before this page was read.'),
        table(
          plural(all.length, 'object'),
          ['object', 'outcome', 'because'],
          all.map(({ object, outcome, because }) => [
            object,
            outcome === 'refused' ? alarm(outcome) : outcome,
            because ?? none,
          ]),
        ),
      )

// ── Estate ────────────────────────────────────────────────────────────────────

const shownServices = 500

const estate = ({ estate: { services, stays, onlyOnGreen } }: ManifestsView): Markup =>
  section(
    'estate',
    'Estate',
    table(
      plural(services.length, 'service'),
      ['service', 'kind', 'why', 'calls', 'managed by', 'can’t be moved because'],
      services
        .slice(0, shownServices)
        .map((row) => [
          row.service,
          row.kinds.join(', ') || alarm('unknown'),
          lines(row.reasons),
          lines(callsOf(row)),
          lines(row.managedBy.map(({ who, how }) => `${who} (${how})`)),
          row.fixed ?? none,
        ]),
    ),
    more(services.length - shownServices),
    stays.length === 0
      ? null
      : table(
          'What stays',
          ['object', 'because'],
          stays.map(({ object, because }) => [object, because]),
        ),
    onlyOnGreen.length === 0 ? null : note(`Only on green: ${list(onlyOnGreen)}`),
  )

const callsOf = (row: EstateRow): readonly string[] => [
  ...row.calls.map(({ service, evidence }) => `${service} (${evidence})`),
  ...row.outside.map(({ host, port, evidence }) => `${host}${port === null ? '' : `:${port}`} outside (${evidence})`),
  ...row.mayCall.map(({ services, evidence }) => `perhaps ${services.join(' or ')} (${evidence})`),
]

const lines = (texts: readonly string[]): Markup =>
  texts.length === 0
    ? none
    : html`<div class="text">${texts.map((text, index) => html`${index === 0 ? null : html`<br>`}${text}`)}</div>`

const notes = (view: ManifestsView): Markup =>
  section(
    'notes',
    'Notes',
    view.notes.length === 0
      ? note('Nothing else.')
      : html`<ul>${view.notes.slice(0, 200).map((text) => html`<li>${text}</li>`)}</ul>${more(view.notes.length - 200)}`,
    table(
      'Objects',
      ['kind', { name: 'how many', align: 'end' }],
      Object.entries(view.objects).map(([kind, number]) => [kind, number]),
    ),
  )
