import { describe, expect, it } from 'vitest'
import {
  aContainer,
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  aWorkload,
  type Body,
  indexOf,
  theLogging,
} from '../kubernetes/testing/build-objects.ts'
import type { Json } from '../moves/goal.ts'
import { readAwsFacts } from './aws-facts.ts'
import { fargateRules } from './catalogue.ts'
import { checkPlatform } from './check-platform.ts'
import type { PlatformWaiver } from './waivers.ts'

const now = Date.UTC(2026, 10, 24)

type Asked = {
  readonly facts?: readonly Json[]
  readonly waivers?: readonly PlatformWaiver[]
  readonly logging?: boolean
}

const check = (bodies: readonly Body[], { facts = [], waivers = [], logging = true }: Asked = {}) =>
  checkPlatform({
    platform: 'eks-fargate',
    index: indexOf(...bodies, ...(logging ? [theLogging()] : [])),
    facts: readAwsFacts(facts.map((value) => ({ value, place: null }))).facts,
    waivers,
    now,
  })

const hits = (rule: string, bodies: readonly Body[], asked: Asked = {}): readonly string[] =>
  check(bodies, asked)
    .findings.filter((one) => one.rule === rule)
    .map(({ object, path }) => `${object} ${path}`)

const web = (parts: Parameters<typeof aDeployment>[1] = {}): Body => aDeployment('web', parts)
const container = (change: Body): Body => web({ container: change })
const pod = (change: Body): Body => web({ pod: change })
const security = (change: Body): Body => container({ securityContext: change })
const resources = (cpu: string, memory: string, more: Body = {}): Body =>
  container({ resources: { requests: { cpu, memory, ...more }, limits: { cpu, memory, ...more } } })
const claim = (spec: Body, name = 'data'): Body => anObject('v1', 'PersistentVolumeClaim', name, { spec })
const storageClass = (name: string, provisioner: string, more: Body = {}): Body =>
  anObject('storage.k8s.io/v1', 'StorageClass', name, { provisioner, ...more })
const ingress = (annotations: Body, spec: Body = { ingressClassName: 'alb' }): Body =>
  anObject('networking.k8s.io/v1', 'Ingress', 'front', { spec }, { annotations })
const budget = (spec: Body): Body =>
  anObject('policy/v1', 'PodDisruptionBudget', 'web', { spec: { selector: { matchLabels: { app: 'web' } }, ...spec } })
const profile = (name: string, namespace: string, more: Body = {}, labels: Body = {}): Json => ({
  fargateProfile: {
    fargateProfileName: name,
    clusterName: 'green',
    status: 'ACTIVE',
    subnets: ['subnet-a'],
    selectors: [{ namespace, labels }],
    ...more,
  },
})
const cluster = (more: Body = {}): Json => ({
  cluster: { name: 'green', identity: { oidc: { issuer: 'https://oidc.eks/id/GREEN' } }, ...more },
})
const account = (annotations: Body = {}): Body => anObject('v1', 'ServiceAccount', 'web', {}, { annotations })
const roleArn = 'arn:aws:iam::1:role/web'
const withRole = account({ 'eks.amazonaws.com/role-arn': roleArn })
const usesAws = web({
  pod: { serviceAccountName: 'web' },
  container: { env: [{ name: 'AWS_REGION', value: 'eu-west-1' }] },
})
const role = (...issuers: readonly string[]): Json => ({
  Role: {
    Arn: roleArn,
    AssumeRolePolicyDocument: {
      Statement: issuers.map((issuer) => ({ Principal: { Federated: `arn:aws:iam::1:oidc-provider/${issuer}` } })),
    },
  },
})
const routeTables = (gateway: string): Json => ({
  RouteTables: [{ VpcId: 'v', Routes: [{ GatewayId: gateway }], Associations: [{ SubnetId: 'subnet-a' }] }],
})
const manyAt = (schedule: string, count: number): readonly Body[] =>
  Array.from({ length: count }, (_, index) => aCronJob(`job-${index}`, { spec: { schedule } }))
