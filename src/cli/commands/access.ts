import { type Right, rightText } from '../../access/right.ts'
import { roleManifests } from '../../access/role-manifests.ts'
import { TitrateError } from '../../errors.ts'
import type { JsonMap } from '../../kubernetes/json.ts'
import type { Side } from '../../moves/goal.ts'
import { accessText } from '../access-text.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { print } from '../print.ts'
import { loadRelease } from '../release-file.ts'

export type AccessFlags = { readonly output: Output; readonly side: Side | undefined; readonly account: string }

/** The roles of one cluster. */
type AccessView = {
  readonly sides: readonly Side[]
  readonly cluster: string
  readonly rights: readonly (Right & { readonly text: string })[]
  readonly manifests: readonly JsonMap[]
}

/** The roles and bindings that give what a release needs, and no more. Creates nothing. */
export const access: Implementation<AccessFlags, [string | undefined]> = async (deps, flags, file) => {
  const release = await loadRelease(deps, file ?? 'release.yaml')
  const clusters = (await deps.access(release)).filter(
    ({ sides }) => flags.side === undefined || sides.includes(flags.side),
  )
  const views = clusters.map(({ sides, cluster, rights }): AccessView => {
    const [first = ''] = rights.keys()
    const account = accountOf(flags.account, first)
    return {
      sides,
      cluster,
      rights: [...rights.values()].flat().map((right) => ({ ...right, text: rightText(right) })),
      manifests: roleManifests(`titrate-${release.name}`, account, rights),
    }
  })
  await print(deps, flags.output, { release: release.name, clusters: views }, renderAccess)
  return exitCode.done
}

const accountOf = (text: string, namespace: string): { readonly namespace: string; readonly name: string } => {
  const parts = text.split('/')
  const [first = '', second] = parts
  if (parts.length > 2 || parts.some((part) => !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(part)))
    throw new TitrateError(
      'USAGE',
      `--account: found "${text}", expected the name of a ServiceAccount, or NAMESPACE/NAME.`,
    )
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second }
}

const renderAccess = ({
  release,
  clusters,
}: {
  readonly release: string
  readonly clusters: readonly AccessView[]
}): string =>
  clusters
    .map(({ sides, cluster, rights, manifests }) =>
      accessText(
        `What the release "${release}" needs on ${sides.join(' and ')} (${cluster}): kubectl --context ${cluster} apply -f -`,
        manifests,
        rights,
      ),
    )
    .join('---\n')
