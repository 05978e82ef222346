import type { Job } from 'kubernetes-types/batch/v1.js'
import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { label } from '../annotations.ts'
import { type ProbeAddress, probeScript, targetLines, variables } from './probe-script.ts'

/** What people say of probes. */
export type ProbeSettings = {
  readonly image: string
  /** A URL that answers with the address it is asked from; null: nobody is asked. */
  readonly leavesBy: string | null
  /** On the probe's pod, for instance to keep a mesh's sidecar out of it. */
  readonly annotations: Readonly<Record<string, string>>
}

export type ProbeWanted = {
  readonly name: string
  readonly namespace: string
  readonly service: string
  readonly targets: readonly ProbeAddress[]
  /** How long a target is tried again. */
  readonly seconds: number
  /** Labels that decide where pods run, such as the selector of a Fargate profile. */
  readonly labels: Readonly<Record<string, string>>
  /** The pod of the service, whose account and place the probe has; null: the namespace's own account. */
  readonly pod: Pick<PodSpec, 'serviceAccountName' | 'nodeSelector' | 'tolerations' | 'imagePullSecrets'> | null
}

/** For placing and starting a pod, on Fargate too. */
const startSeconds = 300
/** A failed one stays that long for people to look at. */
const keptSeconds = 3_600
/** `nobody`, in every image. */
const nobody = 65_534

/**
 * A Job that runs the script once. It has the service's account, nodes and tolerations, but not its labels: a Service
 * would send users to it.
 */
export const probeJob = (settings: ProbeSettings, wanted: ProbeWanted): Job => {
  const { name, namespace, service, targets, seconds, labels, pod } = wanted
  const environment = {
    [variables.targets]: targetLines(targets),
    [variables.seconds]: String(seconds),
    ...(settings.leavesBy === null ? {} : { [variables.leavesBy]: settings.leavesBy }),
  }
  const own = { [label.probeOf]: service }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: own },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: startSeconds + seconds,
      ttlSecondsAfterFinished: keptSeconds,
      template: {
        metadata: { labels: { ...labels, ...own }, annotations: { ...settings.annotations } },
        spec: {
          restartPolicy: 'Never',
          ...(pod?.serviceAccountName === undefined ? {} : { serviceAccountName: pod.serviceAccountName }),
          ...(pod?.nodeSelector === undefined ? {} : { nodeSelector: pod.nodeSelector }),
          ...(pod?.tolerations === undefined ? {} : { tolerations: pod.tolerations }),
          ...(pod?.imagePullSecrets === undefined ? {} : { imagePullSecrets: pod.imagePullSecrets }),
          securityContext: { runAsNonRoot: true, runAsUser: nobody, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'probe',
              image: settings.image,
              command: ['sh', '-c', probeScript],
              env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { memory: '64Mi' } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            },
          ],
        },
      },
    },
  }
}
