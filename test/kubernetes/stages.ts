/**
 * How kwok plays nodes and pods. What a pod does is said by its annotation `test.titrate.dev/does`:
 *
 * - nothing: it is ready at once; a Job's pod ends well at once, or after `test.titrate.dev/takes` (a duration: 1500ms).
 * - `slow`: it becomes ready after `takes`, else 2 s.
 * - `crash`: it starts, ends with code 3, and waits to be started again.
 * - `image`: it waits for an image that can't be pulled.
 * - `fail`: a Job's pod ends with code 4, after `takes` if given.
 * - `say`: a Job's pod ends well, and its termination message is the annotation `test.titrate.dev/says`.
 */
export const does = 'test.titrate.dev/does'
export const takes = 'test.titrate.dev/takes'
export const says = 'test.titrate.dev/says'

type Expression = { readonly key: string; readonly operator: string; readonly values?: readonly string[] }

const stage = (
  name: string,
  kind: 'Node' | 'Pod',
  matchExpressions: readonly Expression[],
  next: object,
  delay?: object,
) => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name },
  spec: {
    resourceRef: { apiGroup: 'v1', kind },
    selector: { matchExpressions },
    next,
    ...(delay === undefined ? {} : { delay }),
  },
})

const alive: Expression = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' }
const dying: Expression = { key: '.metadata.deletionTimestamp', operator: 'Exists' }
const phase = (value: string): Expression => ({ key: '.status.phase', operator: 'In', values: [value] })
const behaviour = (operator: 'In' | 'NotIn', ...values: readonly string[]): Expression => ({
  key: `.metadata.annotations["${does}"]`,
  operator,
  values,
})
const ofJob: Expression = { key: '.metadata.ownerReferences.[].kind', operator: 'In', values: ['Job'] }
const untouched: Expression = { key: '.status.containerStatuses', operator: 'DoesNotExist' }
const after = (durationMilliseconds: number) => ({
  durationMilliseconds,
  durationFrom: { expressionFrom: `.metadata.annotations["${takes}"]` },
})

const condition = (type: string, status: 'True' | 'False', reason = '') =>
  `- { lastTransitionTime: {{ $now | Quote }}, status: "${status}", type: ${type}, reason: "${reason}" }`

/** Each container in one state; the same for all. */
const containers = (
  state: string,
  facts: { readonly ready: boolean; readonly restarts?: number; readonly last?: string },
) => `
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: ${facts.ready}
  started: ${facts.ready}
  restartCount: ${facts.restarts ?? 0}
  state: ${state}
${facts.last === undefined ? '' : `  lastState: ${facts.last}`}
{{ end }}`

const status = (conditions: readonly string[], rest: string) => ({
  statusTemplate: `{{ $now := Now }}
{{ $root := . }}
${conditions.length === 0 ? '' : `conditions:\n${conditions.join('\n')}`}
${rest}`,
})

const addresses = `
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
startTime: {{ $now | Quote }}`

const ready = status(
  ['Initialized', 'Ready', 'ContainersReady'].map((type) => condition(type, 'True')),
  `${containers('{ running: { startedAt: {{ $now | Quote }} } }', { ready: true })}${addresses}\nphase: Running`,
)
const notReady = [
  condition('Ready', 'False', 'ContainersNotReady'),
  condition('ContainersReady', 'False', 'ContainersNotReady'),
]
const times = 'startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}'
const crashed = status(
  notReady,
  `${containers('{ waiting: { reason: CrashLoopBackOff, message: "back-off 40s restarting failed container" } }', {
    ready: false,
    restarts: 4,
    last: `{ terminated: { exitCode: 3, reason: Error, ${times} } }`,
  })}${addresses}\nphase: Running`,
)
const noImage = status(
  notReady,
  `${containers('{ waiting: { reason: ImagePullBackOff, message: "back-off pulling image" } }', { ready: false })}${addresses}\nphase: Pending`,
)
const ended = (exitCode: number, reason: string, phaseAfter: string, message = '') =>
  status(
    notReady,
    `${containers(
      `{ terminated: { exitCode: ${exitCode}, reason: ${reason}, startedAt: {{ $root.status.startTime | Quote }}, finishedAt: {{ $now | Quote }}${message} } }`,
      { ready: false },
    )}\nphase: ${phaseAfter}`,
  )

const nodeReady = {
  statusTemplate: `{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
addresses:
- { address: {{ NodeIP | Quote }}, type: InternalIP }
allocatable: { cpu: 1k, memory: 1Ti, pods: 100k }
capacity: { cpu: 1k, memory: 1Ti, pods: 100k }
phase: Running`,
}
const nodeUnready: Expression = {
  key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
  operator: 'NotIn',
  values: ['True'],
}

/** A file of kwok's configuration; JSON is YAML. */
export const stages = (): string =>
  [
    stage('node-ready', 'Node', [nodeUnready], nodeReady),
    stage(
      'pod-ready',
      'Pod',
      [alive, phase('Pending'), untouched, behaviour('NotIn', 'slow', 'crash', 'image')],
      ready,
    ),
    stage(
      'pod-ready-slowly',
      'Pod',
      [alive, phase('Pending'), untouched, behaviour('In', 'slow')],
      ready,
      after(2_000),
    ),
    stage('pod-crash', 'Pod', [alive, phase('Pending'), untouched, behaviour('In', 'crash')], crashed),
    stage('pod-image', 'Pod', [alive, phase('Pending'), untouched, behaviour('In', 'image')], noImage),
    stage(
      'pod-end',
      'Pod',
      [alive, phase('Running'), ofJob, behaviour('NotIn', 'fail', 'crash', 'say')],
      ended(0, 'Completed', 'Succeeded'),
      after(0),
    ),
    stage(
      'pod-fail',
      'Pod',
      [alive, phase('Running'), ofJob, behaviour('In', 'fail')],
      ended(4, 'Error', 'Failed'),
      after(0),
    ),
    stage(
      'pod-say',
      'Pod',
      [alive, phase('Running'), ofJob, behaviour('In', 'say')],
      ended(0, 'Completed', 'Succeeded', `, message: {{ index $root.metadata.annotations "${says}" | Quote }}`),
      after(0),
    ),
    stage('pod-delete', 'Pod', [dying], { delete: true }),
  ]
    .map((each) => JSON.stringify(each))
    .join('\n---\n')
