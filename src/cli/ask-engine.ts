import { randomUUID } from 'node:crypto'
import { bug, TitrateError } from '../errors.ts'
import { type PersonRequest, releaseStream } from '../journal/events.ts'
import type { Store } from '../store/store.ts'
import { describeRequest } from '../views/describe-event.ts'
import type { Deps } from './deps.ts'
import { type ExitCode, exitCode } from './exit-code.ts'
import { readJournal } from './read-store.ts'

const pollMs = 15
const answerLimitMs = 3_000
const entriesAtOnce = 1_000

/** A request that stands in the journal. */
export type Asked = { readonly id: string; readonly position: number; readonly text: string }

/** What became of a request. `waits`: no engine is running, so it takes effect when one does. `silent`: one is, and has not answered. */
export type Answered = {
  readonly id: string
  readonly request: string
  readonly position: number
  readonly answer: 'accepted' | 'refused' | 'waits' | 'silent'
  readonly because: string
}

/** After its end, a release takes nothing but a rollback and `retire`: what would be refused is not put into its journal. */
export const refuseWhenEnded = async (deps: Deps, store: Store): Promise<void> => {
  // A living engine knows better, and reading a long journal would only delay its answer.
  if (await deps.engineLives(store)) return
  const { ended } = (await readJournal(store)).release
  if (ended !== null)
    throw new TitrateError('USAGE', `The release "${store.release}" has ended: ${ended.outcome} (${ended.because}).`)
}

/** Puts a request into the journal; the store wakes a living engine by itself. `seen`: the position that the person saw. */
export const appendRequest = async (deps: Deps, store: Store, request: PersonRequest, seen: number): Promise<Asked> => {
  const id = randomUUID()
  const event = { kind: 'requested', id, by: deps.person(), seen, request } as const
  const answer = await store.append({
    at: deps.now(),
    epoch: 0,
    observation: 0,
    batches: [{ stream: releaseStream, expected: 'any', events: [event] }],
  })
  switch (answer.kind) {
    case 'appended': {
      const position = answer.entries[0]?.position
      if (position === undefined) throw bug('a request was appended without an entry')
      return { id, position, text: describeRequest(request) }
    }
    case 'full':
      throw new TitrateError(
        'STORE_UNAVAILABLE',
        `The request was not taken: ${store.where} has no room (${answer.because}). Make room and ask again.`,
      )
    case 'conflict':
    case 'fenced':
      throw bug(`a person's request was answered with ${answer.kind}`)
    default:
      return answer satisfies never
  }
}

/** Looks for the answer as long as an engine may give one. */
export const awaitAnswer = async (deps: Deps, store: Store, asked: Asked): Promise<Answered> => {
  const base = { id: asked.id, request: asked.text, position: asked.position }
  const lives = await deps.engineLives(store)
  const until = deps.now() + answerLimitMs
  let after = asked.position
  for (;;) {
    const entries = await store.read(after, entriesAtOnce)
    for (const { event } of entries)
      if (event.kind === 'answered' && event.id === asked.id)
        return { ...base, answer: event.answer, because: event.because }
    after = entries.at(-1)?.position ?? after
    if (!lives)
      return {
        ...base,
        answer: 'waits',
        because: 'no engine is running: it takes effect at the next "titrate run"',
      }
    if (deps.now() >= until || deps.io.signal.aborted)
      return {
        ...base,
        answer: 'silent',
        because: `the engine has not answered within ${answerLimitMs / 1_000} s; the request stands in the journal at ${asked.position}`,
      }
    await deps.io.sleep(pollMs, deps.io.signal)
  }
}

export const askEngine = async (deps: Deps, store: Store, request: PersonRequest, seen: number): Promise<Answered> =>
  awaitAnswer(deps, store, await appendRequest(deps, store, request, seen))

export const codeOfAnswer: Readonly<Record<Answered['answer'], ExitCode>> = {
  accepted: exitCode.done,
  refused: exitCode.failed,
  waits: exitCode.done,
  silent: exitCode.held,
}

const words: Readonly<Record<Answered['answer'], string>> = {
  accepted: 'accepted',
  refused: 'refused',
  waits: 'noted',
  silent: 'not answered yet',
}

export const renderAnswer = ({ answer, request, because }: Answered): string =>
  `${words[answer]}: ${request}\n  ${because}`
