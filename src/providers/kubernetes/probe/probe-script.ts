/** What a probe tries: port null is a name to be resolved, and nothing else. */
export type ProbeAddress = { readonly host: string; readonly port: number | null }

/** Set in the pod; the script reads nothing else of its surroundings. */
export const variables = {
  targets: 'TITRATE_TARGETS',
  seconds: 'TITRATE_SECONDS',
  leavesBy: 'TITRATE_LEAVES_BY',
  result: 'TITRATE_RESULT',
} as const

/** One line of `HOST PORT` for each target. */
export const targetLines = (targets: readonly ProbeAddress[]): string =>
  targets.map(({ host, port }) => `${host} ${port ?? '-'}`).join('\n')

/**
 * For any image with a POSIX shell and one of nc or bash (busybox has what it takes). Each target is tried again until it
 * answers or the time is over; then one line tells what came of it: `ok|unresolved|unreachable HOST PORT ADDRESS`, and
 * `leaves ADDRESS` how the outside sees it. It goes where Kubernetes takes it over into the pod's status (at
 * most 4096 bytes), so that reading it takes no right to read logs.
 */
export const probeScript = `set -u
end=$(( $(date +%s) + \${TITRATE_SECONDS:-30} ))
resolve() {
  found=$(getent hosts "$1" 2>/dev/null | awk '{ print $1; exit }')
  [ -n "$found" ] || found=$(nslookup "$1" 2>/dev/null | awk '/^Name:/ { named = 1 } named && /^Address/ { print $NF; exit }')
  printf '%s' "$found"
}
connects() {
  if command -v nc >/dev/null 2>&1; then
    nc -z -w 3 "$1" "$2" >/dev/null 2>&1 && return 0
    nc -w 3 "$1" "$2" </dev/null >/dev/null 2>&1 && return 0
    return 1
  fi
  timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" >/dev/null 2>&1
}
try() {
  while :; do
    address=$(resolve "$1")
    if [ -z "$address" ]; then said=unresolved
    elif [ "$2" = - ] || connects "$1" "$2"; then said=ok
    else said=unreachable
    fi
    if [ "$said" = ok ] || [ "$(date +%s)" -ge "$end" ]; then break; fi
    sleep 1
  done
  echo "$said $1 $2 \${address:--}"
}
{
  printf '%s\\n' "$TITRATE_TARGETS" | while read -r host port; do
    [ -z "$host" ] || try "$host" "$port"
  done
  if [ -n "\${TITRATE_LEAVES_BY:-}" ]; then
    seen=$(wget -q -T 5 -O - "$TITRATE_LEAVES_BY" 2>/dev/null || curl -fsS -m 5 "$TITRATE_LEAVES_BY" 2>/dev/null)
    echo "leaves $(printf '%s' "$seen" | tr -cd '0-9a-fA-F.:' | cut -c 1-45)"
  fi
} >"\${TITRATE_RESULT:-/dev/termination-log}"
! grep -qE '^(unresolved|unreachable) ' "\${TITRATE_RESULT:-/dev/termination-log}"
`

export type ProbeLine = ProbeAddress & {
  readonly said: 'ok' | 'unresolved' | 'unreachable'
  /** As what the name was resolved; null: it was not. */
  readonly address: string | null
}

/** `leaves`: the address by which the outside sees it; null: it was not asked, or nobody said. */
export type ProbeSaid = { readonly lines: readonly ProbeLine[]; readonly leaves: string | null }

/** What the script wrote. Lines of anything else are left out. */
export const readProbe = (text: string): ProbeSaid => {
  const lines = text.split('\n').flatMap((line): readonly ProbeLine[] => {
    const [, said = '', host = '', port = '', address = ''] =
      /^(ok|unresolved|unreachable) (\S+) (\d+|-) (\S+)$/.exec(line) ?? []
    if (said !== 'ok' && said !== 'unresolved' && said !== 'unreachable') return []
    return [{ said, host, port: port === '-' ? null : Number(port), address: address === '-' ? null : address }]
  })
  const leaves = /^leaves (\S+)$/m.exec(text)?.[1] ?? null
  return { lines, leaves }
}
