import { command } from './command.ts'
import { aliases, flag, maybeOne, one, optionalNumber, optionalText, releaseFlags, text, words, yes } from './flags.ts'

/** Commands by which people answer the engine, or overrule it. */

const load = async () => import('./commands/people.ts')
const answered = 'The engine answers at once; while none runs, it takes effect at the next "titrate run".'

const because = { kind: 'parsed', parse: text, placeholder: 'reason', brief: 'Why; it stands in the journal' } as const
const maybeBecause = optionalText('Why; it stands in the journal', 'reason')
const everythingOr = maybeOne('Only this service; without it, the release', 'service')

const decision = {
  flags: {
    ...releaseFlags,
    service: optionalText('Only for this service', 'service'),
    note: optionalText('A note for the journal', 'text'),
    evidence: optionalText('Only if the evidence still has this hash', 'hash'),
    yes,
  },
  aliases: { ...aliases, y: 'yes' },
  positional: words('The gate, as status names it', 'gate'),
} as const

export const approve = command(async () => (await load()).approve, decision, {
  brief: 'Approve a gate that waits, by the evidence shown',
  fullDescription: `Shows the evidence and asks. The approval is bound to you and to the hash of what you saw. ${answered}`,
})

export const reject = command(async () => (await load()).reject, decision, {
  brief: 'Reject a gate that waits; the service then holds',
  fullDescription: answered,
})

export const hold = command(
  async () => (await load()).hold,
  { flags: { ...releaseFlags, because }, aliases, positional: everythingOr },
  { brief: 'Stop a service, or the release, where it is', fullDescription: `It goes on being judged. ${answered}` },
)

export const resume = command(
  async () => (await load()).resume,
  {
    flags: {
      ...releaseFlags,
      because: maybeBecause,
      clearStop: flag('Clear the stop mark that break-glass left, so that an engine may act again'),
    },
    aliases,
    positional: everythingOr,
  },
  { brief: 'Let what is held go on', fullDescription: answered },
)

export const retry = command(
  async () => (await load()).retry,
  { flags: { ...releaseFlags, because: maybeBecause }, aliases, positional: everythingOr },
  { brief: 'Try what went back or is stuck again', fullDescription: answered },
)

export const skip = command(
  async () => (await load()).skip,
  { flags: { ...releaseFlags, because }, aliases, positional: one('The service', 'service') },
  { brief: 'Leave a service where it is, by name and reason', fullDescription: answered },
)

export const rollback = command(
  async () => (await import('./commands/rollback.ts')).rollback,
  {
    flags: {
      ...releaseFlags,
      wave: optionalNumber('Take back this wave and all that needs it', 'number'),
      dryRun: flag('Only show what it would do'),
      assumeDead: {
        kind: 'enum',
        values: ['green'],
        optional: true,
        brief: 'Take green for dead: its schedules start on blue although it cannot confirm that they stopped',
      },
      breakGlass: flag('With nothing but the release file and the environments: no journal, no metrics, no engine'),
      because: maybeBecause,
      yes,
    },
    aliases: { ...aliases, y: 'yes' },
    positional: maybeOne('Only this service and all that needs it; without it, everything', 'service'),
  },
  {
    brief: 'Take a service, a wave or everything back to blue',
    fullDescription:
      'Shows what it would do and asks. While no engine runs, this command is the engine until it is done. Exit code 0: it is back; 3: not all of it is.',
  },
)

export const retire = command(
  async () => (await import('./commands/retire.ts')).retire,
  { flags: { ...releaseFlags, because: maybeBecause, yes }, aliases: { ...aliases, y: 'yes' } },
  { brief: 'End what is left on blue, when the release is done: no way back from it' },
)
