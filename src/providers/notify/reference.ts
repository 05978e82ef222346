/** The shapes in which the release file names secrets and targets; see `src/config/secret.ts` and `src/config/release.ts`. */
import type { noticeKinds } from '../../engine/ports.ts'

export type SecretReference =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'variable'; readonly name: string }

/** Reads a secret now; `because` names the reference and never shows any of its content. */
export type ResolveSecret = (
  reference: SecretReference,
) => Promise<{ readonly kind: 'ok'; readonly value: string } | { readonly kind: 'refused'; readonly because: string }>

/** A URL that may be shown, or the reference to one that may not. */
export type UrlSetting = { readonly kind: 'plain'; readonly url: string } | SecretReference

export type NoticeTarget =
  | {
      readonly kind: 'webhook'
      readonly url: UrlSetting
      readonly headers: Readonly<Record<string, string | SecretReference>>
      readonly on: readonly (typeof noticeKinds)[number][]
    }
  | {
      readonly kind: 'command'
      readonly command: readonly string[]
      readonly on: readonly (typeof noticeKinds)[number][]
    }

export type Log = (what: string, details: Readonly<Record<string, unknown>>) => void

/** What may be shown of a URL: where it leads, without a query. */
export const describeUrl = (setting: UrlSetting): string => {
  switch (setting.kind) {
    case 'plain':
      return URL.canParse(setting.url) ? originAndPath(new URL(setting.url)) : 'a URL that can’t be read'
    case 'file':
      return `the URL in the file ${setting.path}`
    case 'variable':
      return `the URL in the variable ${setting.name}`
    default:
      return setting satisfies never
  }
}

const originAndPath = ({ origin, pathname }: URL): string => `${origin}${pathname}`

/** The URL itself, for use and never for showing. */
export const resolveUrl = async (setting: UrlSetting, resolveSecret: ResolveSecret): ReturnType<ResolveSecret> => {
  if (setting.kind === 'plain') return { kind: 'ok', value: setting.url }
  const read = await resolveSecret(setting)
  if (read.kind === 'refused' || URL.canParse(read.value)) return read
  return { kind: 'refused', because: `${describeUrl(setting)} is not a URL` }
}
