import { describe, expect, test } from 'vitest'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'
import { created } from '../support/refusals.ts'
import { BASES } from '../support/rule-bases.ts'

// biome-ignore lint/suspicious/noExplicitAny: each row knows the kind it looks at
type Any = any

const objectOf = (path: string, patch: Any): Any => applyMergePatch(BASES[path] ?? {}, patch)

describe('what new objects may not say: kinds', () => {
  test.each<[path: string, what: string, patch: Any, faults: string[]]>([
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'a target of the core group',
      { spec: { scaleTargetRef: { apiVersion: 'v1' } } },
      ['spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group'],
    ],
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'a target with a bad version',
      { spec: { scaleTargetRef: { apiVersion: 'a/b/c' } } },
      ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
    ],
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'a container’s resource',
      {
        spec: {
          metrics: [
            {
              type: 'ContainerResource',
              containerResource: { name: 'gold', container: 'A', target: { type: 'x', averageUtilization: 0 } },
            },
          ],
        },
      },
      [
        'spec.metrics[0].containerResource.name: Invalid value: "gold": must be a standard resource type or fully qualified',
        'spec.metrics[0].containerResource.name: Invalid value: "gold": must be a standard resource for containers',
        "spec.metrics[0].containerResource.container: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'spec.metrics[0].containerResource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue',
        'spec.metrics[0].containerResource.target.averageUtilization: Invalid value: 0: must be greater than 0',
      ],
    ],
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'a described object',
      {
        spec: {
          metrics: [
            {
              type: 'Object',
              object: { describedObject: { kind: 'a/b', name: '', apiVersion: '///' }, metric: { name: '' }, target: { type: 'Value' } },
            },
          ],
        },
      },
      [
        'spec.metrics[0].object.describedObject.kind: Invalid value: "a/b": may not contain \'/\'',
        'spec.metrics[0].object.describedObject.name: Required value',
        'spec.metrics[0].object.describedObject.apiVersion: Invalid value: "///": unexpected GroupVersion string: ///',
        'spec.metrics[0].object.metric.name: Required value: must specify a metric name',
        'spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
      ],
    ],
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'two sources',
      {
        spec: {
          metrics: [
            {
              type: 'Pods',
              pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '0' } },
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1 } },
            },
          ],
        },
      },
      [
        'spec.metrics[0].pods.target.averageValue: Invalid value: "0": must be positive',
        'spec.metrics[0].resource: Forbidden: must populate the given metric source only',
      ],
    ],
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'rules of scaling',
      {
        spec: {
          behavior: {
            scaleUp: {
              tolerance: '-1',
              selectPolicy: 'x',
              stabilizationWindowSeconds: 3601,
              policies: [{ type: 'x', value: 0, periodSeconds: 1801 }],
            },
          },
        },
      },
      [
        'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
        'spec.behavior.scaleUp.selectPolicy: Unsupported value: "x": supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleUp.policies[0].type: Unsupported value: "x": supported values: "Percent", "Pods"',
        'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
        'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
        'spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    [
      'networking.k8s.io/v1/networkpolicies',
      'ranges',
      { spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['10.0.0.0/8', '11.0.0.0/24', '010.1.0.0/24', 'x'] } }] }] } },
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
        'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/24": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "010.1.0.0/24": must not have leading 0s in IP or prefix length',
        'spec.ingress[0].from[0].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'networking.k8s.io/v1/networkpolicies',
      'peers and ports',
      {
        spec: {
          egress: [
            {
              to: [{}, { podSelector: {}, ipBlock: { cidr: '' } }],
              ports: [{ port: 0, protocol: 'x' }, { endPort: 3 }, { port: 'A', endPort: 3 }, { port: 9, endPort: 3 }],
            },
          ],
        },
      },
      [
        'spec.egress[0].ports[0].protocol: Unsupported value: "x": supported values: "TCP", "UDP", "SCTP"',
        'spec.egress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.egress[0].ports[1].endPort: Invalid value: 3: may not be specified when `port` is not specified',
        'spec.egress[0].ports[2].endPort: Invalid value: 3: may not be specified when `port` is non-numeric',
        'spec.egress[0].ports[2].port: Invalid value: "A": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.egress[0].ports[2].port: Invalid value: "A": must contain at least one letter (a-z)',
        'spec.egress[0].ports[3].endPort: Invalid value: 9: must be greater than or equal to `port`',
        'spec.egress[0].to[0]: Required value: must specify a peer',
        'spec.egress[0].to[1].ipBlock.cidr: Required value',
        'spec.egress[0].to[1]: Forbidden: may not specify both ipBlock and another peer',
      ],
    ],
    [
      'networking.k8s.io/v1/ingresses',
      'paths',
      {
        spec: {
          rules: [
            {
              http: {
                paths: [
                  { path: 'a//b/..', pathType: 'Exact', backend: { service: { name: 'S', port: {} } } },
                  { pathType: 'x', backend: {} },
                  {},
                ],
              },
            },
            { host: '10.0.0.1', http: { paths: [] } },
          ],
        },
      },
      [
        'spec.rules[0].http.paths[0].path: Invalid value: "a//b/..": must be an absolute path',
        'spec.rules[0].http.paths[0].path: Invalid value: "a//b/..": must not contain \'//\'',
        'spec.rules[0].http.paths[0].path: Invalid value: "a//b/..": cannot end with \'/..\'',
        "spec.rules[0].http.paths[0].backend.service.name: Invalid value: \"S\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
        'spec.rules[0].http.paths[1].pathType: Unsupported value: "x": supported values: "Exact", "ImplementationSpecific", "Prefix"',
        'spec.rules[0].http.paths[1].backend: Invalid value: "": resource or service backend is required',
        'spec.rules[0].http.paths[2].pathType: Required value: pathType must be specified',
        'spec.rules[1].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
        'spec.rules[1].http.paths: Required value',
      ],
    ],
    [
      'networking.k8s.io/v1/ingresses',
      'secrets',
      { spec: { tls: [{ hosts: ['*', 'A'], secretName: 'A B' }] } },
      [
        "spec.tls[0].hosts[0]: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.tls[0].hosts[1]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.tls[0].secretName: Invalid value: \"A B\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      'networking.k8s.io/v1/servicecidrs',
      'two of a family',
      { spec: { cidrs: ['10.0.0.0/16', '10.1.0.0/16'] } },
      [
        'spec.cidrs: Invalid value: ["10.0.0.0/16","10.1.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
    [
      'networking.k8s.io/v1/servicecidrs',
      'one that is none',
      { spec: { cidrs: ['x', '10.1.0.0/16'] } },
      ['spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
    [
      'networking.k8s.io/v1/servicecidrs',
      'three',
      { spec: { cidrs: ['a', 'b', 'c'] } },
      ['spec.cidrs: Invalid value: {"CIDRs":["a","b","c"]}: may only hold up to 2 values'],
    ],
    [
      'node.k8s.io/v1/runtimeclasses',
      'overhead',
      { overhead: { podFixed: { gold: '1', cpu: '-1' } } },
      [
        'overhead.limits[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
        'overhead.limits[gold]: Invalid value: "gold": must be a standard resource for containers',
        'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    [
      'node.k8s.io/v1/runtimeclasses',
      'tolerations',
      {
        scheduling: {
          nodeSelector: { 'a b': 'c' },
          tolerations: [
            { key: 'k', operator: 'Exists' },
            { key: 'k', operator: 'Exists', effect: 'NoExecute' },
            { key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 },
            { operator: 'x', value: 'y' },
          ],
        },
      },
      [
        "scheduling.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'scheduling.tolerations[3].operator: Invalid value: "x": operator must be Exists when `key` is empty, which means "match all values and all keys"',
        'scheduling.tolerations[3].operator: Unsupported value: "x": supported values: "Equal", "Exists"',
        'scheduling.tolerations[2]: Duplicate value: {"Key":"k","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":3}',
      ],
    ],
    ['node.k8s.io/v1/runtimeclasses', 'no handler', { handler: '' }, ['handler: Required value']],
    [
      'discovery.k8s.io/v1/endpointslices',
      'names of hosts',
      {
        addressType: 'FQDN',
        endpoints: [
          { addresses: ['a.example.com.', '', 'a', 'A.b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b'] },
        ],
      },
      [
        'endpoints[0].addresses[1]: Required value',
        'endpoints[0].addresses[2]: Invalid value: "a": should be a domain with at least two segments separated by dots',
        "endpoints[0].addresses[3]: Invalid value: \"A.b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'endpoints[0].addresses[4]: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 63 characters',
      ],
    ],
    [
      'discovery.k8s.io/v1/endpointslices',
      'addresses',
      { endpoints: [{ addresses: ['127.0.0.1', '::1', '1.2.3', '001.2.3.4'] }] },
      [
        'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address',
        'endpoints[0].addresses[1]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'endpoints[0].addresses[2]: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'endpoints[0].addresses[3]: Invalid value: "001.2.3.4": must not have leading 0s',
      ],
    ],
    [
      'discovery.k8s.io/v1/endpointslices',
      'a long name',
      {
        ports: [
          { name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', protocol: 'TCP' },
          { name: 'a', protocol: 'x' },
        ],
      },
      [
        'ports[0].name: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 63 characters',
        'ports[1].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [
      'policy/v1/poddisruptionbudgets',
      'percents',
      { spec: { minAvailable: '101%', maxUnavailable: -1, unhealthyPodEvictionPolicy: 'x' } },
      [
        'spec: Invalid value: {"MinAvailable":"101%","Selector":null,"MaxUnavailable":-1,"UnhealthyPodEvictionPolicy":"x"}: minAvailable and maxUnavailable cannot be both set',
        'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
        'spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0',
        'spec.unhealthyPodEvictionPolicy: Unsupported value: "x": supported values: "AlwaysAllow", "IfHealthyBudget"',
      ],
    ],
    ['policy/v1/poddisruptionbudgets', 'any name', { metadata: { name: 'A_b' } }, []],
    [
      'flowcontrol.apiserver.k8s.io/v1/flowschemas',
      'the fixed ones',
      { metadata: { name: 'exempt' } },
      [
        'spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"l"},"MatchingPrecedence":1000,"DistinguisherMethod":null,"Rules":[{"Subjects":[{"Kind":"User","User":{"Name":"u"},"Group":null,"ServiceAccount":null}],"ResourceRules":null,"NonResourceRules":[{"Verbs":["get"],"NonResourceURLs":["/a"]}]}]}: spec of \'exempt\' must equal the fixed value',
      ],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/flowschemas',
      'subjects',
      {
        spec: {
          rules: [
            {
              subjects: [
                { kind: 'x' },
                { kind: 'User', group: { name: 'g' } },
                { kind: 'ServiceAccount', serviceAccount: { name: 'A' } },
                { kind: 'Group', group: {} },
              ],
            },
          ],
        },
      },
      [
        'spec.rules[0].subjects[0].kind: Unsupported value: "x": supported values: "Group", "ServiceAccount", "User"',
        "spec.rules[0].subjects[1].user: Required value: user is required when subject kind is 'User'",
        "spec.rules[0].subjects[1].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        "spec.rules[0].subjects[2].serviceAccount.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.rules[0].subjects[2].serviceAccount.namespace: Required value: must specify namespace for service account',
        'spec.rules[0].subjects[3].group.name: Required value',
        'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
      ],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/flowschemas',
      'rules',
      {
        spec: {
          rules: [
            {
              subjects: [],
              resourceRules: [
                {},
                { verbs: ['*', 'get'], apiGroups: ['*', 'a'], resources: ['*', 'a'], namespaces: ['*', 'a'] },
                { verbs: ['x'], apiGroups: [''], resources: ['pods'], namespaces: ['A'] },
              ],
              nonResourceRules: [{}, { verbs: ['*'], nonResourceURLs: ['', 'a', '/a b', '/a//b', '/*/a', '/'] }],
            },
          ],
        },
      },
      [
        'spec.rules[0].subjects: Required value: subjects must contain at least one value',
        'spec.rules[0].resourceRules[0].verbs: Required value: verbs must contain at least one value',
        'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
        'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
        'spec.rules[0].resourceRules[1].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
        'spec.rules[0].resourceRules[1].apiGroups: Invalid value: ["*","a"]: if \'*\' is present, must not specify other api groups',
        'spec.rules[0].resourceRules[1].resources: Invalid value: ["*","a"]: if \'*\' is present, must not specify other resources',
        'spec.rules[0].resourceRules[1].namespaces: Invalid value: ["*","a"]: if \'*\' is present, must not specify other namespaces',
        'spec.rules[0].resourceRules[2].verbs: Unsupported value: ["x"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
        "spec.rules[0].resourceRules[2].namespaces[0]: Invalid value: \"A\": each member of this list must be '*' or a DNS-1123 label; a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'spec.rules[0].nonResourceRules[0].verbs: Required value: verbs must contain at least one value',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs: Required value: nonResourceURLs must contain at least one value',
        'spec.rules[0].nonResourceRules[1].nonResourceURLs[0]: Invalid value: "": must not be empty',
        'spec.rules[0].nonResourceRules[1].nonResourceURLs[1]: Invalid value: "a": must start with slash',
        'spec.rules[0].nonResourceRules[1].nonResourceURLs[2]: Invalid value: "/a b": must not contain white-space',
        'spec.rules[0].nonResourceRules[1].nonResourceURLs[3]: Invalid value: "/a//b": must not contain double slash',
        'spec.rules[0].nonResourceRules[1].nonResourceURLs[4]: Invalid value: "/*/a": wildcard can only do suffix matching',
      ],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/flowschemas',
      'precedence',
      { spec: { matchingPrecedence: 1, distinguisherMethod: { type: 'x' }, priorityLevelConfiguration: { name: '' } } },
      [
        "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"x"}: supported values: "ByNamespace", "ByUser"',
        'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
      ],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
      'the fixed ones',
      { metadata: { name: 'catch-all' } },
      [
        'spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":30,"LimitResponse":{"Type":"Queue","Queuing":{"Queues":64,"HandSize":8,"QueueLengthLimit":50}},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of \'catch-all\' must equal the fixed value',
      ],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
      'queues',
      {
        spec: {
          limited: {
            borrowingLimitPercent: -1,
            lendablePercent: 101,
            nominalConcurrencyShares: -1,
            limitResponse: { queuing: { queues: 512, handSize: 8, queueLengthLimit: -1 } },
          },
        },
      },
      [
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
        'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
      'a level without limits',
      { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: -1 } } },
      [
        "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
        'spec.limited: Forbidden: must be nil if the type is not Limited',
        'spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      ],
    ],
    [
      'certificates.k8s.io/v1/certificatesigningrequests',
      'usages',
      { spec: { usages: ['x', 'any', 'any'], expirationSeconds: 599 } },
      [
        'spec.usages[0]: Unsupported value: "x": supported values: "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"',
        'spec.usages[2]: Duplicate value: "any"',
        'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
      ],
    ],
    [
      'certificates.k8s.io/v1/certificatesigningrequests',
      'signers',
      { spec: { signerName: 'a/B', usages: [] } },
      [
        'spec.usages: Required value',
        'spec.signerName: Invalid value: "a": should be a domain with at least two segments separated by dots',
        "spec.signerName: Invalid value: \"B\": validating label \"B\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      'certificates.k8s.io/v1/certificatesigningrequests',
      'a long signer',
      {
        spec: {
          signerName:
            'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc',
        },
      },
      [
        'spec.signerName: Too long: may not be more than 253 bytes',
        'spec.signerName: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b": validating label "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 63 characters',
        'spec.signerName: Invalid value: "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc": validating label "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc": must be no more than 253 characters',
        'spec.signerName: Too long: may not be more than 571 bytes',
      ],
    ],
    [
      'certificates.k8s.io/v1/certificatesigningrequests',
      'a key',
      { spec: { request: 'LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUIKLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=' } },
      [
        'spec.request: Invalid value: "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUIKLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=": PEM block type must be CERTIFICATE REQUEST',
      ],
    ],
  ])('%s: %s', (path, _, patch, faults) => {
    expect(created(path, objectOf(path, patch))).toEqual(faults)
  })
})
