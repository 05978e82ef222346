import { gives, type Right } from '../../access/right.ts'
import type { Answer } from '../../engine/ports.ts'
import type { Cluster } from './client/connect.ts'
import type { Resource } from './client/resource.ts'

/**
 * The rights that this identity lacks, of some that are needed in one namespace: by the rules that the API server lists
 * (one request), and for what these don't give by its own word on each, as not every authorizer can list its rules.
 */
export const reviewRights = async (
  { client }: Cluster,
  namespace: string,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<Answer<readonly Right[]>> => {
  const listed = await client.rules(namespace, { signal })
  if (listed.kind !== 'ok') return listed
  const { rules } = listed.value
  const unsure = rights.filter((right) => !rules.some((rule) => gives(rule, right)))
  const answers = await Promise.all(unsure.map(async (right) => [right, await ask(client, right, signal)] as const))
  const missing: Right[] = []
  for (const [right, answer] of answers) {
    if (answer.kind !== 'ok') return answer
    if (!answer.value.allowed) missing.push(right)
  }
  return { kind: 'ok', value: missing }
}

const ask = (client: Cluster['client'], right: Right, signal: AbortSignal) => {
  const [plural = '', subresource] = right.resource.split('/')
  const resource: Resource = { group: right.group, version: 'v1', plural, kind: '', namespaced: true }
  const asked = {
    verb: right.verb,
    resource,
    ...(right.namespace === null ? {} : { namespace: right.namespace }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(right.name === null ? {} : { name: right.name }),
  }
  return client.mayI(asked, { signal })
}
