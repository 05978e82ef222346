import { mkdir, readFile, writeFile } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readRelease } from '../config/read-release.ts'
import { foldJournal } from '../journal/fold.ts'
import { openSmallWorld, smallPlan } from '../moves/testing/small-world.ts'
import type { Deps, RunOptions } from './deps.ts'
import { readJournal } from './read-store.ts'
import { answerRequests, type Desk, openDesk } from './testing/desk.ts'

let desk: Desk
beforeEach(async () => {
  desk = await openDesk()
})
afterEach(() => desk.leave())

/** A release in which catalogue has settled on green and invoices is in the hands of green, watched. */
const inMidRelease = () => {
  const small = openSmallWorld()
  for (let turn = 0; turn < 8; turn += 1) small.pass(1_000)
  return small
}

describe('status', () => {
  it('says that a release has not begun, and what comes next', async () => {
    const { code, out } = await desk.run('status')
    expect(code).toBe(0)
    expect(out).toMatch(/^small {2}not started\nnext {3}titrate check/)
  })

  it('shows where everything is with no engine running, and how old it is', async () => {
    await desk.record(inMidRelease().entries)
    const { code, out } = await desk.run('status')
    expect(code).toBe(0)
    expect(out).toMatch(/^small {2}running, phase migrate/)
    expect(out).toMatch(/catalogue +internal +1 +green/)
    expect(out).toMatch(/invoices +job +2 +between/)
    expect(out).toMatch(/storefront +exposed +3 +blue/)
    expect(out).toContain('1 settled · 2 moving 0/1 · 3 waiting')
    expect(out).toMatch(/no engine has run yet|not running since/)
    expect(out).toMatch(/journal at \d+, .* old/)
  })

  it('prints one document for programs', async () => {
    await desk.record(inMidRelease().entries)
    const json = JSON.parse((await desk.run('status --output json')).out)
    expect(json).toMatchObject({ release: 'small', outcome: 'running', engine: { alive: false } })
    expect(parse((await desk.run('status -o yaml')).out)).toMatchObject({ release: 'small', outcome: 'running' })
  })

  it('uses no escape where colours are not wanted, and the same words where they are', async () => {
    await desk.record(inMidRelease().entries)
    const plain = (await desk.run('status')).out
    const coloured = (await desk.run('status', {}, { color: true })).out
    expect(plain).not.toContain('\u001b')
    expect(coloured).toContain('\u001b[')
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '').split('\n')[0]).toBe(plain.split('\n')[0])
  })
})

describe('explain', () => {
  it('says what a service waits for, by which rule, and what one can do', async () => {
    await desk.record(inMidRelease().entries)
    const { code, out } = await desk.run('explain invoices')
    expect(code).toBe(0)
    expect(out).toContain('0 of 2 good runs on green so far')
    expect(out).toContain('the rule that decides: takes the next step')
    expect(out).toContain('→ titrate hold invoices --because WHY')
    expect(out).toContain('catalogue: settled on green')
  })

  it('suggests the service that was probably meant', async () => {
    await desk.record(inMidRelease().entries)
    const { code, err } = await desk.run('explain invoice')
    expect(code).toBe(2)
    expect(err).toContain('Did you mean invoices?')
  })
})

