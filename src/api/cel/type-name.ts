/** As upstream writes it: `list<string>` is `list(string)`. @param unknownType what `dyn` is called */
export function typeName(type: string, unknownType: string): string {
  return type
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replaceAll(/\bdyn\b/g, unknownType)
}
