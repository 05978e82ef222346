import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# source <(titrate completion bash)
_titrate() {
  local IFS=$'\\n'
  COMPREPLY=($(titrate __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _titrate titrate
`,
  zsh: `#compdef titrate
# titrate completion zsh > "\${fpath[1]}/_titrate"
_titrate() {
  local -a proposals
  proposals=("\${(@f)$(titrate __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a proposals
  _files
}
compdef _titrate titrate
`,
  fish: `# titrate completion fish > ~/.config/fish/completions/titrate.fish
complete -c titrate -a '(titrate __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

/** The script that makes a shell complete commands and flags. */
export const completion: Implementation<Readonly<Record<never, never>>, readonly [Shell]> = async (deps, _, shell) => {
  deps.io.out(scripts[shell])
  return exitCode.done
}