describe('a request of a person', () => {
  it('is answered by a living engine, with its reason', async () => {
    await desk.record(inMidRelease().entries)
    const engine = await answerRequests(await desk.open(), 'accepted', 'invoices is held')
    const { code, out } = await desk.run(['hold', 'invoices', '--because', 'odd numbers'], {
      engineLives: async () => true,
    })
    engine.stop()
    expect(out).toBe('accepted: hold invoices: odd numbers\n  invoices is held\n')
    expect(code).toBe(0)
  })

  it('ends with 1 when the engine refuses it', async () => {
    await desk.record(inMidRelease().entries)
    const engine = await answerRequests(await desk.open(), 'refused', 'nothing is held')
    const { code, out } = await desk.run('resume', { engineLives: async () => true })
    engine.stop()
    expect(code).toBe(1)
    expect(out).toContain('refused: resume the release')
    expect(out).toContain('nothing is held')
  })

  it('stands in the journal with who asked and what they had seen, and says when it takes effect', async () => {
    const { entries } = inMidRelease()
    await desk.record(entries)
    const { code, out } = await desk.run(['skip', 'invoices', '--because', 'moved by hand'])
    expect(code).toBe(0)
    expect(out).toContain('takes effect at the next "titrate run"')
    const { release } = await readJournal(await desk.open())
    expect(release.pending).toMatchObject([
      {
        by: 'ada',
        seen: entries.length,
        request: { kind: 'skip', service: 'invoices', because: 'moved by hand' },
      },
    ])
  })

  it('ends with 3 when a living engine does not answer', async () => {
    await desk.record(inMidRelease().entries)
    let now = 1_000_000
    const { code, out } = await desk.run(
      'retry invoices',
      { engineLives: async () => true, now: () => now },
      {
        sleep: async () => {
          now += 500
        },
      },
    )
    expect(code).toBe(3)
    expect(out).toContain('not answered yet')
  })

  it('is refused without a trace after the release has ended', async () => {
    const small = inMidRelease()
    small.append('release', { kind: 'ended', outcome: 'done', because: 'all is well' })
    await desk.record(small.entries)
    const { code, err } = await desk.run(['skip', 'invoices', '--because', 'x'])
    expect(code).toBe(2)
    expect(err).toContain('has ended: done (all is well)')
    expect((await (await desk.open()).head()).position).toBe(small.entries.length)
  })

  it('clears a stop mark only when it is told to', async () => {
    await desk.record(inMidRelease().entries)
    await desk.run('resume --clear-stop')
    await desk.run('resume')
    const { pending } = (await readJournal(await desk.open())).release
    expect(pending.map(({ request }) => 'clearStop' in request && request.clearStop)).toEqual([true, false])
  })
})

const waitingForApproval = () => {
  const plan = smallPlan({ approvals: { beforeUserTraffic: true, beforeRelease: false } })
  const small = openSmallWorld(plan)
  for (let turn = 0; turn < 10; turn += 1) small.pass(1_000)
  small.run('invoices', true)
  small.pass(1_000)
  small.run('invoices', true)
  for (let turn = 0; turn < 12; turn += 1) small.pass(1_000)
  return small
}

describe('approve', () => {
  it('shows the evidence, and binds the approval to its hash', async () => {
    const { entries } = waitingForApproval()
    await desk.record(entries)
    const status = JSON.parse((await desk.run('status -o json')).out)
    expect(status).toMatchObject({ outcome: 'held', people: [{ gate: 'user traffic', service: null }] })
    const { code, err } = await desk.run('approve user traffic --yes --note fine')
    expect(code).toBe(0)
    expect(err).toContain('service catalogue, on green')
    const [request] = (await readJournal(await desk.open())).release.pending
    expect(request).toMatchObject({
      seen: entries.length,
      request: { kind: 'approve', gate: 'user traffic', note: 'fine' },
    })
    expect(request?.request).toMatchObject({ evidence: status.people[0].evidence })
    expect(err).toContain(status.people[0].evidence)
  })

  it('refuses when the evidence is not what the person saw, and puts nothing into the journal', async () => {
    await desk.record(waitingForApproval().entries)
    const { code, err } = await desk.run(['approve', 'user traffic', '--yes', '--evidence', 'deadbeef'])
    expect(code).toBe(2)
    expect(err).toContain('look at it again')
    expect((await readJournal(await desk.open())).release.pending).toEqual([])
  })

  it('names what waits when nothing waits for the gate that was named', async () => {
    await desk.record(waitingForApproval().entries)
    const { code, err } = await desk.run('approve usertraffic --yes')
    expect(code).toBe(2)
    expect(err).toContain('what waits: the release: user traffic')
  })

  it('does nothing on a no, and asks for --yes where there is no terminal', async () => {
    await desk.record(waitingForApproval().entries)
    expect((await desk.run('approve user traffic', {}, { ask: async () => 'n' })).code).toBe(3)
    const silent = await desk.run('approve user traffic')
    expect(silent.code).toBe(2)
    expect(silent.err).toContain('--yes')
    expect((await readJournal(await desk.open())).release.pending).toEqual([])
  })
})

