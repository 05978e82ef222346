import { getHeapSnapshot } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { createHolder } from './held-objects.ts'
import { kinds } from './kinds.ts'

const objectOf = (name: string) => ({
  metadata: { name, namespace: 'a-namespace-of-many', managedFields: [{ manager: 'somebody' }] },
  spec: { selector: { app: name } },
})

/** How often a text stands in memory. */
const copiesOf = async (text: string): Promise<number> => {
  const chunks: Buffer[] = []
  for await (const chunk of getHeapSnapshot()) chunks.push(chunk as Buffer) // it streams bytes
  const snapshot = JSON.parse(Buffer.concat(chunks).toString()) as {
    readonly snapshot: {
      readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] }
    }
    readonly nodes: readonly number[]
    readonly strings: readonly string[]
  } // the format of heap snapshots
  const { node_fields: fields, node_types: types } = snapshot.snapshot.meta
  const [name, type] = [fields.indexOf('name'), fields.indexOf('type')]
  let found = 0
  for (let node = 0; node < snapshot.nodes.length; node += fields.length)
    if (
      types[0][snapshot.nodes[node + type] ?? 0] === 'string' &&
      snapshot.strings[snapshot.nodes[node + name] ?? 0] === text
    )
      found += 1
  return found
}

describe('what is held of objects', () => {
  it('says what they said, but for what is trimmed, and leaves them as they are', () => {
    const hold = createHolder(kinds.services)
    const object = objectOf('web')
    const before = structuredClone(object)
    const held = hold(object)
    expect(held).toEqual({
      metadata: { name: 'web', namespace: 'a-namespace-of-many' },
      spec: { selector: { app: 'web' } },
    })
    expect(object).toEqual(before)
  })

  it('is one string for what is the same in thousands of them', async () => {
    const hold = createHolder(kinds.services)
    const namespace = `namespace-${process.pid}-${Date.now()}`
    const held = Array.from({ length: 3_000 }, (_, index) =>
      hold(JSON.parse(JSON.stringify({ metadata: { name: `web-${index}`, namespace } }))),
    )
    expect(held.every(({ metadata }) => metadata?.namespace === namespace)).toBe(true)
    expect(await copiesOf(namespace)).toBeLessThan(10)
  })
})
