/** Flags and environment, read once into one frozen record. The only reader of process.env. */
import { parseArgs } from 'node:util'
import { addressRange } from './api/core/v1/address-range.ts'
import { DEFAULT_FEATURE_GATES, FEATURE_GATE_NAMES, type FeatureGates, featureGates, type GateFault } from './api/feature-gates.ts'
import { type ClusterRange, clusterRanges, defaultClusterRanges, type NodeLengths } from './controllers/nodeipam/cluster-range.ts'
import { CONTROLLER_NAMES, type ControllerName, enabledControllers } from './controllers/switches.ts'
import { parseGoDuration } from './lib/go-duration.ts'
import { parseChurnRule } from './nodes/churn/rule.ts'
import { type ClusterBehaviour, parseBehaviour } from './nodes/inherited-behaviour.ts'
import { type NodePool, parseNodePool } from './nodes/node-pool.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly nodes: number
  readonly nodePools: readonly NodePool[]
  /** Rules as in the ConfigMaps of churn. */
  readonly churn: readonly string[]
  readonly behaviour: ClusterBehaviour
  readonly storage: StorageConfig
  /** CIDRs that Services get their cluster IPs of, one a family, the default family's first. */
  readonly serviceRanges: readonly string[]
  /** What nodes get the ranges of their pods' addresses of. */
  readonly clusterRanges: readonly ClusterRange[]
  /** Those that run. */
  readonly controllers: ReadonlySet<ControllerName>
  /** A folder of manifests, one folder a node; undefined: there are none. */
  readonly staticPods: string | undefined
  /** 0: nothing is forgotten because of its age. */
  readonly compactionIntervalMs: number
  readonly featureGates: FeatureGates
}

export type StorageConfig = { readonly kind: 'memory' } | { readonly kind: 'sqlite'; readonly path: string }

/** A flag that can't be: `message` says what to do, on one line. */
/** As of kubeadm. */
export const DEFAULT_SERVICE_RANGE = '10.96.0.0/12'

export class ConfigError extends Error {}

export const HELP = `Coracle: a Kubernetes control plane in one process, with simulated nodes.

Usage: npm start -- [flags]

Flags (or the environment variable in brackets):
  --port PORT           Port to listen on; 0 takes a free one. [CORACLE_PORT] (default 8080)
  --host ADDRESS        Address to listen on. [CORACLE_HOST] (default 127.0.0.1)
  --nodes N             Simulated nodes that join a new cluster. [CORACLE_NODES] (default 3)
                        With node pools it is 0 unless it is given.
  --node-pool POOL      Nodes that are alike and join a new cluster, as name=gpu,count=2,cpu=16,nvidia.com/gpu=2,zone=a,zone=b,
                        label:tier=ml,taint:dedicated=ml:NoSchedule. Repeatable. [CORACLE_NODE_POOL, separated by ;]
  --churn RULE          What happens to nodes when, as "*/5 * * * * reboot node-2" or "@hourly crash pool/gpu".
                        Repeatable. [CORACLE_CHURN, separated by ;]
  --behaviour KEY=VALUE How containers and nodes behave when nobody nearer says: start-delay=2s, fail-image-pull=true, run-for=1m,
                        boot-delay=30s … Repeatable. [CORACLE_BEHAVIOUR, separated by ;]
  --storage URL         Where objects are kept: sqlite:PATH or memory: [CORACLE_STORAGE] (default sqlite:coracle.db)
  --service-cluster-ip-range CIDRS
                        Where Services' cluster IPs are from: a range of one family, or of each. Two make a dual-stack cluster:
                        10.96.0.0/12,fd00:10:96::/112 [CORACLE_SERVICE_CLUSTER_IP_RANGE] (default 10.96.0.0/12)
  --cluster-cidr CIDRS  Where pods' addresses are from: nodes get a part each. One of each family makes pods dual-stack.
                        [CORACLE_CLUSTER_CIDR] (default 10.128.0.0/9 from 10.244.0.0 on, and fd00:10:244::/48 where Services
                        have IPv6)
  --node-cidr-mask-size BITS
                        How large the part of a node is. [CORACLE_NODE_CIDR_MASK_SIZE] (default 24, or 64 of IPv6); with two
                        ranges --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6
  --allocate-node-cidrs BOOLEAN
                        Whether nodes get such parts. [CORACLE_ALLOCATE_NODE_CIDRS] (default true)
  --controllers LIST    Controllers that run: * is all of them, job is that one, -job isn't. Without the job controller:
                        --controllers=*,-job [CORACLE_CONTROLLERS] (default *)
  --feature-gates LIST  Features that are on or off, as listed below: NAME=true,NAME=false [CORACLE_FEATURE_GATES]
  --static-pods DIR     Manifests of static pods: DIR/NODE/FILE, in YAML or JSON; watched. [CORACLE_STATIC_PODS]
  --compaction-interval DURATION
                        How long changes are kept for watches that resume: once to twice this; 0 is for ever.
                        [CORACLE_COMPACTION_INTERVAL] (default 5m)
  --help                Show this text.
  --version             Show the version.

Then: kubectl --server http://127.0.0.1:8080 get nodes
API of the simulation: http://127.0.0.1:8080/docs

Controllers:
${inLines(CONTROLLER_NAMES, 100)}

Feature gates, and what they are when nothing is said:
${FEATURE_GATE_NAMES.map((name) => `  ${name}=${DEFAULT_FEATURE_GATES[name]}`).join('\n')}
`

