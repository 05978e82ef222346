import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../journal/events.ts'
import type { StoredObservation } from '../store/store.ts'
import { makeReport } from './report.ts'
import { failedBefore, healthy, held, inputOf, planOf, record, rolledBack, tick } from './testing/stories.ts'
import { reportFormats, writeReport } from './write-report.ts'

/** Every id that a link of the page leads to is in the page. */
const danglingLinks = (page: string): readonly string[] => {
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  return [...page.matchAll(/href="#([^"]+)"/g)].flatMap(([, id]) => (ids.has(id) ? [] : [String(id)]))
}

/** Markup that opens what it does not close makes a browser guess. */
const unbalanced = (page: string): readonly string[] => {
  const empty = new Set(['meta', 'br', 'circle', 'path', 'rect', '!doctype'])
  const open: string[] = []
  for (const [, close, name, self] of page.matchAll(/<(\/?)([a-z0-9!]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (name === undefined || empty.has(name) || self === '/') continue
    if (close === '') open.push(name)
    else if (open.pop() !== name) return [`</${name}>`]
  }
  return open
}

describe('a report of a release that went well', () => {
  const report = makeReport(inputOf(healthy().entries))

  it('says so in one sentence, with the steps that were proven', () => {
    expect(report.summary).toMatchObject({
      outcome: 'done',
      sentence: 'Done: all 3 services run on green.',
      proven: { steps: 3, of: 3 },
      services: { green: 3, blue: 0, between: 0, all: 3 },
      age: null,
    })
    expect(report.lessons.wentWrong).toEqual([])
  })

  it('sets planned beside actual times for the release, its phases, waves, moves and steps', () => {
    expect(report.times.release).toMatchObject({ plannedMs: 1_000, from: 1_000_000 })
    expect(report.times.phases.map(({ phase }) => phase)).toContain('parallel')
    expect(report.times.phases.find(({ phase }) => phase === 'parallel')).toMatchObject({
      plannedMs: 4_000,
      tookMs: 4_000,
    })
    const storefront = report.times.moves.find(({ service }) => service === 'storefront')
    expect(storefront?.steps.map(({ name }) => name)).toEqual([
      'provision',
      'ready',
      'weight 5',
      'weight 50',
      'weight 100',
      'bake',
    ])
    expect(storefront?.steps.find(({ name }) => name === 'bake')).toMatchObject({ plannedMs: 1_000, tookMs: 3_000 })
    expect(storefront?.life.map(({ state }) => state)).toContain('crossing')
  })

  it('leads from each weight to the entry in which it came out', () => {
    const { entries } = healthy()
    const { changes } = makeReport(inputOf(entries)).weights.find(({ service }) => service === 'storefront') ?? {
      changes: [],
    }
    expect(changes.map(({ green }) => green)).toEqual([5, 50, 100])
    for (const { entry } of changes) expect(entries[entry - 1]?.event.kind).toBe('came out')
  })

  it('says what can still go back, until blue is retired', () => {
    expect(report.reversible.map(({ service }) => service)).toEqual(['catalogue', 'invoices', 'storefront'])
    expect(report.reversible[0]?.until).toBe('until blue is retired')
    expect(report.leftovers.map(({ text }) => text).join()).toContain('titrate retire')
  })

  it('ends with the head of the journal', () => {
    const { entries } = healthy()
    const head = `${entries.length}:${entries.at(-1)?.hash}`
    expect(writeReport(inputOf(entries), 'html')).toContain(`--head ${head}`)
    expect(writeReport(inputOf(entries), 'markdown')).toContain(head)
  })
})

describe('a report of a rollback', () => {
  const report = makeReport(inputOf(rolledBack().entries))
  const [rollback] = report.rollbacks

  it('counts detection from the first word against green, and recovery to the last service back', () => {
    expect(report.summary.outcome).toBe('rolled back')
    expect(report.summary.sentence).toMatch(/^Rolled back: everything is on blue again/)
    expect(rollback?.firstSign?.text).toContain('test says hold')
    expect(rollback?.detectionMs).toBe(1_000)
    expect(rollback?.missing).toEqual([])
    expect(rollback?.lastBack).not.toBeNull()
    expect(rollback?.trafficBack?.at).toBeLessThanOrEqual(rollback?.lastBack?.at ?? 0)
    expect(report.lessons.wentWrong.map(({ text }) => text).join()).toContain('went back to blue')
  })

  it('does not call a service left over that is back where it belongs', () => {
    expect(report.leftovers).toEqual([])
  })
})

describe('a report of a release that is not over', () => {
  it('says who is waited for, and how old everything is, with no engine alive', () => {
    const report = makeReport(inputOf(held().entries, { laterMs: 3_600_000 }))
    expect(report.summary.outcome).toBe('held')
    expect(report.summary.age).toContain('Last journal entry: 1 h')
    expect(report.actions.map(({ text }) => text).join()).toContain('no engine runs')
    expect(report.actions.map(({ text }) => text).join()).toContain('invoices')
    expect(report.lessons.wentWrong.map(({ text }) => text).join()).toContain('failed on green')
  })

  it('is written for every beginning of a journal, in every format', () => {
    const { entries } = rolledBack()
    for (let length = 0; length <= entries.length; length += 1)
      for (const format of reportFormats)
        expect(writeReport(inputOf(entries.slice(0, length)), format).length).toBeGreaterThan(50)
  })

  it('names a tail that was cut off', () => {
    const alive: StoredObservation = {
      id: 1,
      kind: 'fact',
      subject: 'engine/alive',
      at: 1_000_000,
      body: { head: { position: 900, hash: 'x' } },
    }
    expect(writeReport(inputOf(held().entries, { facts: [alive] }), 'html')).toContain('The journal was cut off')
  })
})

describe('a report of a release that failed its checks', () => {
  const report = makeReport(inputOf(failedBefore()))

  it('says that nothing was moved, and shows what blocks before what was waived', () => {
    expect(report.summary.sentence).toBe('Failed before anything was moved.')
    expect(report.parity?.counts).toEqual({ required: 0, declared: 1, unexplained: 1 })
    expect(report.parity?.rows.map(({ path }) => path)).toEqual(['variables.MODE', 'replicas'])
    expect(report.actions[0]?.text).toContain('variables.MODE')
    expect(report.weights).toEqual([])
  })
})

describe('the tick ledger', () => {
  const samples = [
    tick('invoices', 1_000_000, 1, 0, 'ran'),
    tick('invoices', 1_060_000, 0, 1, 'ran'),
    tick('invoices', 1_120_000, 1, 1, 'duplicate'),
    tick('invoices', 1_180_000, 0, 0, 'missed'),
  ]

  it('marks each fate by a sign and a word, not by colour alone', () => {
    const page = writeReport(inputOf(healthy().entries, { samples }), 'html')
    expect(page).toContain('>●</span>')
    expect(page).toContain('>◆</span>')
    expect(page).toMatch(/class="odd" title="[^"]*duplicate, blue 1, green 1">▲/)
    expect(page).toMatch(/class="odd" title="[^"]*missed, blue 0, green 0">✕/)
  })

  it('counts what did not run exactly once as gone wrong', () => {
    const report = makeReport(inputOf(healthy().entries, { samples }))
    expect(report.summary.ticks).toEqual({ expected: 4, exactlyOnce: 2, odd: 2 })
    expect(report.lessons.wentWrong.map(({ text }) => text)).toContain(
      'invoices: 1 tick ran more than once, 1 never ran',
    )
    expect(report.lessons.wentWell.map(({ text }) => text).join()).not.toContain('exactly once')
  })
})

describe('what was counted outside', () => {
  it('is shown, and what was not counted says so', () => {
    const extra = { requests: 9_000, failedRequests: 31, failedBy: { green: 31 } }
    expect(makeReport(inputOf(healthy().entries, { extra })).summary).toMatchObject({
      requests: 9_000,
      failedRequests: 31,
    })
    const page = writeReport(inputOf(healthy().entries), 'html')
    expect(page).toContain('not counted')
    expect(page).toContain('Cost: nothing was asked of any provider')
  })
})

describe('the page', () => {
  const evil = '<img src=x onerror=alert(1)>"\'`&\u202e'
  const events: readonly (readonly [string, JournalEvent])[] = [
    [
      'release',
      {
        kind: 'created',
        release: evil,
        plan: { ...planOf(evil), release: evil, blue: evil, green: evil },
        titrate: evil,
      },
    ],
    [
      'release',
      {
        kind: 'checked',
        blocking: [],
        notes: [evil],
        findings: {
          parity: { services: [{ service: evil, declared: [{ path: evil, blue: evil, green: evil, why: evil }] }] },
        },
      },
    ],
    [`move/${evil}`, { kind: 'ordered', order: 'cross', attempt: 0, because: evil }],
    [`move/${evil}`, { kind: 'entered', step: 2, name: evil, restarts: 0 }],
    [
      `move/${evil}`,
      {
        kind: 'intended',
        intent: `${evil}/weights/1`,
        goal: { kind: 'weights', green: 5 },
        because: evil,
        actUntil: 0,
      },
    ],
    [
      `move/${evil}`,
      { kind: 'came out', intent: `${evil}/weights/1`, outcome: { kind: 'done', result: { note: evil } } },
    ],
    [
      `move/${evil}`,
      {
        kind: 'judged',
        step: 2,
        verdict: 'roll back',
        cause: evil,
        against: true,
        untilPerson: false,
        because: evil,
        evidence: { E: 200, rollBackAt: 100 },
      },
    ],
    [`move/${evil}`, { kind: 'gate passed', step: 2, gate: evil, because: evil }],
    [`move/${evil}`, { kind: 'approved', gate: evil, by: evil, evidence: evil, note: evil }],
    [`move/${evil}`, { kind: 'drifted', lane: 'weights', found: evil, towards: 'blue' }],
    [`move/${evil}`, { kind: 'held', because: evil, by: evil }],
    [
      'release',
      { kind: 'requested', id: evil, by: evil, seen: 1, request: { kind: 'hold', service: evil, because: evil } },
    ],
    [
      'release',
      { kind: 'rollback ordered', services: [evil], everything: false, because: evil, by: evil, assumeDead: null },
    ],
    [`move/${evil}`, { kind: 'skipped', by: evil, because: evil }],
  ]
  const input = inputOf(record(events), {
    samples: [tick(evil, 1_700_000_000_000, 2, 0, 'duplicate')],
    extra: { requests: 1, failedRequests: 1, failedBy: { [evil]: 1 }, fault: evil, ledgerDisagrees: [evil] },
  })

  it('never lets a name or a reason become markup', () => {
    const page = writeReport(input, 'html')
    expect(page).not.toContain('<img')
    // Inside an attribute's quotes it is only text.
    expect(page.replaceAll(/"[^"]*"/g, '')).not.toMatch(/<[^>]*onerror/)
    expect(page).not.toContain('\u202e')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;`&amp;')
    expect(unbalanced(page)).toEqual([])
    expect(writeReport(input, 'markdown')).not.toMatch(/(?<!\\)<img/)
  })

  it('needs no script, no network and no other file', () => {
    const page = writeReport(inputOf(healthy().entries), 'html')
    expect(page).not.toMatch(/<script|<link|<iframe|javascript:|url\(|@import|\ssrc=/)
    expect(page).toContain("default-src 'none'")
  })

  it('leads each figure to an entry that is there, and closes what it opens', () => {
    for (const entries of [healthy().entries, rolledBack().entries, held().entries, failedBefore()]) {
      const page = writeReport(inputOf(entries), 'html')
      expect(page).toContain('href="#entry-')
      expect(danglingLinks(page)).toEqual([])
      expect(unbalanced(page)).toEqual([])
    }
  })

  it('stays below 5 MB with a journal of 10,000 entries, all of them in it', () => {
    const page = writeReport(inputOf(longJournal(10_000)), 'html')
    expect(page.length).toBeLessThan(5_000_000)
    expect(page).toContain('id="entry-5000"')
    expect(danglingLinks(page)).toEqual([])
  })

  it('keeps both ends of a longer journal, and every entry that it refers to, and says so', () => {
    const page = writeReport(inputOf(longJournal(30_000)), 'html')
    expect(page.length).toBeLessThan(5_000_000)
    expect(page).toMatch(/\d+ of 30000 entries are left out here/)
    expect(danglingLinks(page)).toEqual([])
  })
})

describe('the JSON report', () => {
  it('is versioned, plain, and the same for the same input', () => {
    const input = inputOf(rolledBack().entries)
    const text = writeReport(input, 'json')
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(makeReport(input))))
    expect(JSON.parse(text)).toMatchObject({ version: 1, release: 'small', summary: { outcome: 'rolled back' } })
    expect(writeReport(input, 'json')).toBe(text)
  })
})

/** A release that was held and let go on, over and over. */
const longJournal = (length: number) => {
  const small = healthy().entries.map(({ stream, event }): readonly [string, JournalEvent] => [stream, event])
  const because = 'the evidence against green is 35.4 (holds at 5, rolls back at 100), most from errors (99 % of it)'
  const more = Array.from({ length: length - small.length }, (_, index): readonly [string, JournalEvent] => [
    'move/storefront',
    index % 2 === 0
      ? { kind: 'drifted', lane: 'weights', found: because, towards: 'green' }
      : { kind: 'drift ended', lane: 'weights', because },
  ])
  const approval: JournalEvent = { kind: 'approved', gate: 'uat', by: 'ada', evidence: 'e'.repeat(64), note: null }
  return quickRecord([...small, ...more.with(Math.floor(more.length / 2), ['release', approval])])
}

/** `record`, without counting versions, which takes long for many. */
const quickRecord = (events: readonly (readonly [string, JournalEvent])[]) =>
  events.map(([stream, event], index) => ({
    position: index + 1,
    stream,
    version: 1,
    at: 1_700_000_000_000 + index * 1_000,
    epoch: 1,
    observation: 0,
    event,
    hash: `${index}`,
  }))
