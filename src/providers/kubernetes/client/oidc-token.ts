import { Agent } from 'undici'
import { z } from 'zod'
import type { Answer } from '../../../engine/ports.ts'
import type { UserKeys } from './kubeconfig-schema.ts'
import { mask } from './mask.ts'
import { pemOf } from './pem.ts'
import { troubleInWords } from './trouble.ts'

/** The token of a user with `auth-provider: oidc`, renewed by its refresh token (OpenID Connect Core 1.0, section 12). */
export type OidcToken = {
  /** `renew`: the last one was refused; get another whatever its own expiry says. */
  read(renew: boolean, signal: AbortSignal): Promise<Answer<string>>
}

type Settings = NonNullable<UserKeys['auth-provider']>

const discoverySchema = z.object({ token_endpoint: z.url() })
const answerSchema = z.object({ id_token: z.string().min(1), refresh_token: z.string().nullish() })
const refusalSchema = z.object({ error: z.string(), error_description: z.string().nullish() })

/** A refresh token may be good for one use only: the newest is kept here. kubectl's copy in the file stays as it is. */
export const createOidcToken = (
  context: string,
  settings: Settings,
  isExpired: (token: string) => boolean,
): OidcToken => {
  const config = settings.config ?? {}
  let idToken = config['id-token'] ?? ''
  let refreshToken = config['refresh-token'] ?? ''
  const about = `The OIDC provider of context ${context}`

  const refresh = async (signal: AbortSignal): Promise<Answer<string>> => {
    const issuer = config['idp-issuer-url'] ?? ''
    const ca = await pemOf(config['idp-certificate-authority-data'], config['idp-certificate-authority'])
    const agent = new Agent({ connect: { ...(ca === null ? {} : { ca }), timeout: 5_000 } })
    try {
      const { token_endpoint } = discoverySchema.parse(
        await getJson(agent, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal),
      )
      const answer = await postForm(
        agent,
        token_endpoint,
        { ...clientOf(config), grant_type: 'refresh_token', refresh_token: refreshToken },
        signal,
      )
      const refusal = refusalSchema.safeParse(answer)
      if (refusal.success) {
        const { error, error_description: words } = refusal.data
        const because = mask(`${error}${words == null ? '' : `: ${words}`}`, [...Object.values(config), refreshToken])
        return { kind: 'unknown', because: `${about} gave no new token (${because}). Log in again.` }
      }
      const granted = answerSchema.parse(answer)
      idToken = granted.id_token
      refreshToken = granted.refresh_token ?? refreshToken
      return { kind: 'ok', value: idToken }
    } catch (error) {
      const reason =
        error instanceof z.ZodError ? 'its answer is not one of OpenID Connect' : troubleInWords(error, issuer)
      return { kind: 'unknown', because: `${about} gave no new token: ${reason}.` }
    } finally {
      await agent.destroy()
    }
  }

  return {
    read: async (renew, signal) => {
      if (settings.name !== 'oidc') {
        const because = `Context ${context} uses the auth provider ${settings.name}, which Kubernetes no longer has. Use its credential helper ('exec').`
        return { kind: 'refused', because }
      }
      if (idToken !== '' && !renew && !isExpired(idToken)) return { kind: 'ok', value: idToken }
      const hasAll =
        refreshToken !== '' && config['client-id'] !== undefined && URL.canParse(config['idp-issuer-url'] ?? '')
      if (hasAll) return refresh(signal)
      return {
        kind: 'unknown',
        because: `${about} can't renew the token: the kubeconfig has no refresh token, client id or issuer. Log in again.`,
      }
    },
  }
}

const clientOf = (config: Readonly<Record<string, string>>): Record<string, string> => ({
  client_id: config['client-id'] ?? '',
  ...(config['client-secret'] ? { client_secret: config['client-secret'] } : {}),
})

const getJson = async (agent: Agent, address: string, signal: AbortSignal): Promise<unknown> => {
  const { origin, pathname, search } = new URL(address)
  const { body } = await agent.request({ origin, path: `${pathname}${search}`, method: 'GET', signal })
  return body.json()
}

const postForm = async (
  agent: Agent,
  address: string,
  form: Record<string, string>,
  signal: AbortSignal,
): Promise<unknown> => {
  const { origin, pathname, search } = new URL(address)
  const { body } = await agent.request({
    origin,
    path: `${pathname}${search}`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
    signal,
  })
  return body.json()
}
