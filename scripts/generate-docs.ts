/**
 * Writes what is made from the code: the JSON Schemas of the files that people write, and the references of
 * the release file, of the commands and of the platform's rules. With `--check` it writes nothing, and fails when one of them is not up to date.
 *
 *     node scripts/generate-docs.ts [--check]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rightsOfAnyRelease } from '../src/access/needed-rights.ts'
import { roleManifests } from '../src/access/role-manifests.ts'
import { accessText } from '../src/cli/access-text.ts'
import { commandPage } from '../src/cli/command-page.ts'
import { clustersPage } from '../src/clusters/clusters-page.ts'
import { jsonSchemaOf } from '../src/config/json-schema.ts'
import { referencePage } from '../src/config/reference-page.ts'
import { releaseSchema } from '../src/config/release-schema.ts'
import { fargatePage } from '../src/platform/fargate-page.ts'
import { environmentSchema } from '../src/providers/local/environment-schema.ts'
import { routerSchema } from '../src/providers/proxy/router-file.ts'

const inJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** For those who give rights before there is a release file. */
const roles = (side: 'blue' | 'green'): string =>
  accessText(
    `Rights of Titrate on ${side}, for any release of one namespace (put yours for "shop").\n"titrate access" prints fewer: those that one release needs.`,
    roleManifests(
      'titrate',
      { namespace: 'shop', name: 'titrate' },
      new Map([['shop', rightsOfAnyRelease(side, 'shop')]]),
    ),
    rightsOfAnyRelease(side, 'shop'),
  )

const generated: Readonly<Record<string, string>> = {
  'schema/release.schema.json': inJson(jsonSchemaOf(releaseSchema)),
  'schema/environment.schema.json': inJson(jsonSchemaOf(environmentSchema)),
  'schema/router.schema.json': inJson(jsonSchemaOf(routerSchema)),
  'docs/release-file.md': referencePage(jsonSchemaOf(releaseSchema)),
  'docs/cli.md': commandPage(),
  'docs/fargate.md': fargatePage(),
  'docs/clusters.md': clustersPage(),
  'examples/kubernetes/access-blue.yaml': roles('blue'),
  'examples/kubernetes/access-green.yaml': roles('green'),
}

const current = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))
const check = process.argv.includes('--check')
const old = Object.entries(generated).filter(([path, text]) => current(root + path) !== text)

for (const [path, text] of old) {
  if (check) {
    console.error(`${path} is not up to date: npm run docs:generate`)
    process.exitCode = 1
    continue
  }
  mkdirSync(dirname(root + path), { recursive: true })
  writeFileSync(root + path, text)
  console.log(`wrote ${path}`)
}
console.log(`${Object.keys(generated).length - old.length} of ${Object.keys(generated).length} were up to date`)
