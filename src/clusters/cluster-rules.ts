import type { KubernetesObject } from '../kubernetes/object.ts'
import { objectText } from '../kubernetes/object.ts'
import type { PlatformFinding, Severity } from '../platform/rule.ts'

/** One thing that has to be so on a cluster before anything can move to it, or from it. */
export type ClusterRule = {
  readonly id: string
  readonly severity: Severity
  readonly says: string
  readonly fix: string
  readonly sources: readonly string[]
}

const page = (path: string): string => `https://kubernetes.io/docs/${path}`

const rules = {
  KC01: {
    severity: 'error',
    says: 'What moves has no place on green.',
    fix: 'Create it: "kubectl create namespace NAME"; on Fargate, with a profile that names it.',
    sources: [page('concepts/overview/working-with-objects/namespaces/')],
  },
  KC02: {
    severity: 'error',
    says: 'Nothing can be made in a namespace that is being deleted.',
    fix: 'Wait until it is gone ("kubectl get namespace NAME" shows what holds it), and make it anew.',
    sources: [page('concepts/overview/working-with-objects/namespaces/')],
  },
  KC03: {
    severity: 'error',
    says: 'Objects of this kind can not be on green.',
    fix: 'Install its CRD and controller on green, or write these objects in a version that green serves.',
    sources: [page('concepts/extend-kubernetes/api-extension/custom-resources/')],
  },
  KC04: {
    severity: 'error',
    says: "Green's own admission refuses it, so a copy of it can't be made.",
    fix: 'Change what the policy or webhook asks for, or agree on an exception with its owners.',
    sources: [page('reference/access-authn-authz/extensible-admission-controllers/')],
  },
  KC05: {
    severity: 'error',
    says: "Green's quota leaves no room for it.",
    fix: 'Raise the ResourceQuota, or move less at once (policy.maxPerWave).',
    sources: [page('concepts/policy/resource-quotas/')],
  },
  KC06: {
    severity: 'warn',
    says: 'What is said of it may be old already.',
    fix: 'Run the check again; if it happens each time, see which controller keeps changing it.',
    sources: [page('reference/using-api/api-concepts/')],
  },
  KC07: {
    severity: 'warn',
    says: 'Defaults, and what is served, may differ between versions.',
    fix: 'Bring both control planes to the same minor version first, or read what differs with care.',
    sources: [page('reference/using-api/deprecation-guide/')],
  },
  KC08: {
    severity: 'error',
    says: "A LimitRange of green refuses the workload's pods.",
    fix: 'Change the LimitRange, or what the containers ask for.',
    sources: [page('concepts/policy/limit-range/')],
  },
  KC09: {
    severity: 'error',
    says: 'Pods that name a class which is not there are not made, or stay Pending.',
    fix: 'Create the class on green.',
    sources: [page('concepts/scheduling-eviction/pod-priority-preemption/'), page('concepts/storage/storage-classes/')],
  },
  KC10: {
    severity: 'warn',
    says: 'Pods may stay Pending.',
    fix: 'Add nodes (or see that an autoscaler does), or move less at once.',
    sources: [page('concepts/scheduling-eviction/assign-pod-node/')],
  },
  KC11: {
    severity: 'info',
    says: 'Every object of blue is missing there.',
    fix: '"--fix DIR" writes what would bring it in line, asleep; a release that copies makes it when it is due.',
    sources: [page('concepts/overview/working-with-objects/')],
  },
  KC12: {
    severity: 'error',
    says: "Green's API server does not take it as it is on blue.",
    fix: 'Read what it says of which field; a field that can not be changed needs the object to be made anew on green.',
    sources: [page('reference/using-api/api-concepts/')],
  },
  KC13: {
    severity: 'error',
    says: 'The identity that Titrate uses may not do what it has to do.',
    fix: '"titrate access" prints the roles and bindings that give exactly these rights.',
    sources: [page('reference/access-authn-authz/rbac/')],
  },
} as const satisfies Readonly<Record<string, Omit<ClusterRule, 'id'>>>

export type ClusterRuleId = keyof typeof rules

/** Rules of clusters, by id: what must hold of both, whatever green's platform is. */
export const clusterRules: readonly ClusterRule[] = Object.entries(rules).map(([id, rule]) => ({ id, ...rule }))

/** Whether a finding, or a waiver, is of these rules, and not of a platform's. */
export const isOfClusters = ({ rule }: { readonly rule: string }): boolean => rule.startsWith('KC')

/** Of what was found twice, the first counts: it knows more. */
export const once = (findings: readonly PlatformFinding[]): readonly PlatformFinding[] => {
  const seen = new Set<string>()
  return findings.filter(({ rule, object, path }) => {
    const key = `${rule} ${object} ${path}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** `message`: what was found, without its full stop. */
export const clusterFinding = (
  id: ClusterRuleId,
  object: string | Pick<KubernetesObject, 'kind' | 'namespace' | 'name'>,
  path: string,
  message: string,
  fix?: string,
): PlatformFinding => {
  const rule = rules[id]
  return {
    rule: id,
    severity: rule.severity,
    object: typeof object === 'string' ? object : objectText(object),
    path,
    message: `${message}. ${rule.says}`,
    fix: fix ?? rule.fix,
    source: rule.sources.join(' '),
  }
}
