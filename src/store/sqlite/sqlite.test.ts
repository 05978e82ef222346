import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeStore } from '../testing/contract.ts'

describeStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-store-'))
  return {
    place: { file: join(folder, 'deep', 'store.db') },
    leave: async () => rmSync(folder, { recursive: true }),
  }
})
