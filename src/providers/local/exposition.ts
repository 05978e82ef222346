/** Prometheus text of several sources, brought together: one family once, labels added to each sample. */

export type Labels = Readonly<Record<string, string>>

export type Source = { readonly text: string; readonly labels: Labels }

type Family = { head: string[]; samples: string[] }

/** Joins exposition texts. A label that a sample has already is kept as `exported_<label>`, as Prometheus does. */
export const joinExpositions = (sources: readonly Source[]): string => {
  const families = new Map<string, Family>()
  for (const source of sources) addSource(families, source)
  const lines = [...families.values()].flatMap((family) => [...family.head, ...family.samples])
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const addSource = (families: Map<string, Family>, { text, labels }: Source): void => {
  let current: string | null = null
  for (const line of text.split('\n')) {
    const head = /^# (HELP|TYPE) (\S+)/.exec(line)
    if (head?.[1] !== undefined && head[2] !== undefined) {
      current = head[2]
      const known = familyOf(families, current).head
      if (!known.some((other) => other.startsWith(`# ${head[1]} `))) known.push(line)
      continue
    }
    if (line === '' || line.startsWith('#')) continue
    const name = /^[A-Za-z_:][\w:]*/.exec(line)?.[0]
    if (name === undefined) continue
    const belongs = current !== null && (name === current || isPartOf(name, current))
    if (!belongs) current = name
    familyOf(families, current ?? name).samples.push(withLabels(line, name, labels))
  }
}

const isPartOf = (name: string, family: string): boolean =>
  name.startsWith(family) && /^_(bucket|sum|count|total|created|info)$/.test(name.slice(family.length))

const familyOf = (families: Map<string, Family>, name: string): Family => {
  const found = families.get(name)
  if (found !== undefined) return found
  const made: Family = { head: [], samples: [] }
  families.set(name, made)
  return made
}

const withLabels = (line: string, name: string, labels: Labels): string => {
  const rest = line.slice(name.length)
  const added = labelsInText(labels)
  if (!rest.startsWith('{')) return `${name}{${added}}${rest}`
  // Only names are looked at: a name stands after { or , and before =". Values may hold anything, so they are stepped over.
  const own = rest.replace(/([{,]\s*)([A-Za-z_]\w*)(\s*=\s*"(?:[^"\\]|\\.)*")/g, (_, before, label, value) =>
    Object.hasOwn(labels, label) ? `${before}exported_${label}${value}` : `${before}${label}${value}`,
  )
  const separator = /^\{\s*\}/.test(own) ? '' : ','
  return `${name}{${added}${separator}${own.slice(1)}`
}

export const labelsInText = (labels: Labels): string =>
  Object.entries(labels)
    .map(
      ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
    )
    .join(',')
