import type { Variable } from '../kubernetes/environment.ts'
import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { type KubernetesObject, objectText } from '../kubernetes/object.ts'
import type { Container, Workload } from '../kubernetes/workload.ts'
import type { Millis } from '../moves/goal.ts'
import { type AwsFacts, awsCommands } from './aws-facts.ts'
import type { PodSize } from './pod-size.ts'

export const severities = ['error', 'warn', 'info'] as const
/** `error`: it will not run, or not as it did. `warn`: it runs, and something is different. `info`: good to know. */
export type Severity = (typeof severities)[number]

/** A workload with what many rules ask of it. */
export type Pod = {
  readonly workload: Workload
  /** "Deployment shop/web" */
  readonly text: string
  readonly size: PodSize
  /** The variables of one of its containers. */
  readonly variables: (container: Container) => ReadonlyMap<string, Variable>
}

/** All that a rule may look at. */
export type RuleContext = {
  readonly index: KubernetesIndex
  readonly pods: readonly Pod[]
  readonly facts: AwsFacts
  readonly now: Millis
}

export type Outcome =
  | {
      readonly kind: 'found'
      readonly object: string
      readonly path: string
      readonly message: string
      /** What to do, where that is more than the rule's own advice. */
      readonly fix?: string
    }
  | { readonly kind: 'not checked'; readonly object: string | null; readonly because: string }

/** One thing that does not run, or changes silently, on the platform. */
export type Rule = {
  readonly id: string
  /** What it looks at, as the catalogue lists it. */
  readonly looksAt: string
  readonly severity: Severity
  readonly says: string
  readonly fix: string
  /** Where that is written: addresses. */
  readonly sources: readonly string[]
  /** Parts of the facts from AWS without which it can't be told, or not all of it. */
  readonly needs: readonly (keyof typeof awsCommands)[]
  readonly find: (context: RuleContext) => readonly Outcome[]
}

export type PlatformFinding = {
  readonly rule: string
  readonly severity: Severity
  /** "Deployment shop/web" */
  readonly object: string
  /** The field in the object, such as `spec.template.spec.hostNetwork`. */
  readonly path: string
  readonly message: string
  readonly fix: string
  readonly source: string
}

export const found = (
  object: string | KubernetesObject,
  path: string,
  message: string,
  fix?: string,
): Extract<Outcome, { kind: 'found' }> => ({
  kind: 'found',
  object: typeof object === 'string' ? object : objectText(object),
  path,
  message,
  ...(fix === undefined ? {} : { fix }),
})

export const notChecked = (because: string, object: string | null = null): Outcome => ({
  kind: 'not checked',
  object,
  because,
})

/** What can't be told without a part of the facts. */
export const withoutFact = (part: keyof typeof awsCommands, what?: string): Outcome =>
  notChecked(`${what === undefined ? '' : `${what}: `}it needs the answer of "${awsCommands[part]}"`)

/** What a rule finds in each pod. */
export const eachPod =
  (look: (pod: Pod, context: RuleContext) => readonly Outcome[]) =>
  (context: RuleContext): readonly Outcome[] =>
    context.pods.flatMap((pod) => look(pod, context))

/** What a rule finds in each container; it says what is wrong, at a path below the container. */
export const eachContainer = (
  look: (container: Container, pod: Pod) => readonly (readonly [path: string, message: string])[],
) =>
  eachPod((pod) =>
    pod.workload.containers.flatMap((container) =>
      look(container, pod).map(([path, message]) =>
        found(pod.text, `${container.path}.${path}`, `container ${container.name} ${message}`),
      ),
    ),
  )

export const listNames = (names: readonly string[], most = 5): string =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

/** Pages of the sources. */
export const guide = (page: string): string => `https://docs.aws.amazon.com/eks/latest/userguide/${page}.html`
export const roadmap = (issue: number): string => `https://github.com/aws/containers-roadmap/issues/${issue}`
