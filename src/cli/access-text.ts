import { stringify } from 'yaml'
import { type Right, rightText } from '../access/right.ts'
import type { JsonMap } from '../kubernetes/json.ts'

/** Manifests as a file for "kubectl apply", with what each right is for before them. */
export const accessText = (title: string, manifests: readonly JsonMap[], rights: readonly Right[]): string => {
  const reasons = [
    ...Map.groupBy(rights, ({ why, need }) => `${why}${need === 'to look' ? ' (else: not checked)' : ''}`),
  ]
  const lines = reasons.map(([why, some]) => {
    const byKind = Map.groupBy(some, (right) =>
      rightText(right)
        .replace(/^\S+ /, '')
        .replace(/ in \S+$/, ''),
    )
    const what = [...byKind].map(([kind, same]) => `${[...new Set(same.map(({ verb }) => verb))].join('/')} ${kind}`)
    return `- ${why}: ${what.join(', ')}`
  })
  const head = [...title.split('\n'), ...lines].map((line) => `# ${line}\n`).join('')
  const documents = manifests.map((one) => `---\n${stringify(one, { aliasDuplicateObjects: false, lineWidth: 0 })}`)
  return `${head}${documents.join('')}`
}