const quota = (value: number): Json => ({ Quota: { QuotaCode: 'L-3032A538', Value: value } })
const database: Json = { DBInstances: [{ DBInstanceIdentifier: 'shop', Endpoint: { Address: 'db.example.com' } }] }
const maxConnections: Json = { Parameters: [{ ParameterName: 'max_connections', ParameterValue: '50' }] }
const usesDatabase = (pool: string): Body =>
  container({
    env: [
      { name: 'DATABASE_URL', value: 'postgres://u@db.example.com:5432/x' },
      { name: 'DB_POOL_SIZE', value: pool },
    ],
  })

const at = 'spec.template.spec'
const first = `${at}.containers[0]`
const ofWeb = (path: string): string => `Deployment shop/web ${path}`

/** Each rule both ways: what makes it speak, where, and what is like it and all right. */
type Case = readonly [
  rule: string,
  fires: readonly Body[],
  where: string,
  passes: readonly Body[],
  facts?: readonly Json[],
  passingFacts?: readonly Json[],
]

const cases: readonly Case[] = [
  ['FG01', [aWorkload('DaemonSet', 'agent')], 'DaemonSet shop/agent kind', [web()]],
  [
    'FG02',
    [security({ privileged: true })],
    ofWeb(`${first}.securityContext.privileged`),
    [security({ privileged: false })],
  ],
  [
    'FG03',
    [security({ capabilities: { add: ['NET_ADMIN'] } })],
    ofWeb(`${first}.securityContext.capabilities.add`),
    [security({ capabilities: { drop: ['ALL'], add: [] } })],
  ],
  [
    'FG04',
    [security({ allowPrivilegeEscalation: true })],
    ofWeb(`${first}.securityContext.allowPrivilegeEscalation`),
    [security({ allowPrivilegeEscalation: false })],
  ],
  ['FG05', [pod({ hostNetwork: true })], ofWeb(`${at}.hostNetwork`), [container({ ports: [{ containerPort: 80 }] })]],
  [
    'FG05',
    [container({ ports: [{ containerPort: 80, hostPort: 80 }] })],
    ofWeb(`${first}.ports[0].hostPort`),
    [container({ ports: [{ containerPort: 80, hostPort: 0 }] })],
  ],
  ['FG06', [pod({ hostPID: true })], ofWeb(`${at}.hostPID`), [pod({ hostPID: false, shareProcessNamespace: true })]],
  [
    'FG07',
    [pod({ volumes: [{ name: 'run', hostPath: { path: '/var/run' } }] })],
    ofWeb(`${at}.volumes[0].hostPath`),
    [
      pod({
        volumes: [
          { name: 'x', emptyDir: {} },
          { name: 'y', configMap: { name: 'c' } },
        ],
      }),
    ],
  ],
  [
    'FG07',
    [pod({ volumes: [{ name: 'ca', csi: { driver: 'csi.cert-manager.io' } }] })],
    ofWeb(`${at}.volumes[0].csi`),
    [pod({ volumes: [{ name: 'z', projected: { sources: [] } }] })],
  ],
  [
    'FG08',
    [claim({ storageClassName: 'fast' }), storageClass('fast', 'ebs.csi.aws.com')],
    'PersistentVolumeClaim shop/data spec.storageClassName',
    [claim({ storageClassName: 'files' }), storageClass('files', 'efs.csi.aws.com')],
  ],
  [
    'FG08',
    [
      aWorkload('StatefulSet', 'db', {
        spec: { volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { storageClassName: 'gp3' } }] },
      }),
    ],
    'StatefulSet shop/db spec.volumeClaimTemplates[0].spec.storageClassName',
    [aWorkload('StatefulSet', 'db')],
  ],
  [
    'FG09',
    [storageClass('files', 'efs.csi.aws.com', { parameters: { provisioningMode: 'efs-ap' } })],
    'StorageClass files parameters.provisioningMode',
    [storageClass('files', 'efs.csi.aws.com')],
  ],
  [
    'FG10',
    [claim({ storageClassName: 'lustre' }), storageClass('lustre', 'fsx.csi.aws.com')],
    'PersistentVolumeClaim shop/data spec.storageClassName',
    [claim({ storageClassName: 'files' }), storageClass('files', 'efs.csi.aws.com')],
  ],
  [
    'FG11',
    [container({ resources: { limits: { 'nvidia.com/gpu': 1 } } })],
    ofWeb(`${first}.resources.limits["nvidia.com/gpu"]`),
    [web()],
  ],
  [
    'FG12',
    [pod({ nodeSelector: { 'kubernetes.io/arch': 'arm64' } })],
    ofWeb(`${at}.nodeSelector["kubernetes.io/arch"]`),
    [pod({ nodeSelector: { 'kubernetes.io/arch': 'amd64' } })],
  ],
  [
    'FG12',
    [container({ image: 'shop/web:1.4-arm64' })],
    ofWeb(`${first}.image`),
    [container({ image: 'shop/alarm64k:1.4' })],
  ],
  ['FG13', [pod({ os: { name: 'windows' } })], ofWeb(`${at}.os.name`), [pod({ os: { name: 'linux' } })]],
  [
    'FG13',
    [container({ image: 'mcr.microsoft.com/windows/servercore:ltsc2022' })],
    ofWeb(`${first}.image`),
    [container({ image: 'mcr.microsoft.com/dotnet/runtime:9.0' })],
  ],
  ['FG14', [resources('16', '120Gi')], ofWeb(`${at}.containers`), [resources('16', '119Gi')]],
  ['FG15', [resources('1', '8Gi')], ofWeb(`${at}.containers`), [resources('1', '7Gi')]],
  [
    'FG16',
    [container({ resources: null })],
    ofWeb(`${first}.resources.requests`),
    [container({ resources: { limits: { cpu: '1', memory: '1Gi' } } })],
  ],
  [
    'FG17',
    [container({ resources: { requests: { cpu: '100m' }, limits: { cpu: '1' } } })],
    ofWeb(`${first}.resources`),
    [container({ resources: { requests: { cpu: '100m' }, limits: { cpu: '0.1' } } })],
  ],
  [
    'FG18',
    [resources('1', '1Gi', { 'ephemeral-storage': '176Gi' })],
    ofWeb(`${first}.resources.requests["ephemeral-storage"]`),
    [resources('1', '1Gi', { 'ephemeral-storage': '175Gi' })],
  ],
  [
    'FG19',
    [pod({ volumes: [{ name: 's', emptyDir: { sizeLimit: '18Gi' } }] })],
    ofWeb(`${at}.volumes`),
    [
      pod({
        volumes: [
          { name: 's', emptyDir: { sizeLimit: '2Gi' } },
          { name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '30Gi' } },
        ],
      }),
    ],
  ],
  ['FG20', [web()], ofWeb('metadata.namespace'), [web()], [profile('p', 'other')], [profile('p', 'sh*')]],
  [
    'FG21',
    [web()],
    ofWeb('metadata.labels'),
    [web({ labels: { 'eks.amazonaws.com/fargate-profile': 'b' } })],
    [profile('b', 'shop'), profile('a', 'shop')],
  ],
  [
    'FG22',
    [web()],
    'FargateProfile p selectors',
    [web()],
    [profile('p', 'shop', { selectors: Array(6).fill({ namespace: 'shop' }) })],
    [profile('p', 'shop')],
  ],
  [
    'FG22',
    [web()],
    'FargateProfile p subnets[0]',
    [web()],
    [profile('p', 'shop'), routeTables('igw-1')],
    [profile('p', 'shop'), routeTables('nat-1')],
  ],
  [
    'FG23',
    [web()],
    'FargateProfile p subnets',
    [web()],
    [profile('p', 'shop', { subnets: ['subnet-a', 'subnet-b'] })],
    [profile('p', 'shop')],
  ],
  ['FG24', [usesAws, account()], ofWeb(`${first}.env`), [usesAws, withRole]],
  [
    'FG25',
    [usesAws, account()],
    ofWeb(`${at}.serviceAccountName`),
    [usesAws, account()],
    [{ associations: [{ namespace: 'shop', serviceAccount: 'web' }] }],
    [{ associations: [] }],
  ],
  [
    'FG26',
    [ingress({})],
    'Ingress shop/front metadata.annotations["alb.ingress.kubernetes.io/target-type"]',
    [ingress({ 'alb.ingress.kubernetes.io/target-type': 'ip' })],
  ],
  [
    'FG26',
    [ingress({ 'alb.ingress.kubernetes.io/target-type': 'instance' }, {})],
    'Ingress shop/front metadata.annotations["alb.ingress.kubernetes.io/target-type"]',
    [ingress({}, { ingressClassName: 'nginx' })],
  ],
  [
    'FG27',
    [aKubernetesService('web', { type: 'LoadBalancer' })],
    'Service shop/web metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"]',
    [
      aKubernetesService(
        'web',
        { type: 'LoadBalancer' },
        { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip' } },
      ),
    ],
  ],
  [
    'FG27',
    [aKubernetesService('web', { type: 'NodePort' })],
    'Service shop/web spec.type',
    [aKubernetesService('web')],
  ],
  [
    'FG28',
    [pod({ nodeSelector: { disk: 'ssd' } })],
    ofWeb(`${at}.nodeSelector`),
    [pod({ nodeSelector: { 'kubernetes.io/os': 'linux' } })],
  ],
  [
    'FG28',
    [pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } } })],
    ofWeb(`${at}.affinity.podAntiAffinity`),
    [pod({ affinity: {} })],
  ],
  [
    'FG29',
    [
      web(),
      anObject('networking.k8s.io/v1', 'NetworkPolicy', 'guard', {
        spec: { podSelector: { matchLabels: { app: 'web' } } },
      }),
    ],
    'NetworkPolicy shop/guard spec.podSelector',
    [
      web(),
      anObject('networking.k8s.io/v1', 'NetworkPolicy', 'guard', {
        spec: { podSelector: { matchLabels: { app: 'other' } } },
      }),
    ],
  ],
  [
    'FG30',
    [
      anObject('vpcresources.k8s.aws/v1beta1', 'SecurityGroupPolicy', 'sg', {
        spec: { securityGroups: { groupIds: ['sg-1'] } },
      }),
    ],
    'SecurityGroupPolicy shop/sg spec.securityGroups.groupIds',
    [
      anObject('vpcresources.k8s.aws/v1beta1', 'SecurityGroupPolicy', 'sg', {
        spec: { securityGroups: { groupIds: ['sg-1', 'sg-cluster'] } },
      }),
    ],
    [cluster({ resourcesVpcConfig: { clusterSecurityGroupId: 'sg-cluster' } })],
  ],
  [
    'FG31',
    [aCronJob('nightly', {}, { ttlSecondsAfterFinished: null })],
    'CronJob shop/nightly spec.jobTemplate.spec.ttlSecondsAfterFinished',
    [aCronJob('nightly')],
  ],
  ['FG32', manyAt('0 3 * * *', 21), 'all CronJobs spec.schedule', manyAt('0 3 * * *', 20)],
  [
    'FG33',
    [aCronJob('often', { spec: { schedule: '*/2 * * * *' } })],
    'CronJob shop/often spec.schedule',
    [aCronJob('seldom', { spec: { schedule: '*/3 * * * *' } })],
  ],
  [
    'FG33',
    [aCronJob('short', {}, { activeDeadlineSeconds: 100 })],
    'CronJob shop/short spec.jobTemplate.spec.activeDeadlineSeconds',
    [aCronJob('long', {}, { activeDeadlineSeconds: 180 })],
  ],
  [
    'FG36',
    [container({ env: [{ name: 'DD_AGENT_HOST', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }] })],
    ofWeb(`${first}.env[0]`),
    [container({ env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] })],
  ],
  [
    'FG37',
    [web(), budget({ maxUnavailable: 0 })],
    'PodDisruptionBudget shop/web spec.maxUnavailable',
    [web(), budget({ maxUnavailable: 1 })],
  ],
  [
    'FG37',
    [web(), budget({ minAvailable: 2 })],
    'PodDisruptionBudget shop/web spec.minAvailable',
    [web(), budget({ minAvailable: 1 })],
  ],
  ['FG38', [container({ image: 'docker.elastic.co/elasticsearch/elasticsearch:8' })], ofWeb(`${first}.image`), [web()]],
  [
    'FG39',
    [pod({ nodeSelector: { 'eks.amazonaws.com/capacityType': 'SPOT' } })],
    ofWeb(`${at}.nodeSelector["eks.amazonaws.com/capacityType"]`),
    [pod({ nodeSelector: { 'eks.amazonaws.com/capacityType': 'ON_DEMAND' } })],
  ],
  [
    'FG40',
    [container({ image: 'falcosecurity/falco:0.40' })],
    ofWeb(`${first}.image`),
    [container({ image: 'shop/falcon:1' })],
  ],
  ['FG41', [anObject('cilium.io/v2', 'CiliumNetworkPolicy', 'l7')], 'CiliumNetworkPolicy shop/l7 kind', [web()]],
  [
    'FG43',
    [web()],
    'Cluster green zonalShiftConfig.enabled',
    [web()],
    [cluster({ zonalShiftConfig: { enabled: true } })],
    [cluster()],
  ],
  [
    'FG44',
    [usesAws, withRole],
    'ServiceAccount shop/web metadata.annotations["eks.amazonaws.com/role-arn"]',
    [usesAws, withRole],
    [cluster(), role('oidc.eks/id/BLUE')],
    [cluster(), role('oidc.eks/id/BLUE', 'oidc.eks/id/GREEN')],
  ],
  [
    'FG45',
    [web()],
    'all pods spec.replicas',
    [web()],
    [{ Subnets: [{ SubnetId: 's', AvailableIpAddressCount: 1 }] }],
    [{ Subnets: [{ SubnetId: 's', AvailableIpAddressCount: 2 }] }],
  ],
  ['FG45', [web()], 'all pods resources', [web()], [quota(0.25)], [quota(0.5)]],
  ['FG45', [usesDatabase('20')], 'DBInstance shop max_connections', [usesDatabase('10')], [database, maxConnections]],
]