const world = {} as RunOptions['world']
const connect: Deps['connect'] = async () => ({ world, close: async () => undefined })

/** An engine that plays a small world's entries into the store, from where the store is. */
const playing =
  (small: ReturnType<typeof openSmallWorld>, seen: RunOptions[] = []): Deps['runEngine'] =>
  async (options, signal) => {
    seen.push(options)
    let journal = await readJournal(options.store)
    for (const { stream, event } of small.entries.slice(journal.position)) {
      const answer = await options.store.append({
        at: Date.now(),
        epoch: 1,
        observation: 0,
        batches: [{ stream, expected: 'any', events: [event] }],
      })
      if (answer.kind !== 'appended') throw new Error(answer.kind)
      journal = foldJournal(journal, answer.entries)
      options.appended(answer.entries, journal)
      if (signal.aborted) return { kind: 'left', because: 'told to' }
    }
    return journal.release.ended === null
      ? { kind: 'left', because: 'told to' }
      : { kind: 'ended', release: journal.release }
  }

const prepared =
  (plan: ReturnType<typeof smallPlan> | null, blocking: readonly string[] = []): Deps['prepare'] =>
  async () => ({
    estate: { services: [], cycles: [], onlyOnGreen: [], stays: [], findings: [] },
    parity: { services: [], unexplained: 0, findings: [] },
    plan,
    findings: [],
    check: { blocking, notes: ['a note'], findings: null },
  })

