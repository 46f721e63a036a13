import { describe, expect, test } from 'vitest'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'
import { created } from '../support/refusals.ts'
import { BASES } from '../support/rule-bases.ts'

// biome-ignore lint/suspicious/noExplicitAny: each row knows the kind it looks at
type Any = any

const objectOf = (path: string, patch: Any): Any => applyMergePatch(BASES[path] ?? {}, patch)

describe('what new objects may not say: kinds of admission', () => {
  test.each<[path: string, what: string, patch: Any, faults: string[]]>([
    [
      'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
      'rules',
      {
        webhooks: [
          {
            name: 'a.example.com',
            clientConfig: { url: 'https://a' },
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            rules: [
              {},
              {
                operations: ['*', 'x'],
                apiGroups: ['*', 'a'],
                apiVersions: ['*', ''],
                resources: ['*', 'a', 'b/*', 'b/c', '*/d', 'e/d', '*/*', ''],
                scope: 'x',
              },
            ],
          },
        ],
      },
      [
        'webhooks[0].rules[0].operations: Required value',
        'webhooks[0].rules[0].apiGroups: Required value',
        'webhooks[0].rules[0].apiVersions: Required value',
        'webhooks[0].rules[0].resources: Required value',
        'webhooks[0].rules[1].operations: Invalid value: ["*","x"]: if \'*\' is present, must not specify other operations',
        'webhooks[0].rules[1].operations[1]: Unsupported value: "x": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        'webhooks[0].rules[1].apiGroups: Invalid value: ["*","a"]: if \'*\' is present, must not specify other API groups',
        'webhooks[0].rules[1].apiVersions: Invalid value: ["*",""]: if \'*\' is present, must not specify other API versions',
        'webhooks[0].rules[1].apiVersions[1]: Required value',
        'webhooks[0].rules[1].resources[3]: Invalid value: "b/c": if \'b/*\' is present, must not specify b/c',
        'webhooks[0].rules[1].resources[5]: Invalid value: "e/d": if \'*/d\' is present, must not specify e/d',
        'webhooks[0].rules[1].resources[7]: Required value',
        'webhooks[0].rules[1].resources: Invalid value: ["*","a","b/*","b/c","*/d","e/d","*/*",""]: if \'*/*\' is present, must not specify other resources',
        'webhooks[0].rules[1].resources: Invalid value: ["*","a","b/*","b/c","*/d","e/d","*/*",""]: if \'*\' is present, must not specify other resources without subresources',
        'webhooks[0].rules[1].scope: Unsupported value: "x": supported values: "*", "Cluster", "Namespaced"',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
      'clients',
      {
        webhooks: [
          { name: 'a.example.com', clientConfig: {}, sideEffects: 'None', admissionReviewVersions: ['v1'] },
          { name: 'b', clientConfig: { url: 'http://u:p@/a?b=c#d' }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
          {
            name: 'c.example.com',
            clientConfig: { service: { name: '', namespace: 'n', path: '/a//B', port: 0 } },
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      },
      [
        'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
        'webhooks[1].name: Invalid value: "b": should be a domain with at least three segments separated by dots',
        'webhooks[1].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
        'webhooks[1].clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]',
        'webhooks[1].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL',
        'webhooks[1].clientConfig.url: Invalid value: "d": fragments are not permitted in the URL',
        'webhooks[1].clientConfig.url: Invalid value: "b=c": query parameters are not permitted in the URL',
        'webhooks[2].clientConfig.service.namespace: Required value',
        'webhooks[2].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
        'webhooks[2].clientConfig.service.path: Invalid value: "/a//B": segment[1] may not be empty',
        "webhooks[2].clientConfig.service.path: Invalid value: \"/a//B\": segment[2]: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
      'conditions',
      {
        webhooks: [
          {
            name: 'a.example.com',
            clientConfig: { url: 'https://a' },
            sideEffects: 'Some',
            admissionReviewVersions: ['v0', 'v0', '1'],
            matchConditions: [
              { name: 'a', expression: 'true' },
              { name: 'a', expression: ' ' },
              { name: '', expression: 'true' },
            ],
            timeoutSeconds: 31,
          },
          { name: 'a.example.com', clientConfig: { url: 'https://a' }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
        ],
      },
      [
        'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
        'webhooks[0].matchConditions[1].expression: Required value',
        'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
        'webhooks[0].matchConditions[2].name: Required value',
        'webhooks[0].admissionReviewVersions[1]: Invalid value: "v0": duplicate version',
        "webhooks[0].admissionReviewVersions[2]: Invalid value: \"1\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        'webhooks[0].admissionReviewVersions: Invalid value: ["v0","v0","1"]: must include at least one of v1, v1beta1',
        'webhooks[1].name: Duplicate value: "a.example.com"',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
      'parameters',
      { spec: { paramKind: { apiVersion: 'A/1', kind: 'K k' }, failurePolicy: 'x' } },
      [
        'spec.failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"',
        "spec.paramKind.apiVersion: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.paramKind.apiVersion: Invalid value: \"1\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        "spec.paramKind.kind: Invalid value: \"K k\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
      'parts',
      {
        spec: {
          variables: [{ name: 'for', expression: ' ' }],
          validations: [{ expression: ' ', message: 'a\nb', messageExpression: ' ', reason: 'x' }],
          auditAnnotations: [{ key: 'a b', valueExpression: '' }],
        },
      },
      [
        'spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier',
        'spec.variables[0].expression: Required value: expression is not specified',
        'spec.validations[0].expression: Required value: expression is not specified',
        'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
        'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
        'spec.validations[0].reason: Unsupported value: "x": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
        "spec.auditAnnotations[0].key: Invalid value: \"a/a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
      'names of objects',
      {
        spec: {
          matchConstraints: {
            matchPolicy: 'x',
            resourceRules: [
              { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], resourceNames: ['a/b', 'c', 'c'] },
            ],
          },
        },
      },
      [
        'spec.matchConstraints.matchPolicy: Unsupported value: "x": supported values: "Equivalent", "Exact"',
        'spec.matchConstraints.resourceRules[0].resourceNames[0]: Invalid value: "a/b": may not contain \'/\'',
        'spec.matchConstraints.resourceRules[0].resourceNames[2]: Duplicate value: "c"',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
      'nothing',
      { spec: null },
      [
        'spec.matchConstraints: Required value',
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
      'actions',
      { spec: { validationActions: ['Deny', 'Warn', 'Warn', 'x'] } },
      [
        'spec.validationActions[2]: Duplicate value: "Warn"',
        'spec.validationActions[3]: Unsupported value: "x": supported values: "Audit", "Deny", "Warn"',
        'spec.validationActions: Invalid value: ["Deny","Warn","Warn","x"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
      'parameters',
      {
        spec: {
          policyName: 'A',
          validationActions: null,
          paramRef: { name: 'a/b', selector: { matchLabels: { 'a b': 'c' } }, parameterNotFoundAction: 'x' },
        },
      },
      [
        "spec.policyName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.paramRef.name: Invalid value: "a/b": may not contain \'/\'',
        'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
        "spec.paramRef.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.parameterNotFoundAction: Unsupported value: "x": supported values: "Deny", "Allow"',
        'spec.validationActions: Required value: at least one validation action is required',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
      'patches',
      {
        spec: {
          reinvocationPolicy: 'x',
          mutations: [
            {},
            { patchType: 'x' },
            { patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } },
            { patchType: 'ApplyConfiguration', applyConfiguration: { expression: '' } },
          ],
        },
      },
      [
        'spec.mutations[0].patchType: Required value',
        'spec.mutations[1].patchType: Unsupported value: "x": supported values: "ApplyConfiguration", "JSONPatch"',
        'spec.mutations[2].jsonPatch: Required value: must be specified when patchType is JSONPatch',
        'spec.mutations[2].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
        'spec.mutations[3].applyConfiguration.expression: Required value',
        'spec.reinvocationPolicy: Unsupported value: "x": supported values: "IfNeeded", "Never"',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
      'deletions',
      {
        spec: {
          matchConstraints: { resourceRules: [{ operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
        },
      },
      ['spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'],
    ],
    [
      'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings',
      'no parameters',
      { spec: { policyName: '', paramRef: {} } },
      [
        'spec.policyName: Required value',
        'spec.paramRef: Required value: one of name or selector must be specified',
        'spec.paramRef.parameterNotFoundAction: Required value',
      ],
    ],
  ])('%s: %s', (path, _, patch, faults) => {
    expect(created(path, objectOf(path, patch))).toEqual(faults)
  })
})