describe('each rule', () => {
  it.each(
    cases.map(([rule, fires, where, passes, facts = [], passing = facts]) => ({
      rule,
      fires,
      where,
      passes,
      facts,
      passing,
    })),
  )(
    '$rule speaks of what does not run there, and not of its like (%#)',
    ({ rule, fires, where, passes, facts, passing }) => {
      expect(hits(rule, fires, { facts })).toEqual([where])
      expect(hits(rule, passes, { facts: passing })).toEqual([])
    },
  )

  it('FG34 speaks when logs would be lost, and FG35 of what is rejected', () => {
    expect(hits('FG34', [web()], { logging: false })).toEqual(['ConfigMap aws-observability/aws-logging metadata.name'])
    expect(hits('FG34', [web()])).toEqual([])
    const logging = (data: Body) => hits('FG35', [web(), theLogging(data)], { logging: false })
    expect(logging({ 'output.conf': '[OUTPUT]\n Name  es\n', 'filters.conf': '[FILTER]\n Name kubernetes\n' })).toEqual(
      [],
    )
    expect(logging({ 'output.conf': '[OUTPUT]\n Name  s3\n' })).toHaveLength(1)
    expect(logging({ 'filters.conf': '[FILTER]\n Name lua\n' })).toHaveLength(1)
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what it looks for.
    expect(logging({ 'output.conf': '[OUTPUT]\n Name es\n Host ${HOST}\n' })).toHaveLength(1)
    expect(logging({ 'parsers.conf': 'x'.repeat(5_301) })).toHaveLength(1)
  })

  it('has a case in this file, and says what it looks at, what to do and where that is written', () => {
    const tried = new Set([...cases.map(([rule]) => rule), 'FG34', 'FG35'])
    expect(fargateRules.map(({ id }) => id)).toEqual([...tried].sort())
    expect(
      fargateRules.filter(({ looksAt, says, fix, sources }) => !looksAt || !says || !fix || sources.length === 0),
    ).toEqual([])
  })
})

