import { type Application, type CommandContext, generateHelpTextForAllCommands } from '@stricli/core'
import { titrateApplication } from './run-program.ts'

/** The reference of all commands, as Markdown: what `--help` says of each. */
export const commandPage = (): string => {
  const app = titrateApplication({ version: () => '', extra: {} })
  // Only documentation is read from it: no command is given a context.
  const pages = generateHelpTextForAllCommands(app as unknown as Application<CommandContext>).map(
    ([route, help]) => `## ${route}\n\n\`\`\`text\n${help.replaceAll(/ +$/gm, '').trim()}\n\`\`\`\n`,
  )
  return `${introduction}\n${pages.join('\n')}`
}

const introduction = `<!-- Made from the commands by scripts/generate-docs.ts: change those. -->
# Commands

\`titrate COMMAND --help\` says the same at the terminal; \`titrate completion bash|zsh|fish\` prints what makes a shell complete them.

- **Release file**: \`--file\`, else \`release.yaml\` in the current folder.
- **Output**: \`--output table|json|yaml\`. The answer goes to stdout as one document, progress to stderr; \`run\` streams one event a line with \`json\`, and one document an event with \`yaml\`. Colours only on a terminal, and never with \`NO_COLOR\`.
- **Acting** commands show what they will do and ask. \`--yes\` does not ask; without a terminal to ask on, it must be given.
- **Who acts** stands in the journal: the user's name, or \`TITRATE_USER\`.
- **While an engine runs** (\`titrate run\` at another terminal, for instance), it answers requests at once. While none runs, they take effect at the next \`titrate run\`; \`rollback\` becomes the engine itself.

| exit code | means |
|---|---|
| 0 | done; also a \`rollback\` after which everything is back |
| 1 | failed, or refused by the engine |
| 2 | usage: the command was called in a way that it does not understand, or that makes no sense now |
| 3 | held for a person, or left: an interrupt leaves the world as it is |
| 4 | \`run\` ended rolled back |
`
