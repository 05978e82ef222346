import { access, readFile } from 'node:fs/promises'
import type { ClusterEntry } from './cluster-entry.ts'

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The cluster that this runs in, as its pod's service account; null: this does not run in a pod. */
export const inClusterEntry = async (
  environment: Readonly<Record<string, string | undefined>>,
  folder = serviceAccount,
): Promise<ClusterEntry | null> => {
  const [host, port] = [environment['KUBERNETES_SERVICE_HOST'], environment['KUBERNETES_SERVICE_PORT']]
  if (host === undefined || host === '') return null
  const tokenFile = `${folder}/token`
  const isThere = await access(tokenFile).then(
    () => true,
    () => false,
  )
  if (!isThere) return null
  const namespace = await readFile(`${folder}/namespace`, 'utf8').catch(() => '')
  return {
    context: 'in-cluster',
    namespace: namespace.trim() || null,
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port ?? '443'}`,
      'certificate-authority': `${folder}/ca.crt`,
    },
    user: { tokenFile },
  }
}
