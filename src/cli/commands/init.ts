import { randomBytes } from 'node:crypto'
import { dirname, relative } from 'node:path'
import { normalise } from '../../config/normalise.ts'
import { type ReleaseInput, releaseSchema } from '../../config/release-schema.ts'
import { writeRelease } from '../../config/write-release.ts'
import type { Answer } from '../../engine/ports.ts'
import { TitrateError } from '../../errors.ts'
import type { EnvironmentSeen } from '../../inventory/estate.ts'
import { takeInventory } from '../../inventory/take-inventory.ts'
import { type EstateView, viewEstate } from '../../views/check-view.ts'
import type { Implementation } from '../command.ts'
import type { Deps } from '../deps.ts'
import { exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { type Look, print } from '../print.ts'
import { absolute, isThere } from '../release-file.ts'
import { renderEstate } from '../render-check.ts'
import { indent } from '../table.ts'
import { refuseFaults, type SideFlags, sidesOf } from './init-sides.ts'

export type InitFlags = SideFlags & {
  readonly output: Output
  readonly router: string | undefined
  readonly name: string | undefined
  readonly outputFile: string
}

type InitView = { readonly file: string; readonly release: string; readonly estate: EstateView }

const readMs = 10_000
/** Every object of both sides is read. */
const clusterReadMs = 120_000

/** Looks at both environments and writes a short release file. Never over one that is there. */
export const init: Implementation<InitFlags> = async (deps, flags) => {
  const file = absolute(deps, flags.outputFile)
  if (await isThere(deps, file))
    throw new TitrateError(
      'USAGE',
      `${file} is there already, and init never writes over a file: move it away, or name another with --output-file.`,
    )
  const from = (path: string): string => asWritten(relative(dirname(file), absolute(deps, path)))
  const input: ReleaseInput = {
    apiVersion: 'titrate.dev/v1alpha1',
    kind: 'Release',
    name: flags.name ?? 'init',
    ...sidesOf(flags, from),
    ...(flags.router === undefined ? {} : { router: from(flags.router) }),
  }
  refuseFaults(input, file)
  const { blue, green } = await look(deps, input, file)
  const estate = viewEstate(takeInventory({ blue, green, overrides: {} }))
  const named = { ...input, name: flags.name ?? nameOf(blue.name, green.name) }
  await deps.io.writeFile(file, writeRelease(named, { schema: null }))
  await print(deps, flags.output, { file, release: named.name, estate }, renderInit)
  return exitCode.done
}

const look = async (deps: Deps, input: ReleaseInput, file: string) => {
  const { world, close } = await deps.connect(normalise(releaseSchema.parse(input), file, {}))
  try {
    // Digests of secrets are of no use after this, so nobody keeps their key.
    const key = randomBytes(32)
    const limit = typeof input.blue === 'string' ? readMs : clusterReadMs
    const [blue, green] = await Promise.all(
      [world.sides.blue, world.sides.green].map(({ workloads }) =>
        workloads.inventory(key, AbortSignal.any([deps.io.signal, AbortSignal.timeout(limit)])),
      ),
    )
    const mend =
      typeof input.blue === 'string'
        ? 'Start it with "titrate env up FILE".'
        : 'See whether "kubectl --context NAME get namespace" answers, and log in anew.'
    return { blue: seen(blue, 'blue', mend), green: seen(green, 'green', mend) }
  } finally {
    await close()
  }
}

const seen = (answer: Answer<EnvironmentSeen> | undefined, side: string, mend: string): EnvironmentSeen => {
  if (answer?.kind === 'ok') return answer.value
  throw new TitrateError(
    'ENVIRONMENT_UNREACHABLE',
    `The ${side} environment did not answer: ${answer?.because ?? 'it was not asked'}. ${mend}`,
  )
}

const asWritten = (path: string): string => (path.startsWith('.') || path.startsWith('/') ? path : `./${path}`)

/** A name that the release file takes: lower case, digits and hyphens. */
const nameOf = (blue: string, green: string): string =>
  `${blue}-to-${green}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)

const renderInit = ({ file, release, estate }: InitView, look: Look): string => {
  const open = estate.findings.filter(({ severity }) => severity === 'blocks')
  return [
    renderEstate(estate, look),
    ...(open.length === 0
      ? []
      : [
          `to be settled before it can begin\n${indent(open.map(({ message, declare }) => (declare === null ? message : `${message}\n${indent(declare.trimEnd())}`)).join('\n'))}`,
        ]),
    `wrote ${file} (release "${release}")\nnext  titrate check, then titrate plan`,
  ].join('\n\n')
}
