import { type ClusterRule, clusterRules } from './cluster-rules.ts'

/** How clusters are checked, as Markdown: the rules are made from the catalogue, so the page can't say something else. */
export const clustersPage = (): string => `${introduction}
| rule | severity | says | what to do |
|---|---|---|---|
${clusterRules.map(row).join('\n')}
${ending}`

const row = ({ id, severity, says, fix, sources }: ClusterRule): string =>
  `| [${id}](${sources[0]}) | ${severity} | ${cell(says)} | ${cell(fix)} |`

const cell = (text: string): string => text.replaceAll('|', '\\|')

const introduction = `<!-- Made from the catalogue by scripts/generate-docs.ts: change src/clusters. -->
# Checking clusters

\`\`\`sh
titrate check --context shop-ec2 --namespace shop --platform eks-fargate          # would this run on Fargate?
titrate check --blue-context shop-ec2 --green-context shop-fargate --namespace shop
titrate check --blue-context shop --green-context shop --namespace shop --green-namespace shop-fargate
titrate check --context shop --namespace shop --selector eks.amazonaws.com/fargate-profile=shop
titrate check --blue-context shop-ec2 --green-context shop-fargate --all-namespaces --output html > check.html
\`\`\`

It needs no release, and creates nothing. Each kind is read by one paged list (500 objects a page), at most 40 requests a second (\`--requests-per-second\`). Without \`--namespace\` it is the namespace of the context; \`--all-namespaces\` leaves out \`kube-system\`, \`kube-public\` and \`kube-node-lease\`.
Exit code 0: nothing blocks; 1: a finding of severity \`error\`, an unexplained difference, or a cluster that can't be read; 2: usage, such as a namespace that is not there.

- **What is read**: workloads, Services, Ingresses, Gateway API routes, autoscalers (KEDA's too), budgets, policies, accounts and roles, ConfigMaps, Secrets, claims, quotas and limits; of the whole cluster nodes, volumes, classes and cluster roles, as far as the namespaces use them. Pods and Jobs of other objects, and kinds that Titrate doesn't know, are not.
- **A kind that may not be read** is listed as *not checked*, and compared on neither side. Secrets may be forbidden altogether. Kinds that a cluster doesn't serve are not there.
- **Parity** asks green's own API server: what differs, or is missing there, is sent to it as a dry run (a patch that replaces the whole object, or a server-side apply of what isn't there), so that its defaults and its admission run. What could not be dry-run is labelled so; what it refuses is a finding. Secrets are compared by HMAC, and sent nowhere.
- **Platform rules** ([fargate.md](fargate.md)) look at what will be on green: what is there, and what of blue is missing. With one cluster, at that.
- **Split by a label**: green is what has the label (pods of workloads; other objects themselves) or a name with the ending \`--suffix\`; Services, autoscalers and budgets are of one side, all else without the ending is both sides'.
- **Waivers and rewrites**: as for manifests, \`--waivers FILE\`, and those of a release file beside it. \`KC\` rules may be waived as \`FG\` rules.

## What is asked of both clusters
`

const ending = `
## Bringing green in line

\`--fix DIR\` writes a manifest for each object that would bring green in line, for review. \`--apply\` says what it would write, asks (\`--yes\` doesn't), writes it by server-side apply as the field manager \`titrate\`, and looks again: what is printed then is what came of it.

- Created asleep: schedules suspended, workers (no Service) at 0, KEDA paused; without the marks by which Helm, Argo CD or Flux would take them for their own.
- Only the fields that differ are applied, never forced: a field that another manager set stays, and it is said whose it is. What Helm, Argo CD, Flux or an operator manages is left alone altogether: they would put it back.
- Nothing is deleted. What only green has is left to you.
- Secrets, and what looks like one in plain sight, are never written into DIR; \`--apply\` writes them to green, where permitted.

## Rights

\`titrate access release.yaml\` prints a ServiceAccount, and a Role with its binding for each namespace, for what moves in *this* release: \`--side green | kubectl --context GREEN apply -f -\`. Each right is there with what it is for. \`examples/kubernetes/access-blue.yaml\` and \`access-green.yaml\` have those of any release of one namespace, for those who give rights before there is a plan.
\`check\`, \`plan\` and \`run\` ask both API servers what the identity may do, and refuse before anything moves when a right to move is missing: they name the right and what it is for. Rights to look (the ClusterRole, lists of what surrounds a workload) may be left out: what depends on them is then not checked.
A copy of a Role needs \`escalate\` on that Role by its name, as the API server lets nobody give rights that they don't have; leave it out where people make the Role on green.
`
