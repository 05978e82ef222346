import { type BackendId, serviceId } from './backend.ts'

/** What stands for green in routes on blue's cluster. */
export type GreenBackend =
  /** A Service with blue's name and a suffix, in blue's namespace: green's own, or one that follows green's pods in another cluster. */
  | { readonly kind: 'service'; readonly suffix: string }
  /** A Service of the same name in green's namespace, as `{ BLUE: GREEN }`. The namespace has to permit it (ReferenceGrant). */
  | { readonly kind: 'namespace'; readonly namespaces: Readonly<Record<string, string>>; readonly suffix: string }
  /** What a multi-cluster controller imports from green's cluster: blue's name and a suffix, in blue's namespace. */
  | { readonly kind: 'import'; readonly suffix: string }

export const importGroup = 'multicluster.x-k8s.io'

/** How routes name green's counterpart of one of blue's Services. `named`: names that don't follow the rule. */
export const greenOf =
  (green: GreenBackend, named: Readonly<Record<string, string>> = {}) =>
  ({ namespace, name }: BackendId): BackendId => {
    const counterpart = named[name] ?? `${name}${green.suffix}`
    switch (green.kind) {
      case 'service':
        return serviceId(namespace, counterpart)
      case 'namespace':
        return serviceId(green.namespaces[namespace] ?? namespace, counterpart)
      case 'import':
        return { group: importGroup, kind: 'ServiceImport', namespace, name: counterpart }
      default:
        return green satisfies never
    }
  }
