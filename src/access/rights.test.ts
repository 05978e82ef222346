import { describe, expect, it } from 'vitest'
import { clusterKinds, managerKinds, namespacedKinds } from '../clusters/estate-kinds.ts'
import type { JsonMap } from '../kubernetes/json.ts'
import { nameOfGuard } from '../providers/kubernetes/unsuspend-guard.ts'
import { guardFindings, type PoliciesServed } from './guard-findings.ts'
import { missingRights } from './missing-rights.ts'
import { guardOf, type MovingWorkload, neededRights, rightsOfAnyRelease } from './needed-rights.ts'
import { gives, type Right, type Rule, rightText } from './right.ts'
import { roleManifests, rulesOf } from './role-manifests.ts'
import { routerRights } from './router-rights.ts'

const needed = (side: 'blue' | 'green', ...workloads: readonly MovingWorkload[]) =>
  neededRights({ side, namespace: 'shop', probes: false, workloads })
const texts = (rights: readonly Right[]) => rights.map((right) => rightText(right).replace(/ in shop$/, ''))
/** A rule of a manifest, as the API server lists it for whoever has it. */
const asRule = (rule: JsonMap): Rule => ({ resourceNames: [], ...(rule as unknown as Omit<Rule, 'resourceNames'>) }) // as `rulesOf` made it

const job: MovingWorkload = {
  kind: 'CronJob',
  uses: ['ServiceAccount jobs', 'Secret db (keys: password)', 'Role leader'],
}
const web: MovingWorkload = { kind: 'Deployment', uses: ['Service web', 'HorizontalPodAutoscaler web'] }

describe('the rights that a release needs', () => {
  it('are those of what moves: without schedules nothing about them, without StatefulSets no writing of these', () => {
    const onBlue = texts(needed('blue', web))
    expect(onBlue).toContain('patch deployments.apps')
    expect(onBlue).toContain('patch horizontalpodautoscalers.autoscaling')
    expect(onBlue.join('\n')).not.toMatch(
      /patch (statefulsets|cronjobs)|jobs\.batch$.*delete|create (deployments|jobs|cronjobs)/,
    )
    expect(texts(needed('blue', job))).toEqual(
      expect.arrayContaining(['patch cronjobs.batch/status', 'create jobs.batch', 'delete jobs.batch', 'list events']),
    )
  })

  it('are to read on blue and to make on green what a copy needs around it, each object by its name', () => {
    expect(texts(needed('blue', job))).toContain('get secrets db')
    const onGreen = texts(needed('green', job))
    expect(onGreen).toEqual(
      expect.arrayContaining([
        'create cronjobs.batch',
        'create secrets',
        'patch secrets db',
        'escalate roles.rbac.authorization.k8s.io leader',
      ]),
    )
    expect(onGreen).not.toContain('patch secrets')
    expect(texts(needed('blue', job)).join('\n')).not.toMatch(/(create|patch) (secrets|roles|serviceaccounts)/)
  })

  it('are given by the rules that are printed for them, and by fewer rules not', () => {
    for (const side of ['blue', 'green'] as const) {
      const rights = needed(side, job, web)
      const rules = rulesOf(rights).map(asRule)
      const given = (some: readonly Rule[]) => rights.filter((right) => some.some((rule) => gives(rule, right)))
      expect(given(rules)).toEqual(rights)
      rules.forEach((_, index) => expect(given(rules.toSpliced(index, 1)).length).toBeLessThan(rights.length))
    }
  })

  it('of any release hold those of each one', () => {
    for (const side of ['blue', 'green'] as const) {
      const rules = rulesOf(rightsOfAnyRelease(side, 'shop')).map(asRule)
      const lacking = needed(side, job, web).filter((right) => !rules.some((rule) => gives(rule, right)))
      expect(texts(lacking)).toEqual([])
    }
  })

  it('are told with what they are for where they are missing; what only looks does not stop a release', () => {
    const rights = needed('green', job).filter(
      ({ verb, resource }) => resource === 'cronjobs/status' || (verb === 'list' && resource === 'secrets'),
    )
    expect(missingRights([{ side: 'green (b/shop)', rights }], 'release.yaml')).toEqual([
      {
        severity: 'blocks',
        service: null,
        message:
          'green (b/shop): the identity that Titrate uses may not patch cronjobs.batch/status in shop (to tell a schedule which ticks are done). "titrate access release.yaml" prints the roles that give what this release needs.',
        declare: null,
      },
    ])
    const only = rights.filter(({ need }) => need === 'to look')
    expect([only.length, missingRights([{ side: 'x', rights: only }], 'release.yaml')]).toEqual([1, []])
  })
})

