import type { Answer } from '../../engine/ports.ts'
import { mapsAt, numberAt, textAt } from '../../kubernetes/json.ts'
import { objectText } from '../../kubernetes/object.ts'
import { podReferences } from '../../kubernetes/pod-references.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import { surroundingKinds } from './client/surrounding-kinds.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

/** Refused: the workload keeps data in volumes, which a copy of its objects would not have. Ok: it keeps none, or green has what it shares. */
export const ownDataOf = async (
  blue: Where,
  green: Where,
  workload: Workload,
  signal: AbortSignal,
): Promise<Answer<null>> => {
  const title = objectText(workload.object)
  const templates = mapsAt(workload.object.body, 'spec', 'volumeClaimTemplates')
  if (templates.length > 0) {
    const names = templates.map(({ map }) => textAt(map, 'metadata', 'name') ?? 'unnamed').join(', ')
    return refused(`${title} keeps data of its own (${names}): a copy would begin with empty volumes. ${byHand}`)
  }
  const first = numberAt(workload.object.body, 'spec', 'ordinals', 'start') ?? 0
  if (first !== 0) {
    return refused(
      `${title} counts its replicas from ${first}, and green's copy gets numbers of its own while it moves. Set spec.ordinals.start to 0, or make the copy on green.`,
    )
  }
  for (const { sort, name } of podReferences(workload)) {
    if (sort !== 'PersistentVolumeClaim') continue
    const [there, here] = await Promise.all(
      [blue, green].map(({ cluster, namespace }) =>
        cluster.client.get(surroundingKinds.claims, { namespace, name }, { signal }),
      ),
    )
    if (there === undefined || here === undefined) continue
    if (there.kind !== 'ok') return there
    if (here.kind !== 'ok') return here
    if (here.value !== null) continue
    const modes = there.value?.spec?.accessModes ?? []
    if (!modes.some((mode) => mode.endsWith('Many'))) {
      return refused(
        `${title} keeps data of its own (PersistentVolumeClaim ${name}): a copy would not have it. ${byHand}`,
      )
    }
    return refused(
      `${title} shares the volume of PersistentVolumeClaim ${name}, which is not in ${nameOfEnvironment(green)}: make one there for the same volume`,
    )
  }
  return { kind: 'ok', value: null }
}

const byHand = 'Move its data first and make it on green, or skip the service.'

const refused = (because: string): Answer<never> => ({ kind: 'refused', because })
