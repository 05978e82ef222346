import { isPublicSubnet, profileLabel, profilesFor } from '../profiles.ts'
import { found, guide, listNames, type Outcome, type Rule, withoutFact } from '../rule.ts'

const profilesPage = guide('fargate-profile')

/** FG20–FG23: whether Fargate takes the pods at all, and where. */
export const profileRules: readonly Rule[] = [
  {
    id: 'FG20',
    looksAt: 'Fargate profiles, for each pod',
    severity: 'error',
    says: 'No profile matches, so the pod stays Pending, or goes to an EC2 node.',
    fix: 'Add a profile for its namespace (and labels), or label the pod as a profile asks.',
    sources: [profilesPage],
    needs: ['profiles'],
    find: ({ pods, facts: { profiles } }) => {
      if (profiles === null) return [withoutFact('profiles')]
      return pods
        .filter(({ workload }) => workload.object.sort !== 'DaemonSet')
        .flatMap(({ workload, text }): readonly Outcome[] => {
          const matching = profilesFor(workload, profiles)
          const pinned = workload.podLabels[profileLabel]
          if (pinned !== undefined && !matching.some(({ name }) => name === pinned)) {
            return [
              found(
                text,
                `metadata.labels["${profileLabel}"]`,
                `its label names the profile ${pinned}, which doesn't match it or isn't there`,
              ),
            ]
          }
          const have =
            profiles.length === 0 ? 'there are none' : `there are ${listNames(profiles.map(({ name }) => name))}`
          return matching.length > 0
            ? []
            : [
                found(
                  text,
                  'metadata.namespace',
                  `no profile matches pods of namespace ${workload.namespace} with its labels; ${have}`,
                ),
              ]
        })
    },
  },
  {
    id: 'FG21',
    looksAt: 'several Fargate profiles for one pod',
    severity: 'warn',
    says: 'The alphanumerically first one wins.',
    fix: `Pin the profile with the label \`${profileLabel}\`.`,
    sources: [profilesPage],
    needs: ['profiles'],
    find: ({ pods, facts: { profiles } }) => {
      if (profiles === null) return [withoutFact('profiles')]
      return pods
        .filter(
          ({ workload: { object, podLabels } }) => object.sort !== 'DaemonSet' && podLabels[profileLabel] === undefined,
        )
        .flatMap(({ workload, text }): readonly Outcome[] => {
          const names = profilesFor(workload, profiles).map(({ name }) => name)
          return names.length < 2
            ? []
            : [found(text, 'metadata.labels', `the profiles ${listNames(names)} match it; ${names[0]} wins`)]
        })
    },
  },
  {
    id: 'FG22',
    looksAt: 'profiles with more than 5 selectors, or a public subnet',
    severity: 'error',
    says: 'A profile has at most 5 selectors, and private subnets only.',
    fix: 'Divide the profile, or use wildcards; name subnets without a route to an internet gateway.',
    sources: [profilesPage],
    needs: ['profiles', 'routeTables'],
    find: ({ facts }) => {
      if (facts.profiles === null) return [withoutFact('profiles')]
      return facts.profiles.flatMap(({ name, selectors, subnets }): readonly Outcome[] => [
        ...(selectors.length > 5
          ? [found(`FargateProfile ${name}`, 'selectors', `it has ${selectors.length} selectors, expected at most 5`)]
          : []),
        ...subnets.flatMap((subnet, index): readonly Outcome[] => {
          const open = isPublicSubnet(subnet, facts)
          if (open === null) return [withoutFact('routeTables', `whether ${subnet} of profile ${name} is public`)]
          return open
            ? [found(`FargateProfile ${name}`, `subnets[${index}]`, `${subnet} has a route to an internet gateway`)]
            : []
        }),
      ])
    },
  },
  {
    id: 'FG23',
    looksAt: 'profiles with more than one subnet',
    severity: 'warn',
    says: 'Pods spread unevenly over its subnets, and topology spread does not apply.',
    fix: 'Where zones matter, make one profile a zone, with one subnet each, and one Deployment for each.',
    sources: [profilesPage],
    needs: ['profiles'],
    find: ({ facts: { profiles } }) =>
      profiles === null
        ? [withoutFact('profiles')]
        : profiles
            .filter(({ subnets }) => subnets.length > 1)
            .map(({ name, subnets }) => found(`FargateProfile ${name}`, 'subnets', `it has ${subnets.length} subnets`)),
  },
]
