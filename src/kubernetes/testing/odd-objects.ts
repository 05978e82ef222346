import type { Json } from '../../moves/goal.ts'
import { isMap } from '../json.ts'
import { aCronJob, aDeployment, aKubernetesService, anObject, aWorkload, type Body } from './build-objects.ts'

const odd: readonly Json[] = [null, -1, '', [1, null], [[]], { a: null }, [{}]]

/** Objects of many kinds, rich enough that everything that reads them finds something. */
const whole = (): readonly Body[] => [
  aDeployment('web', {
    pod: {
      volumes: [
        { name: 'c', configMap: { name: 'app' } },
        { name: 'p', projected: { sources: [{ secret: { name: 'db' } }] } },
      ],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
          },
        },
      },
      tolerations: [{ key: 'spot' }],
    },
    container: {
      env: [
        { name: 'A', value: '$(B)' },
        { name: 'S', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } },
      ],
      envFrom: [{ configMapRef: { name: 'app' } }],
      ports: [{ containerPort: 80 }],
      securityContext: { capabilities: { add: ['X'] } },
    },
  }),
  aWorkload('StatefulSet', 'db', {
    spec: { volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'] } }] },
  }),
  aCronJob('nightly'),
  aKubernetesService('web', { type: 'LoadBalancer' }),
  anObject('v1', 'ConfigMap', 'app', { data: { url: 'http://web' } }),
  anObject('v1', 'Secret', 'db', { data: { url: 'eA==' }, stringData: { more: 'x' } }),
  anObject('networking.k8s.io/v1', 'Ingress', 'front', {
    spec: {
      defaultBackend: { service: { name: 'web' } },
      rules: [{ http: { paths: [{ backend: { service: { name: 'web' } } }] } }],
    },
  }),
  anObject('gateway.networking.k8s.io/v1', 'HTTPRoute', 'r', {
    spec: { parentRefs: [{ name: 'g' }], rules: [{ backendRefs: [{ name: 'web' }] }] },
  }),
  anObject('networking.k8s.io/v1', 'NetworkPolicy', 'n', {
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }],
    },
  }),
  anObject('keda.sh/v1alpha1', 'ScaledObject', 'web', {
    spec: { scaleTargetRef: { name: 'web' }, triggers: [{ type: 'kafka', metadata: { topic: 't' } }] },
  }),
  anObject('policy/v1', 'PodDisruptionBudget', 'b', {
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  }),
  anObject('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rb', {
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [{ kind: 'ServiceAccount', name: 'web' }],
  }),
  anObject('v1', 'PersistentVolumeClaim', 'c', { spec: { storageClassName: 'gp3' } }),
]

/** Every object with every one of its fields replaced by something that nobody expects there, one at a time. */
export function* oddEstates(): Generator<readonly Body[]> {
  const all = whole()
  for (const [place, object] of all.entries()) {
    for (const broken of brokenVersions(object)) yield all.with(place, broken as Body) // a map with one field replaced is a map
  }
}

function* brokenVersions(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    const list = value as readonly Json[] // an array of JSON holds JSON
    for (const [index, one] of list.entries()) {
      for (const other of odd) yield list.with(index, other)
      for (const inner of brokenVersions(one)) yield list.with(index, inner)
    }
  } else if (isMap(value)) {
    for (const [key, one] of Object.entries(value)) {
      for (const other of odd) yield { ...value, [key]: other }
      for (const inner of brokenVersions(one)) yield { ...value, [key]: inner }
    }
  }
}
