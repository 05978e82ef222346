import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { readRelease } from '../../config/read-release.ts'
import { TitrateError } from '../../errors.ts'
import type { Recorded } from '../../journal/events.ts'
import { readManifests } from '../../providers/manifests/read-manifests.ts'
import { openStore } from '../../store/open.ts'
import type { Store } from '../../store/store.ts'
import type { Deps } from '../deps.ts'
import { runProgram } from '../run-program.ts'

const missing = (what: string) => (): never => {
  throw new Error(`this test gave no ${what}`)
}

export type Ended = { readonly code: number; readonly out: string; readonly err: string }

/** A person at a terminal: a folder with a release file, a real store, and a program whose world each test says. */
export const openDesk = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-cli-'))
  await writeFile(join(folder, 'release.yaml'), releaseText)
  await writeFile(join(folder, 'blue.yaml'), 'kind: Environment\n')
  await writeFile(join(folder, 'green.yaml'), 'kind: Environment\n')
  const file = join(folder, 'journal.sqlite')
  const stores: Store[] = []
  const open = async (): Promise<Store> => {
    const store = await openStore({ file, release: 'small' })
    stores.push(store)
    return store
  }
  const interrupt = new AbortController()

  const deps = (own: Partial<Deps>, io: Partial<Deps['io']>, told: { out: string; err: string }): Deps => ({
    version: '1.2.3',
    now: Date.now,
    person: () => 'ada',
    openStore: async (_, create) => {
      const store = await open()
      if (create || (await store.head()).position > 0) return store
      throw new TitrateError('NO_RELEASE', 'The release "small" has not begun. "titrate run" begins it.')
    },
    connect: missing('connect'),
    prepare: missing('prepare'),
    runEngine: missing('engine'),
    engineLives: async () => false,
    breakGlass: missing('break-glass'),
    environments: new Proxy({} as Deps['environments'], { get: (_, name) => missing(`env ${String(name)}`) }),
    rehearse: missing('rehearsal'),
    retire: missing('retire'),
    readManifests: (path, shown, what) => readManifests(path, shown, Readable.from([]), what),
    openCluster: missing('cluster'),
    access: missing('access'),
    doctor: missing('doctor'),
    ...own,
    io: {
      out: (text) => {
        told.out += text
      },
      err: (text) => {
        told.err += text
      },
      isTty: false,
      columns: 80,
      color: false,
      ask: null,
      readFile: (path) => readFile(path, 'utf8'),
      writeFile: async (path, text) => {
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, text)
      },
      workingDirectory: folder,
      env: {},
      signal: interrupt.signal,
      sleep: async (ms, signal) => {
        await pause(ms, undefined, { signal }).catch(() => undefined)
      },
      ...io,
    },
  })

  return {
    folder,
    interrupt,
    open,
    release: () => {
      const read = readRelease(join(folder, 'release.yaml'))
      if (read.kind !== 'ok') throw new Error(JSON.stringify(read.faults))
      return read.value.release
    },
    /** Puts entries into the store as an engine would, with the hashes that the store gives them. */
    record: async (entries: readonly Recorded[], epoch = 1): Promise<void> => {
      const store = await open()
      if (epoch > 0 && (await store.head()).position === 0) await store.claimEpoch(0)
      for (const { stream, event, at } of entries) {
        const answer = await store.append({
          at,
          epoch,
          observation: 0,
          batches: [{ stream, expected: 'any', events: [event] }],
        })
        if (answer.kind !== 'appended') throw new Error(`not appended: ${answer.kind}`)
      }
      await store.close()
    },
    run: async (
      line: string | readonly string[],
      own: Partial<Deps> = {},
      io: Partial<Deps['io']> = {},
    ): Promise<Ended> => {
      const told = { out: '', err: '' }
      const streams = {
        out: (text: string) => {
          told.out += text
        },
        err: (text: string) => {
          told.err += text
        },
      }
      const words = typeof line === 'string' ? line.split(' ') : line
      const code = await runProgram(
        words,
        async () => deps(own, io, told),
        { version: () => '1.2.3', extra: {} },
        streams,
      )
      return { code, ...told }
    },
    leave: async (): Promise<void> => {
      for (const store of stores) await store.close().catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Desk = Awaited<ReturnType<typeof openDesk>>

const releaseText = `apiVersion: titrate.dev/v1alpha1
kind: Release
name: small
blue: ./blue.yaml
green: ./green.yaml
`

/** An engine that does nothing but answer requests, as fast as the store tells it of them. */
export const answerRequests = async (
  store: Store,
  answer: 'accepted' | 'refused',
  because: string,
): Promise<{ readonly stop: () => void }> => {
  const stop = new AbortController()
  let after = (await store.head()).position
  let busy = Promise.resolve()
  const look = async (): Promise<void> => {
    for (const { event, position } of await store.read(after, 100)) {
      after = position
      if (event.kind !== 'requested') continue
      await store.append({
        at: Date.now(),
        epoch: 1,
        observation: 0,
        batches: [
          { stream: 'release', expected: 'any', events: [{ kind: 'answered', id: event.id, answer, because }] },
        ],
      })
    }
  }
  store.watch(() => {
    busy = busy.then(look).catch(() => undefined)
  }, stop.signal)
  return { stop: () => stop.abort() }
}
