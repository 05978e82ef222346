import { TitrateError } from '../../errors.ts'
import type { PersonRequest } from '../../journal/events.ts'
import { type GateWaiting, viewGate } from '../../views/gate-view.ts'
import { askEngine, codeOfAnswer, refuseWhenEnded, renderAnswer } from '../ask-engine.ts'
import type { Implementation } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Deps } from '../deps.ts'
import type { ExitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readMaterial, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { renderGate } from '../render-gate.ts'

/** Asks the engine for one thing, and tells its answer. */
const request = async (deps: Deps, flags: ReleaseFlags, asked: PersonRequest): Promise<ExitCode> => {
  const release = await loadRelease(deps, flags.file)
  return withStore(deps, release, async (store) => {
    await refuseWhenEnded(deps, store)
    const { position } = await store.head()
    const answered = await askEngine(deps, store, asked, position)
    await print(deps, flags.output, answered, renderAnswer)
    return codeOfAnswer[answered.answer]
  })
}

export type ApproveFlags = ReleaseFlags & {
  readonly service: string | undefined
  readonly note: string | undefined
  readonly evidence: string | undefined
  readonly yes: boolean
}

const decide =
  (kind: 'approve' | 'reject'): Implementation<ApproveFlags, readonly string[]> =>
  async (deps, flags, ...gateWords) => {
    const gate = gateWords.join(' ')
    const service = flags.service ?? null
    const release = await loadRelease(deps, flags.file)
    return withStore(deps, release, async (store) => {
      await refuseWhenEnded(deps, store)
      const material = await readMaterial(deps, store)
      const shown = viewGate(material, gate, service)
      await refuseEarly(shown, flags.evidence, () => deps.engineLives(store))
      deps.io.err(`${renderGate(shown)}\n`)
      const wanted = await confirm(deps, flags.yes, `${kind === 'approve' ? 'Approve' : 'Reject'} "${gate}"?`)
      if (wanted !== 'yes') return wanted
      const asked = { kind, service, gate, evidence: shown.hash, note: flags.note ?? null } as const
      const answered = await askEngine(deps, store, asked, material.journal.position)
      await print(deps, flags.output, { ...answered, evidence: shown.hash }, renderAnswer)
      return codeOfAnswer[answered.answer]
    })
  }

/** What would be refused anyway is not put into the journal: other evidence than was named, or a gate that nobody could answer now. */
const refuseEarly = async (
  { gate, hash, others }: GateWaiting,
  named: string | undefined,
  engineLives: () => Promise<boolean>,
): Promise<void> => {
  if (named !== undefined && (hash === null || !hash.startsWith(named)))
    throw new TitrateError(
      'USAGE',
      `The evidence for "${gate}" is ${hash?.slice(0, 12) ?? 'gone'} now, not ${named.slice(0, 12)}: look at it again, then approve what you saw.`,
    )
  if (hash !== null || (await engineLives())) return
  const waiting = others.length === 0 ? 'nothing waits for an approval' : `what waits: ${others.join(', ')}`
  throw new TitrateError('USAGE', `Nothing waits for the approval "${gate}" now; ${waiting}.`)
}

export const approve = decide('approve')
export const reject = decide('reject')

type Because = ReleaseFlags & { readonly because: string }
type MaybeBecause = ReleaseFlags & { readonly because: string | undefined }

export const hold: Implementation<Because, readonly [string?]> = (deps, flags, service) =>
  request(deps, flags, { kind: 'hold', service: service ?? null, because: flags.because })

export const resume: Implementation<MaybeBecause & { readonly clearStop: boolean }, readonly [string?]> = (
  deps,
  flags,
  service,
) =>
  request(deps, flags, {
    kind: 'resume',
    service: service ?? null,
    because: flags.because ?? 'no reason given',
    ...(flags.clearStop ? { clearStop: true } : {}),
  })

export const retry: Implementation<MaybeBecause, readonly [string?]> = (deps, flags, service) =>
  request(deps, flags, { kind: 'retry', service: service ?? null, because: flags.because ?? 'no reason given' })

export const skip: Implementation<Because, readonly [string]> = (deps, flags, service) =>
  request(deps, flags, { kind: 'skip', service, because: flags.because })
