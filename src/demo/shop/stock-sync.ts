import { call } from './call.ts'
import { setting } from './identity.ts'
import { runJob } from './run-job.ts'

const catalogue = setting('CATALOGUE_URL')

/** Job: asks the catalogue what is in stock. */
await runJob(() => Promise.all([1, 2, 3].map((product) => call(`${catalogue}/products/${product}`))))
// Connections that are kept for a next call would keep the process.
process.exit()