describe('run', () => {
  it('shows the plan, streams what happens, and ends with the outcome and a report', async () => {
    const small = inMidRelease()
    small.append('release', { kind: 'ended', outcome: 'done', because: 'every service is where it should be' })
    const { code, out, err } = await desk.run('run --yes', {
      connect,
      prepare: prepared(smallPlan()),
      runEngine: playing(small),
    })
    expect(code).toBe(0)
    expect(err).toContain('wave 1')
    expect(err).toMatch(/\d\d:\d\d:\d\d {2}catalogue has settled on green/)
    expect(out).toMatch(/^small: done\nwhy {5}every service is where it should be\nreport {2}(.*report\.html)\n$/)
    expect(await readFile(/report {2}(.*)/.exec(out)?.[1] ?? '', 'utf8')).toContain('<!doctype html>')
  })

  it('streams one event a line as JSON, the end as the last one', async () => {
    const small = inMidRelease()
    const { code, out } = await desk.run('run --yes --output json', {
      connect,
      prepare: prepared(smallPlan()),
      runEngine: playing(small),
    })
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line): { readonly position: number } => JSON.parse(line))
    expect(lines.slice(0, -1).map(({ position }) => position)).toEqual(small.entries.map(({ position }) => position))
    expect(lines.at(-1)).toMatchObject({ kind: 'run ended', outcome: 'left' })
    expect(code).toBe(3)
  })

  it('streams YAML documents that can be read', async () => {
    const small = inMidRelease()
    const { out } = await desk.run('run --yes --output yaml', {
      connect,
      prepare: prepared(smallPlan()),
      runEngine: playing(small),
    })
    const documents = parseAllDocuments(out)
    expect(documents).toHaveLength(small.entries.length + 1)
    expect(documents.every(({ errors }) => errors.length === 0)).toBe(true)
  })

  it('ends with 4 when the release rolled back', async () => {
    const small = inMidRelease()
    small.append('release', { kind: 'ended', outcome: 'rolled back', because: 'invoices: its first run failed' })
    const { code } = await desk.run('run --yes', { connect, prepare: prepared(smallPlan()), runEngine: playing(small) })
    expect(code).toBe(4)
    const again = await desk.run('run --yes')
    expect(again.code).toBe(4)
    expect(again.out).toContain('rolled back')
  })

  it('begins nothing while something blocks, and says how to see it', async () => {
    const { code, err } = await desk.run('run', {
      connect,
      prepare: prepared(smallPlan(), ['web differs in command']),
    })
    expect(code).toBe(1)
    expect(err).toContain('blocks: web differs in command')
    expect(err).toContain('titrate check')
    expect((await (await desk.open()).head()).position).toBe(0)
  })

  it('lets the engine write down what blocks when it was told not to ask', async () => {
    const small = openSmallWorld()
    small.append('release', { kind: 'ended', outcome: 'failed', because: 'nothing was moved: web differs' })
    const { code, out } = await desk.run('run --yes', {
      connect,
      prepare: prepared(smallPlan(), ['web differs']),
      runEngine: playing(small),
    })
    expect(code).toBe(1)
    expect(out).toContain('small: failed')
    expect(out).toContain('another name')
  })

  it('never runs an engine for what has no plan', async () => {
    const { code } = await desk.run('run --yes', { connect, prepare: prepared(null, ['no kind can be told']) })
    expect(code).toBe(1)
  })

  it('goes on with an open release by the plan of the journal', async () => {
    const small = inMidRelease()
    await desk.record(small.entries.slice(0, 10))
    const seen: RunOptions[] = []
    const { code } = await desk.run('run --yes --take-over --exit-at-gate', {
      connect,
      runEngine: playing(small, seen),
    })
    expect(code).toBe(3)
    expect(seen).toMatchObject([{ plan: null, takeOver: true, exitAtGate: true }])
  })

  it('asks first, and does nothing on a no', async () => {
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return 'no'
    }
    const { code } = await desk.run('run', { connect, prepare: prepared(smallPlan()) }, { ask })
    expect(code).toBe(3)
    expect(asked).toEqual(['Begin this release of 3 services? [y/N] '])
  })
})

describe('rollback', () => {
  it('previews what would happen to each service, in order, and changes nothing', async () => {
    const small = inMidRelease()
    await desk.record(small.entries)
    const { code, out } = await desk.run('rollback --dry-run')
    expect(code).toBe(0)
    expect(out).toMatch(/1\. invoices \(job, on between\): its schedule back to blue/)
    expect(out).toMatch(/2\. catalogue \(internal, on green\): 2 replicas on blue, then 0 on green; after .*invoices/)
    expect(out).toContain('on blue already: storefront')
    expect((await (await desk.open()).head()).position).toBe(small.entries.length)
  })

  it('is the engine itself when none lives, and ends with 0 when everything is back', async () => {
    const small = inMidRelease()
    await desk.record(small.entries)
    const runEngine: Deps['runEngine'] = async (options, signal) => {
      const [request] = (await readJournal(options.store)).release.pending
      small.request(request?.id ?? '', request?.request ?? { kind: 'retire', because: '' })
      for (let turn = 0; turn < 6; turn += 1) small.pass(1_000)
      return playing(small)(options, signal)
    }
    const { code, out, err } = await desk.run('rollback --yes --because slow', { connect, runEngine })
    expect(err).toContain('this command is the engine until it is done')
    expect(out).toContain('back on blue')
    expect(code).toBe(0)
  })

  it('ends with 3, and says what is not back, when the engine ends before', async () => {
    const small = inMidRelease()
    await desk.record(small.entries)
    const runEngine: Deps['runEngine'] = async (options, signal) => {
      const [request] = (await readJournal(options.store)).release.pending
      small.request(request?.id ?? '', request?.request ?? { kind: 'retire', because: '' })
      small.append('release', {
        kind: 'answered',
        id: request?.id ?? '',
        answer: 'accepted',
        because: 'invoices going back',
      })
      return playing(small)(options, signal)
    }
    const { code, out } = await desk.run('rollback catalogue --yes', { connect, runEngine })
    expect(code).toBe(3)
    expect(out).toContain('not back  catalogue')
  })

  it('refuses a service that the release does not have, and two scopes at once', async () => {
    await desk.record(inMidRelease().entries)
    expect((await desk.run('rollback nothing --dry-run')).err).toContain('it has catalogue, invoices, storefront')
    expect((await desk.run('rollback catalogue --wave 1 --dry-run')).code).toBe(2)
    expect((await desk.run('rollback --wave 9 --dry-run')).err).toContain('there is no wave 9')
  })

  it('breaks the glass without opening a store, and fails when a lane is not back', async () => {
    const asked: unknown[] = []
    const breakGlass: Deps['breakGlass'] = async (_, options) => {
      asked.push(options)
      return {
        services: [{ service: 'web', lane: 'weights', done: false, what: 'the router does not answer' }],
        marked: [{ where: 'blue', done: true, because: null }],
      }
    }
    const openStore = (): never => {
      throw new Error('the store was opened')
    }
    const { code, out } = await desk.run('rollback --break-glass --assume-dead green --yes', { breakGlass, openStore })
    expect(code).toBe(1)
    expect(asked).toMatchObject([{ scope: { kind: 'everything' }, assumeDead: 'green' }])
    expect(out).toContain('NO')
    expect(out).toContain('titrate resume --clear-stop')
  })
})

