import { awsCommands } from './aws-facts.ts'
import { fargateRules } from './catalogue.ts'
import type { Rule } from './rule.ts'

/** The reference of EKS Fargate's rules, as Markdown: made from the catalogue, so it can't say something else. */
export const fargatePage = (): string => `${introduction}
| rule | severity | looks at | says |
|---|---|---|---|
${fargateRules.map(row).join('\n')}

## What to do, and where that is written

${fargateRules.map(details).join('\n')}
${ending}`

const row = ({ id, severity, looksAt, says }: Rule): string =>
  `| [${id}](#${id.toLowerCase()}) | ${severity} | ${cell(looksAt)} | ${cell(says)} |`

const cell = (text: string): string => text.replaceAll('|', '\\|')

const details = ({ id, says, fix, sources, needs }: Rule): string =>
  [
    `### ${id}`,
    '',
    says,
    `- ${fix}`,
    ...(needs.length === 0 ? [] : [`- Needs ${needs.map((part) => `\`${awsCommands[part]}\``).join(', ')}.`]),
    `- ${sources.map((source) => `<${source}>`).join(' ')}`,
    '',
  ].join('\n')

const introduction = `<!-- Made from the catalogue by scripts/generate-docs.ts: change src/platform. -->
# Would it run on EKS Fargate?

\`\`\`sh
titrate check --manifests k8s/ --platform eks-fargate
helm template chart/ | titrate check --manifests - --platform eks-fargate
kubectl get all,cm,sa,ing,pvc,netpol,pdb -A -o yaml | titrate check --manifests - --platform eks-fargate
\`\`\`

It needs no release and no cluster. YAML and JSON, several documents a file, lists, folders with all that is below them; templates must be rendered first.
Exit code 0: nothing blocks; 1: a rule of severity \`error\` found something, or a file can't be read; 2: usage (also: nothing to check).

- **error**: it will not run there, or not as it does now. **warn**: it runs, and something is different or costs more. **info**: good to know.
- **Not checked** is not the same as passed: what a rule could not see is listed, with what it would need.
- **Output**: \`--output table|json|yaml|html\`. JSON has \`findings: [{ rule, severity, object, path, message, fix, source }]\`, \`sizes\` for each workload, \`notChecked\`, \`waived\`, \`estate\`.
- **Namespaces**: objects that name none are in \`--namespace NAME\`, else in \`default\`.
- **DaemonSets** are looked at too, as what they do has to go somewhere; they have no size.
- **FG34** looks for a ConfigMap that is often not among an application's manifests. Where the cluster has it, waive the rule or add the ConfigMap.

## Sizes

A pod gets the smallest size that holds max(largest init container, sum of long-running containers) of CPU and of memory, with 256 MB added to the memory. Sidecars (init containers with \`restartPolicy: Always\`) run long.
A limit without a request is the request too; a LimitRange among the objects counts. GB are GiB, as AWS counts them: \`8Gi\` is 8 GB, \`8G\` is 7.45.

| vCPU | memory (GB) |
|---|---|
| 0.25 | 0.5, 1, 2 |
| 0.5 | 1 to 4 by 1 |
| 1 | 2 to 8 by 1 |
| 2 | 4 to 16 by 1 |
| 4 | 8 to 30 by 1 |
| 8 | 16 to 60 by 4 |
| 16 | 32 to 120 by 8 |

## Facts from AWS

Some rules need what only AWS knows. They read it from files of \`aws … --output json\` in the folder of \`--aws-facts DIR\`; answers are told apart by their content, whatever the files are called, and several may be in one file.

\`\`\`sh
mkdir facts
aws eks describe-cluster --name green --output json > facts/cluster.json
for p in $(aws eks list-fargate-profiles --cluster-name green --query 'fargateProfileNames[]' --output text); do
  aws eks describe-fargate-profile --cluster-name green --fargate-profile-name "$p" --output json
done > facts/profiles.json
aws eks list-pod-identity-associations --cluster-name green --output json > facts/pod-identities.json
aws ec2 describe-subnets --output json > facts/subnets.json
aws ec2 describe-route-tables --output json > facts/route-tables.json
aws iam get-role --role-name web --output json > facts/role-web.json
aws service-quotas get-service-quota --service-code fargate --quota-code L-3032A538 --output json > facts/quota.json
aws rds describe-db-instances --output json > facts/databases.json
aws rds describe-db-parameters --db-parameter-group-name shop --output json > facts/parameters.json
\`\`\`

Where several clusters are described, green is the one that the profiles belong to.

## Waivers

A finding that somebody takes responsibility for has a reason and a last day. They stand in the release file, below \`platform\`, or in a file given with \`--waivers FILE\`; \`object\` may hold \`*\`, and is everything where it is left out.

\`\`\`yaml
waivers:
  - rule: FG34
    reason: the cluster has it; made by the platform team
    until: 2026-12-31
  - rule: FG29
    object: NetworkPolicy shop/*
    reason: security groups guard these pods
    until: 2026-12-31
\`\`\`

From its last day on a waiver counts no more: what it waived is found again, and the waiver is a finding itself. One that waives nothing is said to be useless.
The same file may have \`parity:\` with \`rewrites\` and \`waivers\`, as [the release file](release-file.md) has, for comparing two sets of manifests.

## Rules
`

const ending = `## Comparing two sets

\`\`\`sh
titrate check --blue-manifests blue/ --green-manifests green/ --platform eks-fargate --fix fixes/
\`\`\`

Blue is what runs today, green what shall. Each difference is **required** (the platform or Titrate asks for it), **declared** (a rewrite or a waiver says so) or **unexplained**, which blocks.
\`--fix\` writes a manifest for each object that would bring green in line, for review; it applies nothing. What green doesn't have is created asleep: schedules suspended, workers (no Service) at 0, KEDA paused. Secrets are compared and never written: what holds one is left to you. The rules look at green's manifests.

- Compared without green's API server, so it is labelled *not dry-run*: known defaults count as equal to nothing, but what admission would change isn't seen.
- Variables are compared by what they come to (\`env\`, \`envFrom\`, ConfigMaps, Secrets), wherever they come from. Secrets are compared by HMAC; neither values nor lengths are shown.
- Not compared: what servers, operators and other tools write (status, \`caBundle\`, aggregated rules, marks of Helm, Argo CD and Flux), replicas that an autoscaler owns, schemas of CRDs, pods, Jobs and ReplicaSets.
- Where each side has one namespace, these may have different names.

## What is not seen

- Exposure by kinds that Titrate doesn't read, such as VirtualService of Istio or IngressRoute of Traefik. Kinds that it doesn't know are listed as notes.
- Sizes of images, and what programs do that no manifest says.
- Whether an Ingress without a class goes to an ALB: it is taken to.
`
