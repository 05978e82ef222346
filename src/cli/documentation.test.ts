import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commandTree } from './command-tree.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const pagesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))

const pages = ['README.md', 'CONTRIBUTING.md', ...pagesIn('docs'), ...pagesIn('examples')]
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')
const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')

/** A heading's address as Git hosts make it. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

const faultOfLink = (page: string, link: string): string | null => {
  if (/^[a-z]+:/.test(link)) return null
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(root, page) : resolve(root, dirname(page), path)
  if (!existsSync(target)) return `${page} links to ${link}, which does not exist`
  if (anchor === undefined || statSync(target).isDirectory()) return null
  const anchors = anchorsOf(readFileSync(target, 'utf8'))
  return anchors.includes(anchor) ? null : `${page} links to ${link}; ${relative(root, target)} has no such heading`
}

describe('the documentation', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    expect(links.flatMap((link) => faultOfLink(page, link) ?? [])).toEqual([])
  })

  it.each(pages)('%s names only files of the repository that are there', (page) => {
    const named = [...textOf(page).matchAll(/`((?:src|docs|scripts|bench|schema|examples|test|bin)\/[\w./-]+)`/g)]
    expect(named.flatMap(([, path = '']) => (existsSync(join(root, path)) ? [] : [path]))).toEqual([])
  })

  it.each(pages)('%s names only commands that the program has', (page) => {
    const names = new Set([
      'demo',
      ...commandTree({})
        .getAllEntries()
        .map(({ name }) => name.original),
    ])
    const named = [...textOf(page).matchAll(/(?:`|^|")titrate ([a-z]+)\b/gm)].map(([, name = '']) => name)
    expect(named.filter((name) => !names.has(name))).toEqual([])
  })

  it('gives each decision a number of its own, in its name and its title', () => {
    const files = readdirSync(join(root, 'docs/decisions')).toSorted()
    const numbers = files.map((file) => Number(file.slice(0, 4)))
    expect(new Set(numbers).size).toBe(files.length)
    for (const [index, file] of files.entries())
      expect(textOf(`docs/decisions/${file}`)).toMatch(new RegExp(`^# ${numbers[index]}\\. \\S`))
  })
})
