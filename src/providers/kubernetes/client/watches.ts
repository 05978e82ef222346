import { fewAtOnce } from './few-at-once.ts'
import { type KindWatch, type WatchDeps, watchKind } from './kind-watch.ts'
import type { Scope } from './pages.ts'
import { apiVersionOf, type KubernetesObject, nameOfKind, type Resource } from './resource.ts'

/** The watches of one cluster: one for each kind and scope, whoever reads it. They begin when first asked for. */
export type Watches = {
  of<T extends KubernetesObject>(resource: Resource<T>, scope: Scope): KindWatch<T>
}

/** One that hangs must not keep all others from being read. */
const listsAtOnce = 4

export const createWatches = (deps: Omit<WatchDeps, 'inTurn'>): Watches => {
  const own = { ...deps, inTurn: fewAtOnce(listsAtOnce) }
  const open = new Map<string, KindWatch>()
  return {
    of: <T extends KubernetesObject>(resource: Resource<T>, scope: Scope) => {
      const { namespace, labels, fields } = scope
      const key = JSON.stringify([nameOfKind(resource), apiVersionOf(resource), namespace, labels, fields])
      const found = open.get(key)
      // The key names the kind, and with it the shape.
      if (found !== undefined) return found as unknown as KindWatch<T>
      const made = watchKind(resource, scope, own)
      open.set(key, made)
      return made
    },
  }
}
