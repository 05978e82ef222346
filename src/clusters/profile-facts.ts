import { mapsAt, textAt, textMapAt, textsAt } from '../kubernetes/json.ts'
import { customKinds } from '../kubernetes/kinds.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import type { AwsFacts, FargateProfile } from '../platform/aws-facts.ts'

/**
 * Facts of AWS with the Fargate profiles that a cluster's own objects tell of (those of AWS' controllers for Kubernetes),
 * where no answers of AWS were given. No such object says nothing: profiles are mostly made elsewhere.
 */
export const withProfiles = (facts: AwsFacts, objects: readonly KubernetesObject[]): AwsFacts => {
  if (facts.profiles !== null) return facts
  const profiles = objects.filter(({ sort }) => sort === customKinds.fargateProfile).map(profileOf)
  return profiles.length === 0 ? facts : { ...facts, profiles }
}

const profileOf = ({ body, name }: KubernetesObject): FargateProfile => ({
  name: textAt(body, 'spec', 'name') ?? name,
  cluster: textAt(body, 'spec', 'clusterName') ?? '',
  subnets: textsAt(body, 'spec', 'subnets'),
  selectors: mapsAt(body, 'spec', 'selectors').map(({ map }) => ({
    namespace: textAt(map, 'namespace') ?? '',
    labels: textMapAt(map, 'labels'),
  })),
  active: true,
})