describe('ledger', () => {
  const tick = (at: number, fate: string, blue: number, green: number) => ({
    kind: 'sample' as const,
    subject: 'ledger/invoices',
    at,
    body: { tick: 60_000 * at, fate, blue, green },
  })

  it('counts every tick once, by its latest row, and fails when one ran twice', async () => {
    await desk.record(inMidRelease().entries)
    const store = await desk.open()
    await store.observe([tick(1, 'ran', 1, 0), tick(2, 'unseen', 0, 0), tick(2, 'ran', 0, 1)])
    const good = await desk.run('ledger')
    expect(good.code).toBe(0)
    expect(good.out).toContain('2 expected, 2 ran once, 0 more than once')
    await store.observe([tick(2, 'duplicate', 1, 1)])
    const bad = await desk.run('ledger invoices')
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/1970-01-01 00:02:00 UTC +duplicate +1 +1/)
  })
})

describe('journal', () => {
  it('tells each event as a sentence, of one service or after a position', async () => {
    const { entries } = inMidRelease()
    await desk.record(entries)
    const all = await desk.run('journal')
    expect(all.out.trimEnd().split('\n')).toHaveLength(entries.length)
    expect(all.out).toContain('the release small begins: blue to green, 3 services in 3 waves')
    const own = await desk.run('journal --service catalogue')
    expect(own.out).toContain('catalogue has settled on green')
    expect(own.out).not.toContain('invoices')
    const last = JSON.parse((await desk.run(`journal --after ${entries.length - 1} -o json`)).out)
    expect(last).toHaveLength(1)
  })

  it('verifies a whole journal, and a head that was seen before', async () => {
    await desk.record(inMidRelease().entries)
    const { position, hash } = await (await desk.open()).head()
    expect((await desk.run(`journal verify --head ${position}:${hash}`)).code).toBe(0)
    const other = await desk.run(`journal verify --head ${position}:${'0'.repeat(64)}`)
    expect(other.code).toBe(1)
    expect(other.err).toContain('code: JOURNAL_BROKEN')
  })

  it('finds an event that was changed by hand', async () => {
    await desk.record(inMidRelease().entries)
    const db = new Database(`${desk.folder}/journal.sqlite`)
    db.exec("UPDATE events SET body = replace(body, 'catalogue', 'katalog') WHERE position = 1")
    db.close()
    const { code, out } = await desk.run('journal verify')
    expect(out).toContain('broken at 1 (changed)')
    expect(code).toBe(1)
  })
})

