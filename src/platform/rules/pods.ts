import { at, isTrueAt, listAt, mapsAt, textAt, textsAt } from '../../kubernetes/json.ts'
import { eachContainer, eachPod, found, guide, type Rule, roadmap } from '../rule.ts'
import { constraintsOf } from '../scheduling.ts'

const considerations = guide('fargate')

/** FG01–FG06, FG11–FG13: what a pod may not ask for. */
export const podRules: readonly Rule[] = [
  {
    id: 'FG01',
    looksAt: 'kind DaemonSet',
    severity: 'error',
    says: 'DaemonSets are not supported: no node is there to run one on.',
    fix: 'Make what it does a sidecar of the pods that need it, or leave it on EC2 nodes.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload: { object }, text }) =>
      object.sort === 'DaemonSet' ? [found(text, 'kind', 'a DaemonSet gets no pod on Fargate')] : [],
    ),
  },
  {
    id: 'FG02',
    looksAt: '`securityContext.privileged: true`',
    severity: 'error',
    says: 'Privileged containers are not supported.',
    fix: 'Remove `privileged`, and what needs it.',
    sources: [considerations],
    needs: [],
    find: eachContainer(({ body }) =>
      isTrueAt(body, 'securityContext', 'privileged') ? [['securityContext.privileged', 'is privileged']] : [],
    ),
  },
  {
    id: 'FG03',
    looksAt: 'any `securityContext.capabilities.add`',
    severity: 'error',
    says: 'Capabilities can only be dropped.',
    fix: 'Remove `capabilities.add`; for ports below 1024, listen on a higher one and map it in the Service.',
    sources: [roadmap(1102), 'https://docs.aws.amazon.com/eks/latest/best-practices/pod-security.html'],
    needs: [],
    find: eachContainer(({ body }) => {
      const added = textsAt(body, 'securityContext', 'capabilities', 'add')
      return added.length === 0 ? [] : [['securityContext.capabilities.add', `adds ${added.join(', ')}`]]
    }),
  },
  {
    id: 'FG04',
    looksAt: '`securityContext.allowPrivilegeEscalation: true`',
    severity: 'warn',
    says: 'Such pods have been rejected.',
    fix: 'Set it to false; where it must stay, try one pod before anything depends on it.',
    sources: ['https://github.com/kubernetes/ingress-nginx/issues/4888'],
    needs: [],
    find: eachContainer(({ body }) =>
      isTrueAt(body, 'securityContext', 'allowPrivilegeEscalation')
        ? [['securityContext.allowPrivilegeEscalation', 'allows privilege escalation']]
        : [],
    ),
  },
  {
    id: 'FG05',
    looksAt: '`hostNetwork`, `hostPort`, `hostIP`',
    severity: 'error',
    says: 'Networking of the host is not supported.',
    fix: 'Remove it, and reach the pod by a Service.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload, text }) => [
      ...(isTrueAt(workload.pod, 'hostNetwork')
        ? [found(text, `${workload.podPath}.hostNetwork`, "the pod uses its host's network")]
        : []),
      ...workload.containers.flatMap(({ name, path, body }) =>
        mapsAt(body, 'ports').flatMap(({ map, index }) =>
          (['hostPort', 'hostIP'] as const)
            .filter((field) => map[field] !== undefined && map[field] !== 0 && map[field] !== '' && map[field] !== null)
            .map((field) =>
              found(
                text,
                `${path}.ports[${index}].${field}`,
                `container ${name} takes a ${field === 'hostPort' ? 'port' : 'address'} of its host`,
              ),
            ),
        ),
      ),
    ]),
  },
  {
    id: 'FG06',
    looksAt: '`hostPID`, `hostIPC`',
    severity: 'error',
    says: 'Not documented; treat it as unsupported.',
    fix: 'Remove it; containers of one pod can share processes by `shareProcessNamespace`.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload: { pod, podPath }, text }) =>
      (['hostPID', 'hostIPC'] as const)
        .filter((field) => isTrueAt(pod, field))
        .map((field) => found(text, `${podPath}.${field}`, `the pod asks for ${field}`)),
    ),
  },
  {
    id: 'FG11',
    looksAt: 'resources such as `nvidia.com/gpu`, `aws.amazon.com/neuron`',
    severity: 'error',
    says: 'GPUs, Inferentia and other devices are not available.',
    fix: 'Leave it on EC2 nodes.',
    sources: [considerations],
    needs: [],
    find: eachContainer(({ body }) =>
      ['limits', 'requests'].flatMap((field) =>
        Object.keys(asMap(at(body, 'resources', field)))
          .filter((resource) => resource.includes('/'))
          .map((resource) => [`resources.${field}["${resource}"]`, `asks for ${resource}`] as const),
      ),
    ),
  },
  {
    id: 'FG12',
    looksAt: 'architecture arm64: node selector, affinity, or the image’s name',
    severity: 'error',
    says: 'There is no Arm.',
    fix: 'Build the image for amd64 too, and remove the constraint.',
    sources: [considerations, roadmap(1629)],
    needs: [],
    find: eachPod(({ workload, text }) => [
      ...constraintsOf(workload)
        .filter(
          ({ key, values }) =>
            /^(beta\.)?kubernetes\.io\/arch$/.test(key) && values.includes('arm64') && !values.includes('amd64'),
        )
        .map(({ path }) => found(text, path, 'the pod wants a node of architecture arm64')),
      ...workload.containers
        .filter(({ body }) =>
          /(^|\/)arm(32|64)v\d\/|[:_-](arm64|aarch64)(v8)?($|[._@-])/.test(textAt(body, 'image') ?? ''),
        )
        .map(({ name, path, body }) =>
          found(text, `${path}.image`, `container ${name} has an image for arm64, ${textAt(body, 'image')}`),
        ),
    ]),
  },
  {
    id: 'FG13',
    looksAt: 'Windows: `os.name`, node selector, `windowsOptions`, the image',
    severity: 'error',
    says: 'Windows is not supported.',
    fix: 'Leave it on Windows nodes.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload, text }) => {
      const { pod, podPath, containers } = workload
      const windows: (readonly [path: string, message: string])[] = []
      if (textAt(pod, 'os', 'name') === 'windows') windows.push([`${podPath}.os.name`, 'the pod is for Windows'])
      for (const { key, values, path } of constraintsOf(workload)) {
        if (/^(beta\.)?kubernetes\.io\/os$/.test(key) && values.includes('windows') && !values.includes('linux'))
          windows.push([path, 'the pod wants a node with Windows'])
      }
      if (at(pod, 'securityContext', 'windowsOptions') !== undefined)
        windows.push([`${podPath}.securityContext.windowsOptions`, 'the pod has options for Windows'])
      for (const { name, path, body } of containers) {
        if (
          /mcr\.microsoft\.com\/(windows|dotnet\/framework)\b|nanoserver|servercore/.test(textAt(body, 'image') ?? '')
        )
          windows.push([`${path}.image`, `container ${name} has an image for Windows`])
        if (at(body, 'securityContext', 'windowsOptions') !== undefined)
          windows.push([`${path}.securityContext.windowsOptions`, `container ${name} has options for Windows`])
      }
      return windows.map(([path, message]) => found(text, path, message))
    }),
  },
]

