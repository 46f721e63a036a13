import { describe, expect, test } from 'vitest'
import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isQualifiedName,
  isValidLabelValue,
  isValidPortName,
  isWildcardDns1123Subdomain,
  nameIsDnsSubdomain,
} from '../../src/api/meta/names.ts'

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

describe('names', () => {
  test.each<[(value: string) => string[], string, string[]]>([
    [isDns1123Label, 'web-1', []],
    [isDns1123Label, 'a'.repeat(63), []],
    [isDns1123Label, 'a'.repeat(64), ['must be no more than 63 characters']],
    [isDns1123Label, 'a.b', ['must not contain dots']],
    [isDns1123Label, 'Web', [LABEL]],
    [isDns1123Label, '', [LABEL]],
    [isDns1123Label, 'a\n', [LABEL]],
    [isDns1123Subdomain, '1.web-2.io', []],
    [isDns1123Subdomain, 'a..b', [SUBDOMAIN]],
    [isDns1123Subdomain, '_a', [SUBDOMAIN]],
    [isDns1123Subdomain, 'é'.repeat(127), ['must be no more than 253 characters', SUBDOMAIN]],
    [isDns1035Label, 'a1', []],
    [isDns1035Label, 'a-', [expect.stringContaining('a DNS-1035 label must consist of') as never]],
    [isDns1035Label, '1a', [expect.stringContaining("(e.g. 'my-name',  or 'abc-123', regex") as never]],
    [isQualifiedName, 'simple', []],
    [isQualifiedName, '1.2.3.4/5678', []],
    [isQualifiedName, 'Uppercase_Is.OK', []],
    [isQualifiedName, `${'a'.repeat(63)}.com/${'A'.repeat(63)}`, []],
    [isQualifiedName, 'A'.repeat(64), ['name part must be no more than 63 bytes']],
    [isQualifiedName, '/a', ['prefix part must be non-empty']],
    [isQualifiedName, 'a/', ['name part must be non-empty', NAME_PART]],
    [isQualifiedName, 'A/b', [`prefix part ${SUBDOMAIN}`]],
    [isQualifiedName, 'a/b/c', [expect.stringContaining("a valid label key must consist of alphanumeric characters, '-'") as never]],
    [isValidLabelValue, '', []],
    [isValidLabelValue, 'a_B.1', []],
    [isValidLabelValue, 'a b', [expect.stringContaining('a valid label must be an empty string or consist of') as never]],
    [isPathSegmentName, 'system:node', []],
    [isPathSegmentName, '..', ["may not be '..'"]],
    [isPathSegmentName, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    [isValidPortName, 'http-2', []],
    [isValidPortName, '80', ['must contain at least one letter (a-z)']],
    [isValidPortName, 'a--b', ['must not contain consecutive hyphens']],
    [isWildcardDns1123Subdomain, '*.example.com', []],
    [isWildcardDns1123Subdomain, '*.*.com', [expect.stringContaining("must start with '*.'") as never]],
  ])('%o of %j', (check, value, messages) => {
    expect(check(value)).toEqual(messages)
  })

  test('a prefix may end in a dash, a name may not', () => {
    expect(nameIsDnsSubdomain('web-', true)).toEqual([])
    expect(nameIsDnsSubdomain('web-', false)).toEqual([SUBDOMAIN])
    expect(nameIsDnsSubdomain('-', true)).toEqual([SUBDOMAIN])
  })
})
