import { z } from 'zod'
import { probeDefaults } from './defaults.ts'
import { documented, required } from './documented.ts'
import { durationSchema } from './duration.ts'

const text = z.string().min(1)

/** Short Jobs that try from a cluster what a service needs. */
export const probeSchema = z.strictObject({
  image: required(
    text,
    'The image of the probe, as green’s nodes can pull it: any with `sh` and `nc` or `bash`, such as busybox.',
  ),
  leavesBy: documented(
    z.string().regex(/^https?:\/\/\S+$/, 'a URL'),
    'A URL that answers with the address that it is asked from; shown beside what was found, for partners’ allowlists.',
  ),
  annotations: documented(
    z.record(z.string(), z.string()),
    'On the probe’s pod, for instance to keep a mesh’s sidecar out of it.',
  ),
  timeout: documented(
    durationSchema,
    'How long a probe may take, with placing and starting its pod.',
    probeDefaults.timeout,
  ),
})
