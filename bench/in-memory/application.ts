import {
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  type Body,
} from '../../src/kubernetes/testing/build-objects.ts'

/** Ten objects of one application: what it takes to run a service, and what surrounds it. */
export const application = (index: number): readonly Body[] => {
  const name = `app-${index}`
  const meta = { namespace: `team-${index % 20}` }
  const labels = { app: name }
  const env = [
    { name: 'LOG_LEVEL', value: 'info' },
    { name: 'UPSTREAM_URL', value: `http://app-${Math.floor(index / 2)}:8080/items` },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key: 'password' } } },
  ]
  const container = {
    env,
    envFrom: [{ configMapRef: { name } }],
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 8080 } },
  }
  const pod = { serviceAccountName: name, nodeSelector: index % 3 === 0 ? { disk: 'ssd' } : {} }
  return [
    aDeployment(name, { container, pod, meta: { ...meta, labels: { 'app.kubernetes.io/managed-by': 'Helm' } } }),
    aKubernetesService(name, {}, meta),
    anObject(
      'v1',
      'ConfigMap',
      name,
      { data: { REGION: 'eu-west-1', 'app.yaml': 'a: 1\nb: http://db.example.com:5432\n'.repeat(10) } },
      meta,
    ),
    anObject('v1', 'Secret', name, { data: { password: Buffer.from(`secret ${index}`).toString('base64') } }, meta),
    anObject('v1', 'ServiceAccount', name, {}, meta),
    anObject(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      name,
      { spec: { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name } } },
      meta,
    ),
    anObject(
      'policy/v1',
      'PodDisruptionBudget',
      name,
      { spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
      meta,
    ),
    anObject(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      name,
      {
        spec: {
          podSelector: { matchLabels: labels },
          ingress: [{ from: [{ podSelector: { matchLabels: { app: `app-${index * 2}` } } }] }],
        },
      },
      meta,
    ),
    anObject(
      'networking.k8s.io/v1',
      'Ingress',
      name,
      {
        spec: {
          ingressClassName: 'alb',
          rules: [
            {
              host: `${name}.example.com`,
              http: { paths: [{ path: '/', backend: { service: { name, port: { number: 80 } } } }] },
            },
          ],
        },
      },
      meta,
    ),
    aCronJob(`job-${index}`, { container, meta, spec: { schedule: `${index % 60} ${index % 24} * * *` } }),
  ]
}
