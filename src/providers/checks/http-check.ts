import { Agent, request } from 'undici'
import type { Found } from './context.ts'

const shownBytes = 2_000

/** Asks once by GET. Passes with the expected status, or without one with any below 400; redirections are not followed. */
export const askHttp = async (
  url: string,
  { expectStatus, timeoutMs }: { readonly expectStatus: number | null; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<Found> => {
  const late = AbortSignal.timeout(timeoutMs)
  const started = performance.now()
  const expected = expectStatus === null ? 'a status below 400' : `status ${expectStatus}`
  // A connection of its own: whether the service takes new ones is part of the question.
  const dispatcher = new Agent({ pipelining: 0 })
  try {
    const answer = await request(url, { dispatcher, signal: AbortSignal.any([signal, late]) })
    const { statusCode } = answer
    const body = await firstBytes(answer.body)
    const durationMs = Math.round(performance.now() - started)
    const passed = expectStatus === null ? statusCode < 400 : statusCode === expectStatus
    const answered = `GET ${shown(url)} answered ${statusCode} after ${durationMs} ms`
    return {
      passed,
      summary: passed ? answered : `${answered}; ${expected} was expected\n${body}`.trimEnd(),
      figures: { status: statusCode, durationMs },
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const because = late.aborted ? `nothing within ${timeoutMs} ms` : signal.aborted ? 'nothing: it was stopped' : code
    return { passed: false, summary: `GET ${shown(url)} answered ${because}; ${expected} was expected`, figures: {} }
  } finally {
    await dispatcher.destroy()
  }
}

/** A query may hold what nobody should see. */
const shown = (url: string): string => url.replace(/\?.*$/s, '?…')

const firstBytes = async (body: AsyncIterable<Buffer>): Promise<string> => {
  let text = ''
  for await (const chunk of body) {
    text += chunk.toString('utf8')
    if (text.length >= shownBytes) break
  }
  return text.slice(0, shownBytes)
}
