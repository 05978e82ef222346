import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { textAt, textsAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { greenCluster } from '../profiles.ts'
import {
  eachPod,
  found,
  guide,
  listNames,
  notChecked,
  type Outcome,
  type Pod,
  type Rule,
  withoutFact,
} from '../rule.ts'

const irsa = guide('iam-roles-for-service-accounts')

/** Services of AWS that are reached without credentials of AWS, by host name. */
const noSdk = /\.(rds|cache|elb|docdb|redshift|mq|kafka)\.|\.(rds|cache|redshift|elb)-?[a-z0-9-]*\.amazonaws/
const awsHost = /\b[a-z0-9.-]+\.amazonaws\.com(\.cn)?\b/i
const awsNames =
  /^(AWS_(REGION|DEFAULT_REGION|ROLE_ARN|SDK_LOAD_CONFIG)|(\w+_)?(S3_BUCKET|SQS_(QUEUE|URL)\w*|DYNAMODB_TABLE|KINESIS_STREAM|SNS_TOPIC\w*))$/
const staticKey = /^AWS_ACCESS_KEY_ID$/

const roleAnnotation = 'eks.amazonaws.com/role-arn'

export const serviceAccountOf = ({ workload }: Pick<Pod, 'workload'>): string =>
  textAt(workload.pod, 'serviceAccountName') ?? textAt(workload.pod, 'serviceAccount') ?? 'default'

/** Why a pod is taken to use an SDK of AWS; null: nothing says so. What it is told in a secret is never shown. */
const awsUse = ({ workload, variables }: Pod): { readonly why: string; readonly path: string } | null => {
  for (const container of workload.containers) {
    const { name, path, body } = container
    const known = [...variables(container).values()]
    if (known.some((one) => staticKey.test(one.name))) return null
    for (const one of known) {
      if (awsNames.test(one.name)) return { why: `container ${name} has the variable ${one.name}`, path: `${path}.env` }
      const aws = /^(s3|arn:aws):/.test(one.value) || (awsHost.test(one.value) && !noSdk.test(one.value))
      if (aws) return { why: `container ${name} is given something of AWS by ${one.name}`, path: `${path}.env` }
    }
    const words = [textAt(body, 'image') ?? '', ...textsAt(body, 'command'), ...textsAt(body, 'args')]
    if (words.some((word) => /(^|\/)(aws-cli|awscli)([:@]|$)|^s3:\/\/|^arn:aws:/.test(word)))
      return { why: `container ${name} uses AWS in its command or image`, path }
  }
  return null
}

/** FG24, FG25, FG44: who the pod is, for AWS. */
export const identityRules: readonly Rule[] = [
  {
    id: 'FG24',
    looksAt: 'use of AWS by a ServiceAccount without a role (IRSA)',
    severity: 'error',
    says: 'There is no instance metadata, so the role of a node is not there to fall back on.',
    fix: `Make an IAM role for the ServiceAccount, and annotate it with \`${roleAnnotation}\`.`,
    sources: [irsa, guide('fargate')],
    needs: [],
    find: eachPod((pod, { index }) => {
      const use = pod.workload.object.sort === 'DaemonSet' ? null : awsUse(pod)
      if (use === null) return []
      const name = serviceAccountOf(pod)
      const account = index.get('ServiceAccount', pod.workload.namespace, name)
      if (account === null && name !== 'default')
        return [notChecked(`its ServiceAccount ${name} isn't among the objects`, pod.text)]
      if (account?.annotations[roleAnnotation] !== undefined) return []
      return [found(pod.text, use.path, `${use.why}, and its ServiceAccount ${name} has no role`)]
    }),
  },
  {
    id: 'FG25',
    looksAt: 'Pod Identity associations',
    severity: 'error',
    says: 'EKS Pod Identity does not work on Fargate: its agent is a DaemonSet.',
    fix: `Use IRSA: trust green’s OIDC provider in the role, and annotate the ServiceAccount with \`${roleAnnotation}\`.`,
    sources: [guide('pod-identities')],
    needs: ['podIdentities'],
    find: (context) => {
      const declared = context.index.all(customKinds.podIdentityAssociation).map(({ body, namespace }) => ({
        namespace: textAt(body, 'spec', 'namespace') ?? namespace ?? '',
        serviceAccount: textAt(body, 'spec', 'serviceAccount') ?? '',
      }))
      const known = [...(context.facts.podIdentities ?? []), ...declared]
      const associated = new Set(known.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`))
      const hits = context.pods
        .filter(({ workload }) => workload.object.sort !== 'DaemonSet')
        .filter((pod) => associated.has(`${pod.workload.namespace}/${serviceAccountOf(pod)}`))
        .map((pod) =>
          found(
            pod.text,
            `${pod.workload.podPath}.serviceAccountName`,
            `its ServiceAccount ${serviceAccountOf(pod)} gets its role by a Pod Identity association`,
          ),
        )
      return context.facts.podIdentities === null ? [...hits, withoutFact('podIdentities')] : hits
    },
  },
  {
    id: 'FG44',
    looksAt: 'trust policies of the roles of ServiceAccounts',
    severity: 'error',
    says: 'A role that trusts only blue’s OIDC issuer can’t be assumed from green.',
    fix: 'Add a statement for green’s OIDC provider to the trust policy of the role; keep blue’s.',
    sources: [irsa],
    needs: ['clusters', 'roles'],
    find: ({ index, facts, pods }) => {
      const accounts = usedAccounts(index, pods)
      if (accounts.length === 0) return []
      const cluster = greenCluster(facts)
      if (facts.clusters === null) return [withoutFact('clusters')]
      if (facts.roles === null) return [withoutFact('roles')]
      if (cluster === null || cluster.issuer === null)
        return [
          notChecked(
            `which of the clusters ${listNames(facts.clusters.map(({ name }) => name))} is green can't be told, or it has no OIDC issuer`,
          ),
        ]
      const { issuer } = cluster
      return accounts.flatMap(({ account, arn }): readonly Outcome[] => {
        const role = facts.roles?.find((one) => one.arn === arn)
        if (role === undefined)
          return [
            notChecked(`the role ${arn} isn't among the answers of "aws iam get-role"`, `ServiceAccount ${account}`),
          ]
        if (role.issuers.includes(issuer)) return []
        const trusts = role.issuers.length === 0 ? 'no OIDC issuer' : listNames(role.issuers)
        return [
          found(
            `ServiceAccount ${account}`,
            `metadata.annotations["${roleAnnotation}"]`,
            `the role ${arn} trusts ${trusts}, not ${issuer} of ${cluster.name}`,
          ),
        ]
      })
    },
  },
]

const usedAccounts = (
  index: KubernetesIndex,
  pods: readonly Pod[],
): readonly { readonly account: string; readonly arn: string }[] => {
  const used = new Set(pods.map((pod) => `${pod.workload.namespace}/${serviceAccountOf(pod)}`))
  return index.all('ServiceAccount').flatMap(({ namespace, name, annotations }) => {
    const arn = annotations[roleAnnotation]
    const account = `${namespace}/${name}`
    return arn === undefined || !used.has(account) ? [] : [{ account, arn }]
  })
}
