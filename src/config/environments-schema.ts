import { z } from 'zod'
import { documented, required } from './documented.ts'

const text = z.string().min(1)
/** RFC 1123, as Kubernetes has it. */
const namespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a namespace: small letters, digits and “-”')
const selector = z
  .string()
  .regex(
    /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?=([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/,
    'one label, as label=value',
  )

const ofCluster = {
  context: required(
    text,
    'The context of the kubeconfig. Always by name: somebody may switch the current one while a release runs.',
  ),
  kubeconfig: documented(
    text,
    'The path of a kubeconfig; without it, the one that kubectl would take (`KUBECONFIG`, then `~/.kube/config`).',
  ),
}

const namespaces = z.array(namespace).min(1).max(500)

const blueKubernetes = z.strictObject({
  ...ofCluster,
  namespaces: documented(namespaces, 'The namespaces that move; without them, the one of the context, or `default`.'),
})

const greenKubernetes = z.strictObject({
  ...ofCluster,
  namespaces: documented(
    z.union([namespaces, z.record(namespace, namespace)], {
      error: 'a list of namespaces, or a map of blue’s namespaces to green’s',
    }),
    'The namespaces that they move to: a list of the same names, a map `{ BLUE: GREEN }` where names differ, or one for one; without them, blue’s names, or the one of the context where blue names none.',
  ),
  selector: documented(
    selector,
    'Splits namespaces that both sides share: pods with this label (label=value, such as the selector of a Fargate profile) are green, all others blue. Copies get it.',
  ),
  suffix: documented(
    z.string().regex(/^-[a-z0-9-]{0,20}[a-z0-9]$/, 'a “-” followed by small letters and digits, such as -green'),
    'With `selector`: what green’s names have at their end, as both sides can’t have the same name in one namespace; `services.NAME.nameOnGreen` says another for one service.',
    '-green',
  ),
})

const orPath = { error: 'the path of an environment’s file, or { kubernetes: { context: NAME } }' }

export const blueSchema = z.union(
  [text, z.strictObject({ kubernetes: required(blueKubernetes, 'Namespaces of a Kubernetes cluster.') })],
  orPath,
)
export const greenSchema = z.union(
  [text, z.strictObject({ kubernetes: required(greenKubernetes, 'Namespaces of a Kubernetes cluster.') })],
  orPath,
)

export type WrittenBlueKubernetes = z.output<typeof blueKubernetes>
export type WrittenGreenKubernetes = z.output<typeof greenKubernetes>
