import type { KubernetesObject, Resource } from '../client/resource.ts'

/** Where a rule sends requests. What isn't named here is passed on as it is. */
export type BackendRef = {
  readonly group?: string
  readonly kind?: string
  readonly name: string
  readonly namespace?: string
  readonly port?: number
  /** Its part of the rule's sum; absent: 1. */
  readonly weight?: number
  readonly filters?: readonly object[]
}

export type HeaderMatch = { readonly type?: string; readonly name: string; readonly value: string }
export type RouteMatch = {
  readonly path?: { readonly type?: string; readonly value?: string }
  readonly headers?: readonly HeaderMatch[]
  readonly method?: string
}

export type RouteRule = {
  readonly name?: string
  readonly matches?: readonly RouteMatch[]
  readonly filters?: readonly object[]
  readonly backendRefs?: readonly BackendRef[]
}

export type ParentRef = {
  readonly group?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name: string
  readonly sectionName?: string
  readonly port?: number
}

export type RouteCondition = {
  readonly type: string
  readonly status: string
  readonly observedGeneration?: number
  readonly reason?: string
  readonly message?: string
}

export type HttpRoute = KubernetesObject & {
  readonly spec?: {
    readonly parentRefs?: readonly ParentRef[]
    readonly hostnames?: readonly string[]
    readonly rules?: readonly RouteRule[]
  }
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef: ParentRef
      readonly controllerName: string
      readonly conditions?: readonly RouteCondition[]
    }[]
  }
}

export type Gateway = KubernetesObject & {
  readonly spec?: {
    readonly listeners?: readonly { readonly name: string; readonly port: number; readonly protocol: string }[]
  }
  readonly status?: { readonly addresses?: readonly { readonly value: string }[] }
}

const group = { group: 'gateway.networking.k8s.io', version: 'v1', namespaced: true } as const

export const httpRoutes: Resource<HttpRoute> = { ...group, plural: 'httproutes', kind: 'HTTPRoute' }
export const gateways: Resource<Gateway> = { ...group, plural: 'gateways', kind: 'Gateway' }