function inLines(words: readonly string[], width: number): string {
  const lines = ['']
  for (const word of words) {
    const line = lines.at(-1)!
    if (line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(` ${word}`)
  }
  return lines.map((line) => ` ${line}`).join('\n')
}

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  nodes: { type: 'string' },
  'node-pool': { type: 'string', multiple: true },
  churn: { type: 'string', multiple: true },
  behaviour: { type: 'string', multiple: true },
  storage: { type: 'string' },
  controllers: { type: 'string' },
  'static-pods': { type: 'string' },
  'compaction-interval': { type: 'string' },
  'feature-gates': { type: 'string' },
  'service-cluster-ip-range': { type: 'string' },
  'cluster-cidr': { type: 'string' },
  'node-cidr-mask-size': { type: 'string' },
  'node-cidr-mask-size-ipv4': { type: 'string' },
  'node-cidr-mask-size-ipv6': { type: 'string' },
  'allocate-node-cidrs': { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const

type RepeatableFlag = 'node-pool' | 'churn' | 'behaviour'

/** @throws ConfigError */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): Config | 'help' | 'version' {
  const flags = parseFlags(args)
  if (flags.help) return 'help'
  if (flags.version) return 'version'
  const fromEnvironment = (name: string) => environment[`CORACLE_${name.toUpperCase().replaceAll('-', '_')}`]
  const value = (name: Exclude<keyof typeof OPTIONS, 'help' | 'version' | RepeatableFlag>) => flags[name] ?? fromEnvironment(name)
  const values = (name: RepeatableFlag) =>
    flags[name] ??
    (fromEnvironment(name) ?? '')
      .split(';')
      .map((text) => text.trim())
      .filter((text) => text !== '')
  const serviceRanges = serviceRangesConfig((value('service-cluster-ip-range') ?? DEFAULT_SERVICE_RANGE).split(','))
  const nodeLength = (name: 'node-cidr-mask-size' | 'node-cidr-mask-size-ipv4' | 'node-cidr-mask-size-ipv6') => {
    const text = value(name)
    return text === undefined ? undefined : integer(`--${name}`, text, 1, 128)
  }
  const lengths = {
    any: nodeLength('node-cidr-mask-size'),
    ipv4: nodeLength('node-cidr-mask-size-ipv4'),
    ipv6: nodeLength('node-cidr-mask-size-ipv6'),
  }
  const allocates = boolean('--allocate-node-cidrs', value('allocate-node-cidrs') ?? 'true')
  const nodePools = values('node-pool').map((text) => parsed('--node-pool', text, parseNodePool))
  return Object.freeze({
    host: value('host') ?? '127.0.0.1',
    port: integer('--port', value('port') ?? '8080', 0, 65535),
    nodes: integer('--nodes', value('nodes') ?? (nodePools.length === 0 ? '3' : '0'), 0, 5000),
    nodePools,
    churn: values('churn').map((text) => {
      parsed('--churn', text, parseChurnRule)
      return text
    }),
    behaviour: Object.assign({}, ...values('behaviour').map((text) => parsed('--behaviour', text, (item) => parseBehaviour([item])))),
    storage: storageConfig(value('storage') ?? 'sqlite:coracle.db'),
    serviceRanges,
    clusterRanges: clusterRangesConfig(value('cluster-cidr')?.split(','), lengths, serviceRanges),
    controllers: controllersConfig([...(allocates ? [] : ['-node-ipam']), ...(value('controllers') ?? '*').split(',')]),
    // An empty text is no folder: so that a variable can be switched off.
    staticPods: value('static-pods') || undefined,
    compactionIntervalMs: duration('--compaction-interval', value('compaction-interval') ?? '5m'),
    featureGates: featureGatesConfig((value('feature-gates') ?? '').split(',')),
  })
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false }).values
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new ConfigError(`${reason}. See --help for the flags there are.`)
  }
}

