import { createHmac, randomBytes } from 'node:crypto'
import type { ResolvedRelease } from '../../config/release.ts'
import { TitrateError } from '../../errors.ts'
import type { Platform } from '../../platform/platforms.ts'
import { type Asked, applyToGreen, checkSides, type SidesChecked } from '../check-sides.ts'
import { type SideFlags, type SidesAsked, sidesOf, sidesOfRelease } from '../cluster-sides.ts'
import { confirm } from '../confirm.ts'
import type { Deps } from '../deps.ts'
import { type ExitCode, exitCode } from '../exit-code.ts'
import { type Output } from '../flags.ts'
import { agreedWith, noFacts, readAgreed, readFacts } from '../read-agreed.ts'
import { absolute } from '../release-file.ts'
import { tellFindings } from '../tell-findings.ts'
import { writeFixes } from '../write-fixes.ts'

export type ClusterFlags = Omit<SideFlags, 'namespace'> & { readonly requestsPerSecond: number | undefined }

type Flags = SideFlags &
  ClusterFlags & {
    readonly file: string
    readonly output: Output | 'html'
    readonly fix: string | undefined
    readonly apply: boolean
    readonly yes: boolean
    readonly platform: Platform | undefined
    readonly awsFacts: string | undefined
    readonly waivers: string | undefined
  }

/** Whether what is on a cluster would run on a platform, and how two clusters (or parts of one) differ. Changes nothing. */
export const checkClusters = async (deps: Deps, flags: Flags): Promise<ExitCode> => {
  const sides = sidesOf(flags, (path) => absolute(deps, path))
  return checkTheseSides(deps, flags, sides, null)
}

/** The same for the clusters of a release: its platform and facts, where the flags say nothing else. */
export const checkClustersOfRelease = (deps: Deps, flags: Flags, release: ResolvedRelease): Promise<ExitCode> => {
  const { blue, green, platform } = release
  if (blue.kind !== 'kubernetes' || green.kind !== 'kubernetes')
    throw new TitrateError('USAGE', 'The environments of this release are no clusters.')
  const own = {
    platform: flags.platform ?? platform.name ?? undefined,
    awsFacts: flags.awsFacts ?? platform.awsFacts ?? undefined,
  }
  return checkTheseSides(deps, { ...flags, ...own }, sidesOfRelease(blue, green), release)
}

/** `own`: the release file, where it was read already; null: one that is there counts too. */
const checkTheseSides = async (
  deps: Deps,
  flags: Flags,
  sides: SidesAsked,
  own: ResolvedRelease | null,
): Promise<ExitCode> => {
  const { awsFacts, platform, fix, apply, output, requestsPerSecond } = flags
  if (fix !== undefined && sides.green === null)
    throw new TitrateError('USAGE', '--fix needs two sides: --blue-context and --green-context.')
  if (apply && sides.green === null)
    throw new TitrateError('USAGE', '--apply needs two sides: --blue-context and --green-context.')
  if (awsFacts !== undefined && platform === undefined)
    throw new TitrateError('USAGE', '--aws-facts is for the rules of a platform: add --platform eks-fargate.')
  const agreed = own === null ? await readAgreed(deps, flags) : agreedWith(deps, flags, own)
  const facts = awsFacts === undefined ? noFacts : await readFacts(deps, awsFacts)
  // Digests of secrets are of no use after this, so nobody keeps their key.
  const key = randomBytes(32)
  const digest = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
  const asked: Asked = {
    sides,
    requestsPerSecond: requestsPerSecond ?? null,
    platform: platform ?? null,
    facts,
    agreed,
    digest,
  }
  const first = await checkSides(deps, asked)
  const { view, parity } = apply ? await applyAndLook(deps, asked, first, flags.yes) : first
  await tellFindings(deps, output, view)
  if (fix !== undefined) await writeFixes(deps, fix, parity?.fixes ?? [])
  return view.ok ? exitCode.done : exitCode.failed
}

/** Says what would be written to green, asks, writes it, and looks again: what is told then is what came of it. */
const applyAndLook = async (deps: Deps, asked: Asked, first: SidesChecked, yes: boolean): Promise<SidesChecked> => {
  const changes = first.parity?.changes() ?? []
  if (changes.length === 0) return { ...first, view: { ...first.view, applied: [] } }
  const lines = changes.map(
    ({ object, kind, leave, byHand }) =>
      `  ${leave === null ? kind : 'leave'}  ${object}${leave === null ? '' : `: ${leave}`}${byHand.map((one) => `\n      by hand: ${one}`).join('')}\n`,
  )
  const green = asked.sides.green?.context ?? ''
  deps.io.err(
    `titrate: what would be applied to ${green} (schedules suspended, workers at 0; Secrets are written there, and shown nowhere):\n${lines.join('')}`,
  )
  const wanted = await confirm(deps, yes, `Apply this to ${green}?`)
  if (wanted !== 'yes') return first
  const applied = await applyToGreen(deps, asked, changes)
  const after = await checkSides(deps, asked)
  return { ...after, view: { ...after.view, applied } }
}