it('finds nothing in a deployment that runs there', () => {
  expect(check([web(), aKubernetesService('web'), aCronJob('nightly')])).toMatchObject({ findings: [], errors: 0 })
})

describe('sizes', () => {
  const sizeOf = (...containers: readonly Body[]) =>
    check([web({ pod: { containers } })]).sizes.map(({ before, after }) => [before, after])
  const asking = (cpu: string, memory: string, more: Body = {}): Body =>
    aContainer({ resources: { requests: { cpu, memory } }, ...more })

  it.each([
    ['250m', '256Mi', 0.25, 0.5],
    ['250m', '512Mi', 0.25, 1],
    ['1', '8Gi', 2, 9],
    ['4', '30Gi', 8, 32],
    ['8', '60Gi', 16, 64],
    ['300m', '1Gi', 0.5, 2],
    ['100m', '3Gi', 0.5, 4],
    ['0.1', '6Gi', 1, 7],
  ])('%s CPU and %s become %d vCPU and %d GB', (cpu, memory, vcpu, gb) => {
    expect(sizeOf(asking(cpu, memory))[0]?.[1]).toEqual({ vcpu, gb })
  })

  it('is the smallest for a pod that asks for nothing, and none for one that is too large', () => {
    expect(sizeOf({ name: 'app', image: 'x' })).toEqual([
      [
        { vcpu: 0, gb: 0 },
        { vcpu: 0.25, gb: 0.5 },
      ],
    ])
    expect(sizeOf(asking('16', '120Gi'))[0]?.[1]).toBeNull()
  })

  it('is the larger of init containers and what runs; sidecars run', () => {
    const initContainers = [
      asking('2', '1Gi', { name: 'init' }),
      asking('500m', '3Gi', { name: 'mesh', restartPolicy: 'Always' }),
    ]
    const report = check([web({ pod: { containers: [asking('1', '1Gi')], initContainers } })])
    expect(report.sizes).toEqual([
      { object: 'Deployment shop/web', pods: 2, before: { vcpu: 2, gb: 4 }, after: { vcpu: 2, gb: 5 } },
    ])
  })

  it('counts a limit without a request, and what a LimitRange gives', () => {
    expect(sizeOf(aContainer({ resources: { requests: null, limits: { cpu: '1', memory: '1Gi' } } }))[0]?.[1]).toEqual({
      vcpu: 1,
      gb: 2,
    })
    const range = anObject('v1', 'LimitRange', 'r', {
      spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '2', memory: '1Gi' } }] },
    })
    const report = check([container({ resources: null }), range])
    expect(report.sizes[0]?.after).toEqual({ vcpu: 2, gb: 4 })
    expect(report.findings).toEqual([])
  })

  it('does not need more for three tenths of a core than for 0.3', () => {
    const tenth = (name: string) => asking('100m', '100Mi', { name })
    expect(sizeOf(tenth('a'), tenth('b'), asking('50m', '1Mi', { name: 'c' }))[0]?.[1]).toEqual({ vcpu: 0.25, gb: 0.5 })
  })
})