describe('watch', () => {
  it('prints changes until the release has ended, where there is no terminal', async () => {
    const small = inMidRelease()
    await desk.record(small.entries)
    small.append('release', { kind: 'ended', outcome: 'done', because: 'all is well' })
    let told = false
    const sleep = async () => {
      if (told) return
      told = true
      await desk.record(small.entries.slice(-1))
    }
    const { code, out } = await desk.run('watch', {}, { sleep })
    expect(code).toBe(0)
    expect(out).toMatch(/the release ended done: all is well\n$/)
  })

  it('draws the status anew on a terminal', async () => {
    const small = inMidRelease()
    small.append('release', { kind: 'ended', outcome: 'done', because: 'all is well' })
    await desk.record(small.entries)
    const { out } = await desk.run('watch', {}, { isTty: true, columns: 60 })
    expect(out.startsWith('\u001b[H\u001b[2J')).toBe(true)
    expect(
      Math.max(
        ...out
          .split('\n')
          .filter((line) => /^(service|catalogue)/.test(line))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(60)
  })
})

describe('check and plan', () => {
  it('end with 0 when the release may begin and 1 when it may not', async () => {
    expect((await desk.run('check', { connect, prepare: prepared(smallPlan()) })).code).toBe(0)
    const blocked = await desk.run('check', { connect, prepare: prepared(smallPlan(), ['web differs']) })
    expect(blocked.code).toBe(1)
    expect(blocked.out).toContain('web differs')
    const planned = await desk.run('plan', { connect, prepare: prepared(smallPlan()) })
    expect(planned.code).toBe(0)
    expect(planned.out).toContain('small: 3 services from blue to green in 3 waves')
    expect((await desk.run('plan', { connect, prepare: prepared(null, ['nothing to plan']) })).code).toBe(1)
  })
})

describe('init', () => {
  const environment = (name: string, published: boolean) => ({
    name,
    provider: 'local',
    readAt: 0,
    services: [
      {
        name: 'web',
        version: '1',
        command: ['web'],
        workingDirectory: null,
        variables: {},
        files: [],
        replicas: 1,
        port: { published, healthPath: null, metricsPath: null },
        schedule: null,
        takesFrom: [],
        strategy: 'RollingUpdate' as const,
        lease: null,
        actsAtStart: [],
        declaredKinds: null,
      },
    ],
  })
  const sides = (blue: object): Deps['connect'] => {
    const side = (answer: object) => ({ workloads: { inventory: async () => answer } })
    const seen = { sides: { blue: side(blue), green: side({ kind: 'ok', value: environment('new', true) }) } }
    return async () => ({ world: seen as unknown as RunOptions['world'], close: async () => undefined })
  }
  const line = 'init --blue blue.yaml --green green.yaml --output-file new/release.yaml'

  it('writes a file that can be read, and prints what it found and why', async () => {
    await mkdir(`${desk.folder}/new`)
    const { code, out } = await desk.run(line, { connect: sides({ kind: 'ok', value: environment('old', true) }) })
    expect(code).toBe(0)
    expect(out).toContain('web  exposed')
    expect(out).toContain('why: its port is published')
    const read = readRelease(`${desk.folder}/new/release.yaml`)
    expect(read).toMatchObject({
      kind: 'ok',
      value: {
        release: { name: 'old-to-new', blue: { kind: 'local', file: `${desk.folder}/blue.yaml` }, router: null },
      },
    })
  })

  it('never writes over a file', async () => {
    const { code, err } = await desk.run('init --blue blue.yaml --green green.yaml')
    expect(code).toBe(2)
    expect(err).toContain('release.yaml is there already')
  })

  it('pairs the namespaces of both clusters by order, and refuses what has no counterpart', async () => {
    const found = { kind: 'ok', value: environment('old', true) }
    const clusters = 'init --blue-context ec2 --green-context fargate --output-file new/release.yaml'
    const both = `${clusters} --namespace shop --namespace edge --green-namespace shop-new --green-namespace edge-new`
    const surplus = await desk.run(`${both} --green-namespace other-new`, { connect: sides(found) })
    expect(surplus.code).toBe(2)
    expect(surplus.err).toContain('--green-namespace names 3, --namespace 2')
    const missing = await desk.run(`${clusters} --namespace shop --namespace edge --green-namespace shop-new`)
    expect(missing.err).toContain('--green-namespace names 1, --namespace 2')
    expect((await desk.run(both, { connect: sides(found) })).code).toBe(0)
    const read = readRelease(`${desk.folder}/new/release.yaml`)
    expect(read).toMatchObject({
      value: { release: { blue: { namespaces: ['shop', 'edge'] }, green: { namespaces: ['shop-new', 'edge-new'] } } },
    })
  })

  it('says which environment does not answer, and writes nothing', async () => {
    const { code, err } = await desk.run(line, { connect: sides({ kind: 'unknown', because: 'nobody listens' }) })
    expect(code).toBe(1)
    expect(err).toContain('The blue environment did not answer: nobody listens')
    expect(err).toContain('code: ENVIRONMENT_UNREACHABLE')
  })
})

describe('retire', () => {
  it('is refused before the release is done', async () => {
    await desk.record(inMidRelease().entries)
    const { code, err } = await desk.run('retire --yes')
    expect(code).toBe(2)
    expect(err).toContain('not ended')
  })

  it('asks an engine that lives just for the answer, then ends what is left on blue', async () => {
    const small = inMidRelease()
    small.append('release', { kind: 'ended', outcome: 'done', because: 'all is well' })
    await desk.record(small.entries)
    const runEngine: Deps['runEngine'] = async (options, signal) => {
      const [request] = (await readJournal(options.store)).release.pending
      small.request(request?.id ?? '', request?.request ?? { kind: 'retire', because: '' })
      small.pass(1_000)
      return playing(small)(options, signal)
    }
    const { code, out } = await desk.run('retire --yes', {
      connect,
      runEngine,
      retire: async () => ['web: blue is scaled to 0'],
    })
    expect(code).toBe(0)
    expect(out).toBe('web: blue is scaled to 0\n')
    expect((await readJournal(await desk.open())).release.retired).toMatchObject({ by: 'ada' })
  })
})

describe('judge replay', () => {
  it('tells each fault of a recording with its line', async () => {
    await writeFile(`${desk.folder}/past.jsonl`, '{"at": 1, "arm": "red", "requests": 1, "errors": 0}\n')
    const { code, err } = await desk.run('judge replay past.jsonl')
    expect(code).toBe(2)
    expect(err).toMatch(/past\.jsonl:1 {2}arm: found "red"/)
  })

  it('shows what the judge would have said at each sample', async () => {
    const lines = ['at,arm,requests,errors,weight']
    for (let sample = 0; sample <= 40; sample += 1)
      for (const arm of ['blue', 'green'])
        lines.push(`${sample * 5_000},${arm},${sample * 500},${arm === 'green' ? sample * 50 : 0},50`)
    await writeFile(`${desk.folder}/past.csv`, lines.join('\n'))
    const { code, out } = await desk.run('judge replay past.csv')
    expect(code).toBe(0)
    expect(out).toContain('roll back')
    expect(out).toContain('It would have gone back at 1970-01-01')
  })
})

describe('report', () => {
  it('prints to stdout, or writes a file', async () => {
    await desk.record(inMidRelease().entries)
    expect((await desk.run('report')).out).toMatch(/^<!doctype html>/i)
    expect((await desk.run('report --format markdown --out r.md')).out).toBe('')
    expect(await readFile(`${desk.folder}/r.md`, 'utf8')).toContain('small')
  })
})
