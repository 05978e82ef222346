import { clusterRules, isOfClusters } from '../clusters/cluster-rules.ts'
import { fargateRules } from '../platform/catalogue.ts'
import { listNames, type PlatformFinding, type Severity } from '../platform/rule.ts'
import type { Applied, ClusterView, ManifestsView, ParityView } from '../views/manifests-view.ts'
import { plural } from '../views/words.ts'
import type { Look } from './print.ts'
import { renderEstate } from './render-check.ts'
import { indent, paint, type Shade, table } from './table.ts'

export const renderManifests = (view: ManifestsView, look: Look): string =>
  [
    ...(view.clusters.length === 0 ? [] : [view.clusters.map(renderCluster).join('\n')]),
    renderEstate(view.estate, look),
    ...(view.parity === null ? [] : [renderParity(view.parity, look)]),
    ...(view.sizes.length === 0 ? [] : [renderSizes(view, look)]),
    ...renderFindings(view, look),
    ...beforeRelease(view),
    ...(view.applied === null ? [] : [renderApplied(view.applied)]),
    ...(view.notes.length === 0 ? [] : [`notes\n${indent(view.notes.join('\n'))}`]),
    verdict(view, look),
  ].join('\n\n')

const renderCluster = ({ side, name, version, namespaces, objects }: ClusterView): string =>
  `${side === null ? '' : `${side} is `}${name} (Kubernetes ${version}): ${plural(objects, 'object')} in ${listNames(namespaces, 10)}`

const renderApplied = (applied: readonly Applied[]): string =>
  applied.length === 0
    ? 'applied: nothing, as there was nothing to apply'
    : `applied (before what is said above was read)\n${indent(applied.map(({ object, outcome, because }) => `${outcome}  ${object}${because === null ? '' : `: ${because}`}`).join('\n'))}`

/** What would have to be settled before these could move; it says nothing of where they can run. */
const beforeRelease = ({ estate }: ManifestsView): readonly string[] => {
  const open = estate.findings.filter(({ severity }) => severity === 'blocks').map(({ message }) => message)
  return open.length === 0 ? [] : [`to be settled before a release\n${indent(open.join('\n'))}`]
}

const shades: Readonly<Record<Severity, Shade>> = { error: 'red', warn: 'yellow', info: 'blue' }

/** Findings by rule: what the rule says and what to do stand once, each object below. */
const renderFindings = (view: ManifestsView, look: Look): readonly string[] => {
  const groups = [...Map.groupBy(view.findings, ({ rule, path }) => (path === 'waiver' ? 'waivers' : rule))]
  return [
    ...groups.map(([id, findings]) => renderRule(id, findings, look)),
    ...(view.waived.length === 0
      ? []
      : [
          `waived\n${indent(view.waived.map(({ rule, object, path, waiver }) => `${rule} ${object} ${path}: ${waiver.reason}${waiver.until === null ? '' : ` (until ${waiver.until})`}`).join('\n'))}`,
        ]),
    ...(view.notChecked.length === 0 ? [] : [renderNotChecked(view)]),
  ]
}

const renderRule = (id: string, findings: readonly PlatformFinding[], look: Look): string => {
  const [first] = findings
  const rule = [...fargateRules, ...clusterRules].find((one) => one.id === id)
  if (first === undefined) return ''
  const lines = findings.map(({ object, path, message }) => {
    const own = rule === undefined ? message : message.replace(`. ${rule.says}`, '')
    return `${object}  ${path}\n  ${own}`
  })
  const head = rule === undefined ? id : `${id}  ${rule.says}`
  return [
    `${paint(look, shades[first.severity], first.severity)}  ${head}`,
    indent([`do: ${first.fix}`, ...(rule === undefined ? [] : [`see: ${first.source}`])].join('\n')),
    indent(lines.join('\n'), 4),
  ].join('\n')
}

const renderNotChecked = ({ notChecked }: ManifestsView): string => {
  const lines = notChecked.map(
    ({ rule, object, because }) => `${rule}${object === null ? '' : ` ${object}`}: ${because}`,
  )
  return `not checked (which is not the same as passed)\n${indent(lines.join('\n'))}`
}

const renderSizes = ({ sizes, total }: ManifestsView, look: Look): string => {
  const rows = sizes.map(({ object, pods, before, after }) => [
    object,
    pods,
    `${before.vcpu} vCPU, ${before.gb} GB`,
    after === null ? 'fits no size' : `${after.vcpu} vCPU, ${after.gb} GB`,
  ])
  const all = [
    'all pods',
    sizes.reduce((sum, { pods }) => sum + pods, 0),
    `${total.before.vcpu} vCPU, ${total.before.gb} GB`,
    `${total.after.vcpu} vCPU, ${total.after.gb} GB`,
  ]
  return `size of each pod\n${indent(table(['workload', 'pods', 'asks for', 'on Fargate'], [...rows, all], look))}`
}

const renderParity = (parity: ParityView, look: Look): string => {
  const same = `the same on both sides: ${parity.same.join(', ') || 'nothing'}`
  const { notDryRun } = parity
  const blocks = parity.differing.map(({ service, differences }) =>
    [
      paint(look, 'bold', service),
      indent(
        table(
          ['class', 'object', 'what', 'blue', 'green', 'why'],
          differences.map((one) => [one.class, one.object, one.path, one.blue ?? '-', one.green ?? '-', one.why]),
          look,
        ),
      ),
    ].join('\n'),
  )
  const hand = parity.fixes.filter(({ manifest }) => manifest === null).flatMap(({ steps }) => steps)
  return [
    `parity: ${parity.unexplained} unexplained; ${same}`,
    ...(notDryRun.objects === 0
      ? []
      : [
          `not dry-run: ${plural(notDryRun.objects, 'object')} compared without green's own defaults and admission (${notDryRun.because.join('; ')})`,
        ]),
    ...blocks.map((block) => indent(block)),
    ...(hand.length === 0 ? [] : [`to be done by hand\n${indent(hand.join('\n'))}`]),
    ...parity.notes,
  ].join('\n')
}

const verdict = (view: ManifestsView, look: Look): string => {
  const errors = view.findings.filter(({ severity }) => severity === 'error')
  const ofClusters = errors.filter(isOfClusters).length
  const ofPlatform = errors.length - ofClusters
  const open = view.parity?.unexplained ?? 0
  const reasons = [
    ...(ofClusters === 0
      ? []
      : [`${plural(ofClusters, 'finding')} of the ${view.clusters.length > 1 ? 'clusters' : 'cluster'}`]),
    ...(ofPlatform === 0 ? [] : [`${plural(ofPlatform, 'finding')} of ${view.platform}`]),
    ...(open === 0 ? [] : [`${plural(open, 'unexplained difference')}`]),
  ]
  const of = `${plural(
    Object.values(view.objects).reduce((sum, one) => sum + one, 0),
    'object',
  )}${view.clusters.length === 0 ? ` in ${plural(view.files, 'file')}` : ''}`
  if (!view.ok) return paint(look, 'red', `not ok: ${reasons.join(', ') || 'a rewrite can’t be used'} (${of})`)
  const unsure = view.notChecked.length === 0 ? '' : `; ${view.notChecked.length} not checked`
  return paint(look, 'green', `ok: nothing blocks (${of}${unsure})`)
}
