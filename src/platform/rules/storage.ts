import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, isMap, type JsonMap, mapAt, mapsAt, textAt } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { gibibyte, parseQuantity } from '../../kubernetes/quantity.ts'
import { limitOf, requestOf } from '../pod-size.ts'
import { eachPod, found, guide, notChecked, type Outcome, type Pod, type Rule, type RuleContext } from '../rule.ts'

const podStorage = guide('fargate-pod-configuration')
const efs = guide('efs-csi')

/** Volumes that Fargate's scheduler takes; a claim must be one on EFS. */
const volumeTypes = new Set(['emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'persistentVolumeClaim'])

type Claim = {
  /** Which object says so, and where in it. */
  readonly object: string
  readonly path: string
  readonly spec: JsonMap
  readonly annotations: Readonly<Record<string, unknown>>
}

/** Claims of the environment: objects of their own, and templates of StatefulSets. */
const claimsOf = ({ index, pods }: RuleContext): readonly Claim[] => [
  ...index.all('PersistentVolumeClaim').map((claim) => ({
    object: objectText(claim),
    path: 'spec',
    spec: mapAt(claim.body, 'spec'),
    annotations: claim.annotations,
  })),
  ...pods.flatMap(({ workload: { object, pod, podPath }, text }) => [
    ...mapsAt(object.body, 'spec', 'volumeClaimTemplates').map(({ map, index: place }) => ({
      object: text,
      path: `spec.volumeClaimTemplates[${place}].spec`,
      spec: mapAt(map, 'spec'),
      annotations: mapAt(map, 'metadata', 'annotations'),
    })),
    ...mapsAt(pod, 'volumes')
      .filter(({ map }) => isMap(map['ephemeral']))
      .map(({ map, index: place }) => ({
        object: text,
        path: `${podPath}.volumes[${place}].ephemeral.volumeClaimTemplate.spec`,
        spec: mapAt(map, 'ephemeral', 'volumeClaimTemplate', 'spec'),
        annotations: {},
      })),
  ]),
]

/** Drivers of classes that every cluster of EKS had or has, where the class itself isn't among the objects. */
const usualClasses: Readonly<Record<string, string>> = {
  gp2: 'kubernetes.io/aws-ebs',
  gp3: 'ebs.csi.aws.com',
  io1: 'kubernetes.io/aws-ebs',
  io2: 'ebs.csi.aws.com',
  'auto-ebs-sc': 'ebs.csi.eks.amazonaws.com',
}

type Driver =
  | { readonly kind: 'driver'; readonly name: string }
  | { readonly kind: 'unknown'; readonly because: string }

const driverOf = ({ spec, annotations }: Claim, index: KubernetesIndex): Driver => {
  const volume = textAt(spec, 'volumeName')
  const bound = volume === null || volume === '' ? null : index.get('PersistentVolume', null, volume)
  if (bound !== null) {
    const legacy = at(bound.body, 'spec', 'awsElasticBlockStore') === undefined ? null : 'kubernetes.io/aws-ebs'
    return { kind: 'driver', name: textAt(bound.body, 'spec', 'csi', 'driver') ?? legacy ?? 'none' }
  }
  const legacy = annotations['volume.beta.kubernetes.io/storage-class']
  const named = textAt(spec, 'storageClassName') ?? (typeof legacy === 'string' ? legacy : null)
  const found = named === null ? defaultClass(index) : index.get('StorageClass', null, named)
  if (found !== null) return { kind: 'driver', name: textAt(found.body, 'provisioner') ?? '' }
  const usual = named === null ? undefined : usualClasses[named]
  if (usual !== undefined) return { kind: 'driver', name: usual }
  if (named === '') return { kind: 'unknown', because: `its PersistentVolume ${volume ?? ''} isn't among the objects` }
  return {
    kind: 'unknown',
    because:
      named === null
        ? 'it names no StorageClass, and no default one is among the objects'
        : `its StorageClass ${named} isn't among the objects`,
  }
}

const defaultClass = (index: KubernetesIndex): KubernetesObject | null =>
  index
    .all('StorageClass')
    .find(({ annotations }) => annotations['storageclass.kubernetes.io/is-default-class'] === 'true') ?? null

const claimsOn =
  (drivers: RegExp, message: (driver: string) => string) =>
  (context: RuleContext): readonly Outcome[] =>
    claimsOf(context).flatMap((claim): readonly Outcome[] => {
      const driver = driverOf(claim, context.index)
      if (driver.kind === 'unknown') return [notChecked(driver.because, claim.object)]
      return drivers.test(driver.name)
        ? [found(claim.object, `${claim.path}.storageClassName`, message(driver.name))]
        : []
    })

/** FG07–FG10, FG18, FG19: where a pod keeps its data. */
export const storageRules: readonly Rule[] = [
  {
    id: 'FG07',
    looksAt: '`hostPath`, or a volume type that Fargate doesn’t know',
    severity: 'error',
    says: 'The volume is not supported.',
    fix: 'Use emptyDir, configMap, secret, projected, downwardAPI, or a claim on EFS.',
    sources: [podStorage, 'https://github.com/cert-manager/csi-driver/issues/267'],
    needs: [],
    find: eachPod(({ workload: { pod, podPath }, text }) =>
      mapsAt(pod, 'volumes').flatMap(({ map, index }) => {
        const type = Object.keys(map).find((key) => key !== 'name' && map[key] !== null) ?? 'emptyDir'
        if (volumeTypes.has(type)) return []
        const what =
          type === 'hostPath' ? `is ${textAt(map, 'hostPath', 'path') ?? 'a path'} of the node` : `is of type ${type}`
        return [
          found(text, `${podPath}.volumes[${index}].${type}`, `the volume ${textAt(map, 'name') ?? index} ${what}`),
        ]
      }),
    ),
  },
  {
    id: 'FG08',
    looksAt: 'claims on EBS',
    severity: 'error',
    says: 'EBS volumes can’t be mounted.',
    fix: 'Keep the data in EFS or in a service outside, or leave it on EC2 nodes.',
    sources: [podStorage, guide('ebs-csi')],
    needs: [],
    find: claimsOn(
      /(^|\/)(aws-ebs|ebs\.csi\.(aws\.com|eks\.amazonaws\.com))$/,
      (driver) => `the claim is on EBS (${driver})`,
    ),
  },
  {
    id: 'FG09',
    looksAt: 'StorageClass of EFS with dynamic provisioning',
    severity: 'error',
    says: 'EFS volumes must be provisioned by hand.',
    fix: 'Create the access point and a PersistentVolume for each claim, and name it in the claim.',
    sources: [efs, 'https://github.com/kubernetes-sigs/aws-efs-csi-driver/issues/589'],
    needs: [],
    find: (context) => {
      const claims = claimsOf(context).filter(({ spec }) => (textAt(spec, 'volumeName') ?? '') === '')
      return context.index
        .all('StorageClass')
        .filter(
          ({ body }) =>
            textAt(body, 'provisioner') === 'efs.csi.aws.com' &&
            textAt(body, 'parameters', 'provisioningMode') !== null,
        )
        .map((one) => {
          const users = claims
            .filter(({ spec }) => textAt(spec, 'storageClassName') === one.name)
            .map(({ object }) => object)
          return found(
            one,
            'parameters.provisioningMode',
            `the class provisions dynamically${users.length === 0 ? '' : `, for ${users.slice(0, 5).join(', ')}${users.length > 5 ? ` and ${users.length - 5} more` : ''}`}`,
          )
        })
    },
  },
  {
    id: 'FG10',
    looksAt: 'claims on FSx',
    severity: 'error',
    says: 'FSx volumes are not supported.',
    fix: 'Keep the data in EFS or S3, or leave it on EC2 nodes.',
    sources: [podStorage, guide('fsx-csi')],
    needs: [],
    find: claimsOn(/^fsx(\.openzfs)?\.csi\.aws\.com$/, (driver) => `the claim is on FSx (${driver})`),
  },
  {
    id: 'FG18',
    looksAt: '`ephemeral-storage` over 175 GiB',
    severity: 'error',
    says: 'A pod has at most 175 GiB of ephemeral storage.',
    fix: 'Ask for at most 175Gi, and keep the rest in EFS or S3.',
    sources: [podStorage],
    needs: [],
    find: eachPod((pod) => {
      const asked = storageAsked(pod)
      return asked <= 175 * gibibyte
        ? []
        : [
            found(
              pod.text,
              `${pod.workload.podPath}.containers[0].resources.requests["ephemeral-storage"]`,
              `the pod asks for ${inGib(asked)} GiB of ephemeral storage`,
            ),
          ]
    }),
  },
  {
    id: 'FG19',
    looksAt: 'scratch space near what a pod gets (20 GiB, with the image)',
    severity: 'warn',
    says: 'A pod has 20 GiB for images and scratch, unless it asks for more.',
    fix: 'Ask for what it needs, image included: `resources.requests.ephemeral-storage`.',
    sources: [podStorage],
    needs: [],
    find: eachPod((pod) => {
      const has = Math.max(20 * gibibyte, storageAsked(pod))
      const scratch = scratchOf(pod)
      return scratch < 0.75 * has
        ? []
        : [
            found(
              pod.text,
              `${pod.workload.podPath}.volumes`,
              `the pod may fill ${inGib(scratch)} GiB of its ${inGib(has)}, and its images take some too`,
            ),
          ]
    }),
  },
]

const inGib = (bytes: number): number => Math.round((bytes / gibibyte) * 10) / 10

const storageAsked = ({ workload }: Pick<Pod, 'workload'>): number => {
  const of = (role: (one: string) => boolean): readonly number[] =>
    workload.containers.filter((one) => role(one.role)).map((one) => requestOf(one, 'ephemeral-storage') ?? 0)
  return Math.max(
    of((role) => role !== 'init').reduce((sum, one) => sum + one, 0),
    ...of((role) => role === 'init'),
  )
}

/** What containers may write, by their limits or by the limits of their scratch volumes, whichever is more. */
const scratchOf = ({ workload }: Pod): number => {
  const volumes = mapsAt(workload.pod, 'volumes')
    .filter(({ map }) => isMap(map['emptyDir']) && textAt(map, 'emptyDir', 'medium') !== 'Memory')
    .reduce((sum, { map }) => sum + (parseQuantity(at(map, 'emptyDir', 'sizeLimit')) ?? 0), 0)
  const limits = workload.containers
    .filter(({ role }) => role !== 'init')
    .reduce((sum, one) => sum + (limitOf(one, 'ephemeral-storage') ?? 0), 0)
  // A limit that is also the request is what the pod asked for: then it has that much.
  return Math.max(volumes, limits > storageAsked({ workload }) ? limits : 0)
}
