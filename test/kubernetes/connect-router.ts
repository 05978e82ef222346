import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import {
  connectGateway,
  type GatewayOptions,
  type GatewayProvider,
} from '../../src/providers/kubernetes/gateway/connect-gateway.ts'

/** The routes of one namespace, where green's services stand beside blue's, called the same with `-green`; unless said otherwise. */
export const connectRouter = (
  cluster: Cluster,
  namespace: string,
  more: Partial<GatewayOptions> = {},
): GatewayProvider =>
  connectGateway({
    cluster,
    routes: [namespace],
    blue: {
      namespaces: [namespace],
      serviceAt: async ({ name }) => ({ kind: 'ok', value: name }),
      isGreen: () => false,
    },
    green: { kind: 'service', suffix: '-green' },
    named: {},
    test: { header: 'titrate-side', value: 'green', cookie: null },
    sight: null,
    split: null,
    follow: null,
    elapsed: () => performance.now(),
    ...more,
  })
