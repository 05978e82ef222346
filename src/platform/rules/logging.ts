import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { mapAt, textMapAt } from '../../kubernetes/json.ts'
import { found, guide, listNames, type Rule } from '../rule.ts'

const logging = guide('fargate-logging')
const namespace = 'aws-observability'
const name = 'aws-logging'
const mostCharacters = 5_300

const filters = new Set([
  'grep',
  'parser',
  'record_modifier',
  'rewrite_tag',
  'throttle',
  'nest',
  'modify',
  'kubernetes',
])
const outputs = new Set(['es', 'firehose', 'kinesis_firehose', 'cloudwatch', 'cloudwatch_logs', 'kinesis'])

const configOf = (index: KubernetesIndex) => index.get('ConfigMap', namespace, name)

/** Names of the plugins in the sections of one kind: `[FILTER]` or `[OUTPUT]`. */
const pluginsOf = (text: string, section: string): readonly string[] =>
  text
    .split(/^\s*\[/m)
    .filter((part) => part.toUpperCase().startsWith(`${section}]`))
    .flatMap((part) => /^\s*name\s+(\S+)/im.exec(part.slice(part.indexOf(']') + 1))?.[1]?.toLowerCase() ?? [])

/** FG34, FG35: whether logs arrive anywhere. */
export const loggingRules: readonly Rule[] = [
  {
    id: 'FG34',
    looksAt: `ConfigMap \`${name}\` in namespace \`${namespace}\``,
    severity: 'error',
    says: 'Without it, logs are lost: there is no agent on the node.',
    fix: `Create the namespace ${namespace} with the label \`aws-observability: enabled\`, and in it the ConfigMap ${name} with an output.`,
    sources: [logging],
    needs: [],
    find: ({ index, pods }) =>
      pods.length === 0 || configOf(index) !== null
        ? []
        : [found(`ConfigMap ${namespace}/${name}`, 'metadata.name', 'it is not among the objects')],
  },
  {
    id: 'FG35',
    looksAt: 'what that ConfigMap says',
    severity: 'error',
    says: `It is rejected when it is over ${mostCharacters} characters, has \`\${VAR}\`, or filters and outputs that are not allowed.`,
    fix: `Filters: ${[...filters].join(', ')}. Outputs: ${[...outputs].join(', ')}. Write values in full.`,
    sources: [logging],
    needs: [],
    find: ({ index }) => {
      const config = configOf(index)
      if (config === null) return []
      const data = Object.entries(textMapAt(mapAt(config.body, 'data')))
      const length = data.reduce((sum, [, text]) => sum + text.length, 0)
      return [
        ...(length > mostCharacters
          ? [found(config, 'data', `it has ${length} characters, expected at most ${mostCharacters}`)]
          : []),
        ...data.flatMap(([key, text]) => {
          const path = `data["${key}"]`
          const variables = text.match(/\$\{[^}]*\}/g) ?? []
          const others = (section: string, allowed: ReadonlySet<string>): readonly string[] =>
            pluginsOf(text, section).filter((one) => !allowed.has(one))
          const [wrongFilters, wrongOutputs] = [others('FILTER', filters), others('OUTPUT', outputs)]
          return [
            ...(variables.length > 0
              ? [
                  found(
                    config,
                    path,
                    `it has the ${variables.length === 1 ? 'variable' : 'variables'} ${listNames(variables)}`,
                  ),
                ]
              : []),
            ...(wrongFilters.length > 0 ? [found(config, path, `it has the filters ${listNames(wrongFilters)}`)] : []),
            ...(wrongOutputs.length > 0 ? [found(config, path, `it has the outputs ${listNames(wrongOutputs)}`)] : []),
          ]
        }),
      ]
    },
  },
]
