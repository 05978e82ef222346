import { z } from 'zod'
import { gatewayDefaults } from './defaults.ts'
import { documented, required } from './documented.ts'

const text = z.string().min(1)
/** RFC 1123, as Kubernetes has it. */
const namespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a namespace: small letters, digits and “-”')
const objectName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a Service')
/** RFC 9110. */
const token = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'letters, digits and “-”')

const gatewaySchema = z.strictObject({
  namespaces: documented(
    z.array(namespace).min(1).max(500),
    'Where HTTPRoutes are, on blue’s cluster; without them, the namespaces that move.',
  ),
  backend: documented(
    z.enum(['service', 'import']),
    'What stands for green in a rule: a `service`, or an `import` (ServiceImport) that a multi-cluster controller makes of green’s.',
    gatewayDefaults.backend,
  ),
  suffix: documented(
    z.string().regex(/^(-[a-z0-9-]{0,20}[a-z0-9])?$/, 'empty, or a “-” followed by small letters and digits'),
    'What follows the name of blue’s Service in that of green’s backend; without it, the suffix of a selector, nothing for an import or in a namespace of its own, and -green between two clusters.',
  ),
  names: documented(
    z.record(objectName, objectName),
    'Names of green’s backends that don’t follow from this, by the name of blue’s Service.',
  ),
  test: documented(
    z.strictObject({
      header: documented(token, 'A header by which testers reach green; its value is `green`.', gatewayDefaults.header),
      cookie: documented(
        token,
        'A cookie that does it too, with the same value; none: only the header. It takes a gateway that matches headers by regular expressions.',
      ),
    }),
    'How testers reach green before users do.',
  ),
})

/** What divides user traffic. */
export const routerSchema = z.union(
  [
    text,
    z.strictObject({ gateway: required(gatewaySchema, 'By the HTTPRoutes of the Gateway API, on blue’s cluster.') }),
  ],
  { error: 'the path of a router’s file, or { gateway: {} }' },
)

export type WrittenRouter = z.output<typeof routerSchema>
