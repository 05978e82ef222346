/**
 * What `titrate check --manifests` costs for 1,000 and for 10,000 objects: `npx node bench/check-manifests.ts`: reading
 * YAML, telling the estate, all rules of the platform, and the comparison of two sides that have that many objects together.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { application } from './in-memory/application.ts'
import { type Cost, costOfCheck, medianOf, ratioOf, sayLimit, shown } from './in-memory/check-cost.ts'

const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))

const filesOf = (objects: number): string => {
  const file = join(folder, `${objects}.yaml`)
  const bodies = Array.from({ length: objects / 10 }, (_, index) => application(index)).flat()
  writeFileSync(file, bodies.map((body) => `---\n${stringify(body, { aliasDuplicateObjects: false })}`).join(''))
  return file
}

const compare = async (name: string, flagsOf: (objects: number) => readonly string[]) => {
  const costOf = (objects: number): Promise<Cost> => {
    const flags = flagsOf(objects)
    return medianOf(async () => (await costOfCheck(flags, folder)).cost)
  }
  const [start, small, large] = [await costOf(20), await costOf(1_000), await costOf(10_000)]
  const ratio = ratioOf(start, small, large)
  console.log(`${name.padEnd(28)} 1,000: ${shown(small)}   10,000: ${shown(large)}   ratio ${ratio.toFixed(1)}`)
  return { large, ratio }
}

try {
  sayLimit([
    await compare('platform and estate', (objects) => ['--manifests', filesOf(objects)]),
    await compare('two sides, compared', (objects) => {
      const half = filesOf(objects / 2)
      return ['--blue-manifests', half, '--green-manifests', half]
    }),
  ])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