describe('what can not be told', () => {
  it('is said to be not checked, never passed', () => {
    const { notChecked, findings } = check([usesAws, withRole])
    expect(findings).toEqual([])
    const rules = new Set(notChecked.map(({ rule }) => rule))
    for (const rule of ['FG20', 'FG21', 'FG22', 'FG23', 'FG25', 'FG44', 'FG45']) expect(rules).toContain(rule)
    expect(notChecked.find(({ rule }) => rule === 'FG20')?.because).toContain('aws eks describe-fargate-profile')
  })

  it('includes a claim whose class nobody knows, and an account that is not there', () => {
    const { notChecked } = check([claim({ storageClassName: 'mystery' }), usesAws])
    expect(notChecked).toContainEqual({
      rule: 'FG08',
      object: 'PersistentVolumeClaim shop/data',
      because: "its StorageClass mystery isn't among the objects",
    })
    expect(notChecked).toContainEqual({
      rule: 'FG24',
      object: 'Deployment shop/web',
      because: "its ServiceAccount web isn't among the objects",
    })
  })

  it('includes which cluster is green, where there are two and no profile says so', () => {
    const facts = [cluster(), cluster({ name: 'blue' }), role('x')]
    expect(check([usesAws, withRole], { facts }).notChecked.find(({ rule }) => rule === 'FG44')?.because).toContain(
      'green, blue',
    )
  })

  it('includes answers of AWS that no rule uses', () => {
    expect(
      readAwsFacts([
        { value: { Buckets: [] }, place: 'b.json:1' },
        { value: quota(1), place: 'q.json:1' },
      ]).unknown,
    ).toEqual(['b.json:1'])
  })
})

