import type { Right } from './right.ts'

/** What a router of HTTPRoutes does in one namespace of a cluster. */
export type RouterPart = {
  readonly namespace: string
  /** HTTPRoutes are here. */
  readonly hasRoutes: boolean
  /** The first namespace with routes keeps whose they are. */
  readonly keepsClaim: boolean
  /** Services whose pods users are led to are here. */
  readonly hasBackends: boolean
  /** A Service without a selector is kept here that leads to the pods of another cluster. */
  readonly leadsAway: boolean
}

const gateway = 'gateway.networking.k8s.io'
const slices = ['discovery.k8s.io', 'endpointslices'] as const

/** Those rights; empty: the namespace has no part in it. */
export const routerRights = ({ namespace, ...part }: RouterPart): readonly Right[] => {
  const give = (
    verbs: readonly string[],
    [group, resource]: readonly [group: string, resource: string],
    why: string,
    more: Partial<Pick<Right, 'name' | 'need'>> = {},
  ): readonly Right[] =>
    verbs.map((verb) => ({ verb, group, resource, namespace, name: null, need: 'to move', why, ...more }))
  const follow = ['list', 'watch']
  return [
    ...(part.hasRoutes
      ? [
          ...give(['get', 'list', 'watch', 'patch'], [gateway, 'httproutes'], 'to set and to see the weights of users'),
          ...give(['create', 'delete'], [gateway, 'httproutes'], 'to let testers reach green by a header or a cookie'),
          ...give(['get'], [gateway, 'gateways'], 'to let testers reach green by a header or a cookie', {
            need: 'to look',
          }),
        ]
      : []),
    ...(part.keepsClaim
      ? [
          ...give(['create'], ['', 'configmaps'], 'to write down that these routes belong to the release'),
          ...give(['get', 'list', 'watch', 'patch'], ['', 'configmaps'], 'to keep whose these routes are', {
            name: 'titrate-router-claim',
          }),
        ]
      : []),
    ...(part.hasBackends
      ? [
          ...give(follow, ['', 'services'], 'to know what routes lead to'),
          ...give(follow, ['apps', 'deployments'], 'to know what routes lead to'),
          ...give(follow, ['apps', 'statefulsets'], 'to know what routes lead to'),
          ...give(follow, slices, 'to send nobody to pods that are not ready'),
          ...give(follow, [gateway, 'referencegrants'], 'to see that routes may lead here', { need: 'to look' }),
        ]
      : []),
    ...(part.leadsAway
      ? [
          ...give(['get', 'create', 'patch', 'delete'], ['', 'services'], leads),
          ...give(['create', 'patch', 'delete'], slices, leads),
        ]
      : []),
  ]
}

const leads = "to lead users from blue's cluster to green's pods"
