import { describe } from 'vitest'
import { hasPostgres, startPostgres } from '../../../test/postgres-server.ts'
import { describeStore } from '../testing/contract.ts'

describe.skipIf(!hasPostgres())('with a server', () => {
  describeStore('PostgreSQL', async () => {
    const server = await startPostgres()
    return { place: { url: await server.createDatabase('contract') }, leave: () => server.stop() }
  })
})
