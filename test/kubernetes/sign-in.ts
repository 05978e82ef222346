import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent } from 'undici'
import type { ClusterGiven } from './control-plane.ts'
import { kubeconfigOf } from './control-plane.ts'

/** Writes a kubeconfig with which somebody is a ServiceAccount of the cluster, for an hour. */
export const signInAs = async (
  { name, server, authority, token }: ClusterGiven,
  account: { readonly namespace: string; readonly name: string },
  folder: string,
): Promise<string> => {
  const agent = new Agent({ connect: { ca: authority } })
  try {
    const { statusCode, body } = await agent.request({
      origin: server,
      path: `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`,
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3_600 },
      }),
    })
    const answer = (await body.json()) as { readonly status?: { readonly token?: string } } // a TokenRequest
    if (answer.status?.token === undefined) throw new Error(`no token for ${account.name} (${statusCode})`)
    const file = join(folder, `${name}-${account.name}.kubeconfig`)
    writeFileSync(file, kubeconfigOf(name, server, authority, { token: answer.status.token }), { mode: 0o600 })
    return file
  } finally {
    await agent.destroy()
  }
}
