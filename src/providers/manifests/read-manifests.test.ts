import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { readObjects } from '../../kubernetes/read-objects.ts'
import { parseDocuments } from './parse-documents.ts'
import { readManifests } from './read-manifests.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-manifests-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}
const read = (what: 'manifests' | 'facts' = 'manifests') => readManifests(folder, 'm', Readable.from([]), what)
const namesIn = ({ documents }: { readonly documents: Parameters<typeof readObjects>[0] }): readonly string[] =>
  readObjects(documents, 'default').objects.map(({ name, place }) => `${name} ${place}`)
const object = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`
const failed = async (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error as { code: string; message: string },
  )

describe('a folder', () => {
  it('is read with all that is below it, in the order of names, each object with its place', async () => {
    await put({
      'b.yaml': `# a comment\n---\n${object('one')}---\n# Source: x\n\n${object('two')}`,
      'a/c.yml': object('three'),
      'd.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'four' } }],
      }),
      'x.txt': 'no',
      '.git/e.yaml': object('no'),
    })
    const all = await read()
    expect(namesIn(all)).toEqual(['three m/a/c.yml:1', 'one m/b.yaml:3', 'two m/b.yaml:9', 'four m/d.json:1'])
    expect(all.files).toBe(3)
  })

  it('says what it leaves out: what must be built first, links in a circle silently', async () => {
    await put({ 'a.yaml': object('a'), 'kustomization.yaml': 'resources: [a.yaml]', 'values.yaml': 'x: 1' })
    await symlink(folder, join(folder, 'circle'))
    expect((await read()).notes).toEqual([
      expect.stringContaining('m/kustomization.yaml: not built; for what it makes: "kubectl kustomize DIR'),
      expect.stringContaining('m/values.yaml: left out: it belongs to a Helm chart'),
    ])
  })

  it.each([
    ['is empty', {}, 'There are no manifests in m'],
    ['has only comments', { 'a.yaml': '# nothing\n---\n---\n' }, 'There are no manifests in m'],
  ] as const)('that %s is a fault of usage', async (_, files, message) => {
    await put(files)
    expect(await failed(read())).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) })
  })

  it('that is not there is a fault of usage, and so are facts without any', async () => {
    expect(await failed(readManifests(join(folder, 'no'), 'no', Readable.from([])))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('There is no no'),
    })
    expect(await failed(read('facts'))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('aws … --output json'),
    })
  })
})

describe('faults', () => {
  it('are told all at once, each with file and line, and nothing of the text', async () => {
    await put({
      'a.yaml': `${object('a')}---\nkind: [hunter2\nx: 1\n`,
      'b.yaml': 'a: 1\nb: *hunter2\n',
      'c.yaml': 'apiVersion: v1\nkind: {{ .Values.hunter2 }}\n',
      'd.json': '{ "a": hunter2',
      'e.yaml': Uint8Array.of(0x61, 0x3a, 0x20, 0xff),
      'f.yaml': Uint8Array.of(0x61, 0x00, 0x62),
      'g.yaml': 'a: 1\na: 2\n',
      'h.yaml': 'a:\n\tb: 1\n',
    })
    const { code, message } = await failed(read())
    expect(code).toBe('MANIFESTS')
    for (const text of [
      '8 faults',
      'm/a.yaml:6: not YAML',
      'm/b.yaml:2: not YAML',
      'm/c.yaml:',
      'helm template CHART',
      'm/d.json:1',
      'm/e.yaml: not UTF-8',
      'm/f.yaml: found bytes that are no text',
      'm/g.yaml:2',
      'm/h.yaml:2',
      'indent with spaces',
    ])
      expect(message).toContain(text)
    expect(message).not.toContain('hunter2')
  })

  it('include aliases that stand for too much', () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]`)
      .join('\n')}`
    expect(parseDocuments('x', bomb).faults).toMatchObject([
      { line: 1, what: expect.stringContaining('aliases stand for more than') },
    ])
  })
})

it('reads standard input', async () => {
  const input = Readable.from([Buffer.from(object('a')), Buffer.from(`---\n${object('b')}`)])
  expect(namesIn(await readManifests('-', '-', input))).toEqual(['a stdin:1', 'b stdin:5'])
  expect(await failed(readManifests('-', '-', Readable.from([])))).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('Nothing came on standard input'),
  })
})

it('reads numbers, words and merges as Kubernetes does', () => {
  const [document] = parseDocuments(
    'x',
    'mode: 0644\nyes: yes\nversion: 1.10\nbase: &b { a: 1 }\nmore: { <<: *b, c: 2 }\nday: 2026-01-01\nzip: 0899\n',
  ).documents
  expect(document?.value).toEqual({
    mode: 420,
    yes: 'yes',
    version: 1.1,
    base: { a: 1 },
    more: { a: 1, c: 2 },
    day: '2026-01-01',
    zip: 899,
  })
})

it('reads several answers of aws in one file', async () => {
  await put({ 'all.json': '{\n  "a": 1\n}\n{\n  "b": 2\n}\n' })
  expect((await read('facts')).documents.map(({ value, place }) => [value, place])).toEqual([
    [{ a: 1 }, 'm/all.json:1'],
    [{ b: 2 }, 'm/all.json:4'],
  ])
})

describe('objects', () => {
  const documents = (...values: readonly unknown[]) =>
    parseDocuments('x.yaml', values.map((value) => `---\n${stringify(value)}`).join('')).documents

  it('that are there twice are said, and the last one counts', () => {
    const map = (data: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { data } })
    const { objects, notes } = readObjects(documents(map('1'), map('2')), 'default')
    expect(objects).toMatchObject([{ body: { data: { data: '2' } } }])
    expect(notes).toEqual([
      expect.stringMatching(
        /ConfigMap default\/a is there twice, in x\.yaml:2 and in x\.yaml:\d+, with different contents/,
      ),
    ])
    expect(readObjects(documents(map('1'), map('1')), 'default').notes[0]).toContain('with the same content')
  })

  it('of unknown kinds, and what is no object, are said and no fault', () => {
    const { objects, notes } = readObjects(
      documents(
        { apiVersion: 'x.io/v1', kind: 'Thing', metadata: { name: 'a' } },
        { a: 1 },
        { apiVersion: 'v1', kind: 'Pod' },
      ),
      'default',
    )
    expect(objects.map(({ sort }) => sort)).toEqual(['Thing.x.io'])
    expect(notes).toEqual([
      expect.stringContaining('no object of Kubernetes (it has no kind)'),
      expect.stringContaining('a Pod without a name'),
      expect.stringContaining("Thing.x.io (1): a kind that Titrate doesn't know"),
    ])
  })

  it('have the namespace that is given where they name none, unless their kind has none', () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'c' },
      spec: { scope: 'Cluster', group: 'x.io', names: { kind: 'Wide' } },
    }
    const named = { apiVersion: 'x.io/v1', kind: 'Wide', metadata: { name: 'w' } }
    const { objects } = readObjects(
      documents(named, crd, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }),
      'shop',
    )
    expect(objects.map(({ name, namespace }) => [name, namespace])).toEqual([
      ['w', null],
      ['c', null],
      ['p', 'shop'],
    ])
  })
})
