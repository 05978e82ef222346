import { byText } from '../inventory/ordering.ts'
import { environmentOf, type Variable } from '../kubernetes/environment.ts'
import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { objectText } from '../kubernetes/object.ts'
import { gibibyte } from '../kubernetes/quantity.ts'
import type { Container, Workload } from '../kubernetes/workload.ts'
import type { Millis } from '../moves/goal.ts'
import type { AwsFacts } from './aws-facts.ts'
import { rulesOf } from './catalogue.ts'
import type { Platform } from './platforms.ts'
import { type Size, sizePod } from './pod-size.ts'
import { type PlatformFinding, type Pod, type Rule, type RuleContext, severities } from './rule.ts'
import { applyWaivers, type PlatformWaiver, type Waived } from './waivers.ts'

/** What could not be checked: never the same as passed. */
export type NotChecked = { readonly rule: string; readonly object: string | null; readonly because: string }

/** What one pod of a workload asks for, and what Fargate makes of it. GB are GiB. */
export type WorkloadSize = {
  readonly object: string
  readonly pods: number
  readonly before: Size
  /** null: no size holds it. */
  readonly after: Size | null
}

export type PlatformReport = {
  readonly platform: Platform
  readonly findings: readonly PlatformFinding[]
  readonly waived: readonly Waived[]
  readonly notChecked: readonly NotChecked[]
  readonly sizes: readonly WorkloadSize[]
  /** Findings that would not run: more than 0 blocks. */
  readonly errors: number
}

/** Whether the workloads of an environment would run on a platform, and as they do now. `now` decides which waivers hold. */
export const checkPlatform = (input: {
  readonly platform: Platform
  readonly index: KubernetesIndex
  readonly facts: AwsFacts
  readonly waivers: readonly PlatformWaiver[]
  readonly now: Millis
}): PlatformReport => {
  const { platform, index, facts, now } = input
  const context: RuleContext = { index, facts, now, pods: index.workloads.map((workload) => podOf(workload, index)) }
  const all: PlatformFinding[] = []
  const notChecked: NotChecked[] = []
  for (const rule of rulesOf[platform]) {
    for (const outcome of rule.find(context)) {
      if (outcome.kind === 'not checked')
        notChecked.push({ rule: rule.id, object: outcome.object, because: outcome.because })
      else all.push(findingOf(rule, outcome))
    }
  }
  const { findings, waived } = applyWaivers(all, input.waivers, now)
  return {
    platform,
    findings: findings.toSorted(bySeverity),
    waived,
    notChecked: once(notChecked),
    sizes: sizesOf(context.pods),
    errors: findings.filter(({ severity }) => severity === 'error').length,
  }
}

const podOf = (workload: Workload, index: KubernetesIndex): Pod => {
  const known = new Map<Container, ReadonlyMap<string, Variable>>()
  return {
    workload,
    text: objectText(workload.object),
    size: sizePod(workload, index),
    variables: (container) => {
      const variables = known.get(container) ?? environmentOf(workload, container, index)
      known.set(container, variables)
      return variables
    },
  }
}

const findingOf = (
  { id, severity, fix, sources, says }: Rule,
  one: { readonly object: string; readonly path: string; readonly message: string; readonly fix?: string },
): PlatformFinding => ({
  rule: id,
  severity,
  object: one.object,
  path: one.path,
  message: `${one.message}. ${says}`,
  fix: one.fix ?? fix,
  source: sources.join(' '),
})

const bySeverity = (a: PlatformFinding, b: PlatformFinding): number =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
  byText(a.rule, b.rule) ||
  byText(a.object, b.object) ||
  byText(a.path, b.path)

const once = (all: readonly NotChecked[]): readonly NotChecked[] => [
  ...new Map(all.map((one) => [`${one.rule} ${one.object} ${one.because}`, one])).values(),
]

const sizesOf = (pods: readonly Pod[]): readonly WorkloadSize[] =>
  pods
    .filter(({ workload: { object } }) => object.sort !== 'DaemonSet')
    .map(({ text, workload, size: { need, fargate } }) => ({
      object: text,
      pods: workload.replicas,
      before: { vcpu: need.cores, gb: Math.round((need.bytes / gibibyte) * 1_000) / 1_000 },
      after: fargate,
    }))
    .toSorted((a, b) => byText(a.object, b.object))
