import { afterEach, describe, expect, it } from 'vitest'
import { neededRights } from '../../access/needed-rights.ts'
import { type Right, rightText } from '../../access/right.ts'
import { rulesOf } from '../../access/role-manifests.ts'
import { isMap } from '../../kubernetes/json.ts'
import { type ScriptedServer, sendJson, sendStatus, startScriptedServer } from './client/testing/scripted-server.ts'
import { reviewRights } from './review-rights.ts'

const soon = () => AbortSignal.timeout(5_000)
const rights = neededRights({
  side: 'green',
  namespace: 'shop',
  probes: false,
  workloads: [{ kind: 'CronJob', uses: [] }],
})

describe('the review of rights', () => {
  let server: ScriptedServer | null = null
  afterEach(async () => {
    await server?.close()
    server = null
  })
  /** An API server that lists these rules, and knows by itself whether anything else is allowed. */
  const review = async (listed: readonly Right[], alsoAllowed: (asked: string) => boolean) => {
    server = await startScriptedServer(({ path, body }, response) => {
      if (path.endsWith('selfsubjectrulesreviews'))
        return sendJson(response, 201, { status: { incomplete: true, resourceRules: rulesOf(listed) } })
      const spec = isMap(body) && isMap(body['spec']) ? body['spec']['resourceAttributes'] : {}
      return sendJson(response, 201, { status: { allowed: alsoAllowed(JSON.stringify(spec)) } })
    })
    const answer = await reviewRights(await server.connect(), 'shop', rights, soon())
    if (answer.kind !== 'ok') throw new Error(answer.because)
    return answer.value.map(rightText)
  }
  const asked = () => server?.asked.length

  it('is one request where the rules that are listed give all', async () => {
    expect(await review(rights, () => false)).toEqual([])
    expect(asked()).toBe(1)
  })

  it('asks for each right that no listed rule gives, as another authorizer may', async () => {
    const some = rights.filter(({ resource }) => resource !== 'cronjobs/status' && resource !== 'jobs')
    expect(await review(some, (one) => one.includes('"subresource":"status"'))).toEqual(
      expect.arrayContaining(['get', 'list', 'watch', 'create', 'delete'].map((verb) => `${verb} jobs.batch in shop`)),
    )
    expect(asked()).toBe(1 + 6)
  })

  it('is not taken for passed when the API server does not answer', async () => {
    server = await startScriptedServer((_, response) => sendStatus(response, 500, { message: 'etcd is away' }))
    expect(await reviewRights(await server.connect(), 'shop', rights, soon())).toMatchObject({ kind: 'unknown' })
  })
})