const asMap = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

/** Programs that are known to need something of the kernel that Fargate doesn't give. */
const kernelTools =
  /(^|\/)(falco|falco-driver-loader|tracee|tetragon|pixie|bpftrace|bcc|beyla|parca-agent|inspektor-gadget|gadget|kepler|cilium|hubble|coroot-node-agent|ebpf[\w-]*|sysdig[\w-]*|pyroscope-ebpf)([:@]|$)/

/** FG36, FG38, FG40: what a pod expects of the machine below it. */
export const hostRules: readonly Rule[] = [
  {
    id: 'FG36',
    looksAt: '`fieldRef: status.hostIP`, sockets of node agents',
    severity: 'warn',
    says: 'There is no agent on the node to talk to.',
    fix: 'Run the agent as a sidecar, or send to a Service of it.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload, text, variables }) =>
      workload.containers.flatMap((container) => [
        ...mapsAt(container.body, 'env')
          .filter(({ map }) =>
            ['status.hostIP', 'status.hostIPs'].includes(textAt(map, 'valueFrom', 'fieldRef', 'fieldPath') ?? ''),
          )
          .map(({ map, index }) =>
            found(
              text,
              `${container.path}.env[${index}]`,
              `container ${container.name} gets the address of its node as ${textAt(map, 'name')}`,
            ),
          ),
        ...[...variables(container).values()]
          .filter(({ kind, value }) => kind === 'plain' && /^(unix:\/\/)?\/var\/run\/\S+\.sock\b/.test(value))
          .map(({ name }) =>
            found(
              text,
              `${container.path}.env`,
              `container ${container.name} is told of a socket of the node by ${name}`,
            ),
          ),
      ]),
    ),
  },
  {
    id: 'FG38',
    looksAt: 'databases, brokers and proxies; `ulimit` in commands',
    severity: 'info',
    says: 'Open files and processes have the soft limit 1024.',
    fix: 'Let the program raise its own soft limit at its start (`ulimit -n`), up to the hard limit.',
    sources: [considerations],
    needs: [],
    find: eachContainer(({ body }) => {
      const image = textAt(body, 'image') ?? ''
      const words = [...textsAt(body, 'command'), ...textsAt(body, 'args')].join(' ')
      if (/\bulimit\b|\bnofile\b|\bnproc\b/i.test(words))
        return [[listAt(body, 'command').length > 0 ? 'command' : 'args', 'sets limits of files or processes']]
      return manyFiles.test(image) ? [['image', `runs ${image}, which opens many files`]] : []
    }),
  },
  {
    id: 'FG40',
    looksAt: 'SYS_PTRACE, BPF; images of tools that need eBPF or ptrace',
    severity: 'error',
    says: 'ptrace and eBPF are not available.',
    fix: 'Use an agent that works inside the process, or leave it on EC2 nodes.',
    sources: [roadmap(1102), roadmap(1027)],
    needs: [],
    find: eachContainer(({ body }) => {
      const added = textsAt(body, 'securityContext', 'capabilities', 'add').filter((one) =>
        /^(CAP_)?(SYS_PTRACE|BPF|PERFMON)$/i.test(one),
      )
      const image = textAt(body, 'image') ?? ''
      return [
        ...(added.length > 0 ? [['securityContext.capabilities.add', `asks for ${added.join(', ')}`] as const] : []),
        ...(kernelTools.test(image) ? [['image', `runs ${image}, which needs eBPF or ptrace`] as const] : []),
      ]
    }),
  },
]

const manyFiles =
  /(^|\/)(elasticsearch|opensearch|kafka|cp-kafka|cassandra|scylla|mongo|mongodb|clickhouse-server|haproxy|postgres|postgresql|mysql|mariadb|redis|rabbitmq|solr|zookeeper|envoy|nginx|traefik)([:@]|$)/
