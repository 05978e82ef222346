import { type Mutant, suite } from './mutant.ts'

const memory = 'src/store/memory/store.test.ts'
const sqlite = 'src/store/sqlite/sqlite.test.ts'
const postgres = 'src/store/postgres/postgres.test.ts'

/** Wrong decisions of the stores. */
export const storeMutants: readonly Mutant[] = [
  {
    id: 'store-loses-compare-and-swap',
    breaks: 'an append is taken although its stream has moved on',
    edits: [
      {
        file: 'src/store/entries.ts',
        find: "if (expected !== 'any' && expected !== version) return",
        replace: "if (expected !== 'any' && expected > version) return",
      },
    ],
    caughtBy: suite(memory, 'two writers'),
  },
  {
    id: 'store-drops-epoch-check',
    breaks: 'an append of an engine that others have taken over from is taken',
    edits: [
      {
        file: 'src/store/entries.ts',
        find: 'if (append.epoch !== 0 && append.epoch < current.epoch) return',
        replace: 'if (append.epoch !== 0 && append.epoch < 0) return',
      },
    ],
    caughtBy: suite(memory, 'epochs'),
  },
  {
    id: 'sqlite-gives-epoch-twice',
    breaks: 'two engines can claim the same epoch',
    edits: [
      {
        file: 'src/store/sqlite/journal.ts',
        find: 'const epoch = Math.max(highest, atLeast) + 1',
        replace: 'const epoch = Math.max(highest, atLeast, 1)',
      },
    ],
    caughtBy: suite(sqlite, 'epochs'),
  },
  {
    id: 'sqlite-answers-before-sync',
    breaks: 'an append is acknowledged before it is on the disk',
    edits: [
      {
        file: 'src/store/sqlite/connect.ts',
        find: "db.pragma('synchronous = full')",
        replace: "db.pragma('synchronous = normal')",
      },
    ],
    caughtBy: suite(sqlite, 'waits for the disk'),
  },
  {
    id: 'sqlite-shares-lock',
    breaks: 'two engines hold the lock of a living engine at once',
    edits: [
      {
        file: 'src/store/sqlite/lock.ts',
        find: "db.exec('begin exclusive')",
        replace: "db.exec('begin')",
      },
    ],
    caughtBy: suite(sqlite, 'the lock of a living engine'),
  },
  {
    id: 'sqlite-prunes-newest-fact',
    breaks: 'pruning takes the newest fact of a subject with it',
    edits: [
      {
        file: 'src/store/sqlite/statements.ts',
        find: 'where l.release = observations.release and l.subject = observations.subject and l.observation = observations.id)',
        replace:
          'where l.release = observations.release and l.subject = observations.subject and l.observation < observations.id)',
      },
    ],
    caughtBy: suite(sqlite, 'prunes up to an id'),
  },
  {
    id: 'postgres-appends-without-lock',
    breaks: 'appends read the head of the journal without locking it',
    edits: [
      {
        file: 'src/store/postgres/journal.ts',
        find: 'from titrate.releases where name = $1 for update`',
        replace: 'from titrate.releases where name = $1`',
      },
    ],
    caughtBy: suite(postgres, 'two writers'),
  },
  {
    id: 'postgres-keeps-lost-lock',
    breaks: 'an engine does not hear that its lock is lost with the connection',
    edits: [
      { file: 'src/store/postgres/lock.ts', find: "client.once('end', lose)", replace: "client.once('nothing', lose)" },
    ],
    caughtBy: suite(postgres, 'tells the holder of the lock that it is lost'),
  },
]
