import { z } from 'zod'

/** The parts of a kubeconfig that are used; files hold more, and empty keys (`users: null`) where nothing was set. */

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().nullish(),
  provideClusterInfo: z.boolean().nullish(),
})

const userSchema = z.object({
  'client-certificate': z.string().nullish(),
  'client-certificate-data': z.string().nullish(),
  'client-key': z.string().nullish(),
  'client-key-data': z.string().nullish(),
  token: z.string().nullish(),
  tokenFile: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  as: z.string().nullish(),
  'as-groups': z.array(z.string()).nullish(),
  'auth-provider': z.object({ name: z.string(), config: z.record(z.string(), z.string()).nullish() }).nullish(),
  exec: execSchema.nullish(),
})

const clusterSchema = z.object({
  server: z.string().min(1),
  'certificate-authority': z.string().nullish(),
  'certificate-authority-data': z.string().nullish(),
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': z.string().nullish(),
  'proxy-url': z.string().nullish(),
})

const contextSchema = z.object({
  cluster: z.string(),
  user: z.string().nullish(),
  namespace: z.string().nullish(),
})

const listOf = <Key extends string, Value extends z.ZodType>(key: Key, value: Value) =>
  z
    .array(z.object({ name: z.string() }).and(z.object({ [key]: value } as Readonly<Record<Key, Value>>)))
    .nullish()
    .transform((list) => list ?? [])

export const kubeconfigSchema = z.object({
  clusters: listOf('cluster', clusterSchema),
  users: listOf('user', userSchema.nullish()),
  contexts: listOf('context', contextSchema),
  'current-context': z.string().nullish(),
})

export type KubeconfigFile = z.infer<typeof kubeconfigSchema>
export type ClusterKeys = z.infer<typeof clusterSchema>
export type UserKeys = z.infer<typeof userSchema>
export type ContextKeys = z.infer<typeof contextSchema>
export type ExecKeys = z.infer<typeof execSchema>