describe('the guard of schedules that were handed over', () => {
  const [side, file] = ['blue (ec2/shop)', 'release.yaml']
  const reviewed = (rights: readonly Right[], missing: readonly Right[] = []) => [
    { side, namespace: 'shop', needed: rights, missing },
  ]
  const said = (...[reviews, served]: readonly [ReturnType<typeof reviewed>, PoliciesServed]) =>
    guardFindings(reviews, served, file).map(({ severity, message }) => `${severity}: ${message}`)
  const rights = needed('blue', job)

  it('is told where schedules move, and nowhere else', () => {
    expect(said(reviewed(needed('blue', web)), { kind: 'served' })).toEqual([])
    expect(said(reviewed(rights), { kind: 'served' })).toEqual([
      'note: blue (ec2/shop): schedules that are handed over are guarded by an admission policy: only Titrate can unsuspend them.',
    ])
  })

  it('is missing without each of its rights, and what it lacks and how to get it is told', () => {
    const lacking = rights.filter(
      ({ resource, verb }) => resource.startsWith('validatingadmission') && verb !== 'create',
    )
    const [first = ''] = said(reviewed(rights, lacking), { kind: 'served' })
    expect(first).toMatch(
      /^note: blue \(ec2\/shop\): schedules are not guarded: .* lacks the rights to patch validatingadmissionpolicies/,
    )
    expect(first).toContain('delete validatingadmissionpolicybindings.admissionregistration.k8s.io titrate-shop')
    expect(first).toContain('"titrate access release.yaml"')
    // Another right that is missing says nothing of the guard.
    const other = rights.filter(({ resource }) => resource === 'cronjobs')
    expect(said(reviewed(rights, other), { kind: 'served' })).toEqual([expect.stringContaining('are guarded by')])
  })

  it('is missing on a cluster without such policies, and not checked where it does not say what it serves', () => {
    expect(said(reviewed(rights), { kind: 'not served' })).toEqual([expect.stringContaining('Kubernetes 1.30')])
    expect(said(reviewed(rights), { kind: 'not known', because: 'no answer within 10000 ms' })).toEqual([
      expect.stringContaining('not checked whether schedules are guarded: no answer within 10000 ms'),
    ])
  })
})

describe('a rule', () => {
  const right: Right = {
    verb: 'patch',
    group: 'batch',
    resource: 'cronjobs/status',
    namespace: 'shop',
    name: 'a',
    need: 'to move',
    why: '',
  }
  const rule: Rule = { verbs: ['patch'], apiGroups: ['batch'], resources: ['cronjobs/status'], resourceNames: [] }

  it.each<[boolean, Partial<Rule>]>([
    [true, {}],
    [true, { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    [true, { resources: ['*/status'] }],
    [true, { resourceNames: ['b', 'a'] }],
    [false, { resourceNames: ['b'] }],
    [false, { resources: ['cronjobs'] }],
    [false, { verbs: ['get'] }],
    [false, { apiGroups: [''] }],
  ])('gives a right: %s for %j', (expected, change) => {
    expect(gives({ ...rule, ...change }, right)).toBe(expected)
  })

  it('for one name gives nothing for all of them', () => {
    expect(gives({ ...rule, resourceNames: ['a'] }, { ...right, name: null })).toBe(false)
  })
})

it('are to look at every kind that is read of a cluster', () => {
  const rights = neededRights({ side: 'blue', namespace: 'shop', probes: false, workloads: [] })
  const listed = new Set(rights.filter(({ verb }) => verb === 'list').map(({ resource }) => resource))
  const plural = (sort: string): string => {
    const name = (sort.split('.')[0] ?? '').toLowerCase()
    if (name.endsWith('params')) return name
    return /[^aeiou]y$/.test(name)
      ? name.replace(/y$/, 'ies')
      : name.replace(/(s?)$/, (end) => (end === '' ? 's' : 'ses'))
  }
  const read = [...namespacedKinds, ...clusterKinds, ...managerKinds].map(plural)
  expect(read.filter((one) => !listed.has(one))).toEqual([])
})

it('are more where users are divided by routes: on what is there, and to lead users to another cluster', () => {
  const part = { namespace: 'shop', hasRoutes: true, keepsClaim: true, hasBackends: true, leadsAway: true }
  expect(texts(routerRights(part))).toEqual(
    expect.arrayContaining([
      'patch httproutes.gateway.networking.k8s.io',
      'patch configmaps titrate-router-claim',
      'watch endpointslices.discovery.k8s.io',
      'delete services',
    ]),
  )
  expect(
    texts(routerRights({ ...part, hasRoutes: false, keepsClaim: false, leadsAway: false })).join('\n'),
  ).not.toMatch(/patch|create|delete/)
  expect(routerRights({ ...part, hasRoutes: false, keepsClaim: false, hasBackends: false, leadsAway: false })).toEqual(
    [],
  )
})

it('names the policy of the provider', () => {
  expect(guardOf('shop')).toBe(nameOfGuard('shop'))
})

it('prints an account, and a role and a binding for each namespace', () => {
  const manifests = roleManifests(
    'titrate-x',
    { namespace: 'ops', name: 'titrate' },
    new Map([
      ['shop', needed('blue', job)],
      ['mail', needed('blue', web)],
    ]),
  )
  expect(manifests.map(({ kind, metadata }) => [kind, { ...(metadata as JsonMap), labels: null }])).toEqual([
    ['ServiceAccount', { namespace: 'ops', name: 'titrate', labels: null }],
    ['Role', { namespace: 'shop', name: 'titrate-x', labels: null }],
    ['RoleBinding', { namespace: 'shop', name: 'titrate-x', labels: null }],
    ['Role', { namespace: 'mail', name: 'titrate-x', labels: null }],
    ['RoleBinding', { namespace: 'mail', name: 'titrate-x', labels: null }],
    ['ClusterRole', { name: 'titrate-x', labels: null }],
    ['ClusterRoleBinding', { name: 'titrate-x', labels: null }],
  ])
})