function parsed<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (error) {
    throw new ConfigError(`${flag} ${text}: ${(error as Error).message}.`)
  }
}

function integer(flag: string, text: string, min: number, max: number): number {
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
  throw new ConfigError(`${flag} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`)
}

function boolean(flag: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new ConfigError(`${flag} must be true or false, not ${JSON.stringify(text)}.`)
}

/** In milliseconds. */
function duration(flag: string, text: string): number {
  try {
    const milliseconds = parseGoDuration(text)
    if (milliseconds >= 0) return milliseconds
  } catch {
    // Said below.
  }
  throw new ConfigError(`${flag} must be a duration like 90s, 5m or 1h30m, or 0, not ${JSON.stringify(text)}.`)
}

/** @throws ConfigError */
export function storageConfig(text: string): StorageConfig {
  if (text === 'memory:') return { kind: 'memory' }
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) return { kind: 'sqlite', path: text.slice('sqlite:'.length) }
  throw new ConfigError(`--storage must be sqlite:PATH or memory:, not ${JSON.stringify(text)}.`)
}

/** @throws ConfigError */
export function controllersConfig(list: readonly string[]): ReadonlySet<ControllerName> {
  const enabled = enabledControllers(list.map((item) => item.trim()).filter(Boolean))
  if (!('unknown' in enabled)) return enabled
  throw new ConfigError(`--controllers: there is no controller ${JSON.stringify(enabled.unknown)}. --help lists those there are.`)
}

const GATE_FAULTS: Readonly<Record<GateFault, (item: string) => string>> = {
  unknown: (item) => `there is no feature gate ${JSON.stringify(item)}. There are: ${FEATURE_GATE_NAMES.join(', ')}.`,
  noValue: (item) => `${JSON.stringify(item)} must say true or false: ${item}=true.`,
  noBoolean: (item) => `${JSON.stringify(item)} must be true or false.`,
}

/** @throws ConfigError */
export function featureGatesConfig(list: readonly string[]): FeatureGates {
  const gates = featureGates(list.map((item) => item.trim()).filter(Boolean))
  if (!('fault' in gates)) return Object.freeze(gates)
  throw new ConfigError(`--feature-gates: ${GATE_FAULTS[gates.fault](gates.item)}`)
}

/** @throws ConfigError */
export function serviceRangesConfig(list: readonly string[]): readonly string[] {
  const ranges = list.map((cidr) => addressRange(cidr.trim()))
  const families = new Set(ranges.map((range) => range?.family))
  if (ranges.length > 0 && families.size === ranges.length && !families.has(undefined)) return ranges.map((range) => range!.cidr)
  throw new ConfigError(
    `--service-cluster-ip-range must be a CIDR of IPv4 or (of a prefix of at least 64) IPv6, or one of each, not ${JSON.stringify(list.join())}.`,
  )
}

/** @param cidrs undefined: those of the Services' families
 * @throws ConfigError */
export function clusterRangesConfig(
  cidrs: readonly string[] | undefined,
  lengths: NodeLengths,
  serviceRanges: readonly string[],
): readonly ClusterRange[] {
  const defaults = defaultClusterRanges(serviceRanges)
  const isDefault = cidrs === undefined && Object.values(lengths).every((length) => length === undefined)
  if (isDefault) return defaults
  const ranges = clusterRanges(cidrs ?? defaults.map(({ cidr }) => cidr), lengths)
  if (typeof ranges !== 'string') return ranges
  throw new ConfigError(`${ranges}.`)
}