describe('waivers', () => {
  const waiver = (more: Partial<PlatformWaiver> = {}): PlatformWaiver => ({
    rule: 'FG02',
    object: 'Deployment shop/*',
    reason: 'goes next week',
    untilMs: now + 1,
    ...more,
  })
  const privileged = [security({ privileged: true })]

  it('take a finding out, and show who answers for it', () => {
    const { findings, waived, errors } = check(privileged, { waivers: [waiver()] })
    expect([findings, errors]).toEqual([[], 0])
    expect(waived).toMatchObject([
      { rule: 'FG02', waiver: { reason: 'goes next week', until: '2026-11-24 00:00 UTC' } },
    ])
  })

  it('are findings themselves once they have ended', () => {
    const { findings, errors } = check(privileged, { waivers: [waiver({ untilMs: now })] })
    expect(errors).toBe(1)
    expect(findings[1]).toMatchObject({
      rule: 'FG02',
      severity: 'warn',
      path: 'waiver',
      message: 'the waiver of FG02 (goes next week) ended on 2026-11-24 00:00 UTC',
    })
  })

  it.each([{ rule: 'FG03' }, { object: 'Deployment other/web' }])(
    'for something else change nothing, and are said to be useless (%o)',
    (more) => {
      const { findings, errors } = check(privileged, { waivers: [waiver(more)] })
      expect(errors).toBe(1)
      expect(findings.at(-1)).toMatchObject({ severity: 'info', path: 'waiver' })
    },
  )
})

it('looks at every kind of workload, and not at what another one made', () => {
  const owned = aWorkload('ReplicaSet', 'web-1', {
    meta: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true }] },
  })
  const kinds = ['Deployment', 'StatefulSet', 'ReplicaSet'].map((kind) =>
    aWorkload(kind, kind.toLowerCase(), { container: { securityContext: { privileged: true } } }),
  )
  const bare = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { containers: [aContainer({ securityContext: { privileged: true } })] },
  }
  expect(hits('FG02', [...kinds, bare, owned])).toHaveLength(4)
})

it('is not stopped by objects of any shape', () => {
  const odd: readonly Json[] = [null, 1, 'x', [], [1], {}, { a: null }]
  for (const value of odd) {
    const bodies = [
      { ...web(), spec: value } as Body,
      { ...aCronJob('j'), spec: { jobTemplate: value, schedule: value } } as Body,
      web({ pod: { containers: value, volumes: value, affinity: value, nodeSelector: value } }),
      container({ env: value, resources: value, securityContext: value, ports: value, image: value }),
      aKubernetesService('s', { selector: value, type: value }),
      ingress({ x: value }, { rules: value }),
      budget({ minAvailable: value, selector: value }),
      claim(value as Body),
    ]
    expect(() => check(bodies)).not.toThrow()
  }
})
