/** IPv4 addresses as 32-bit integers. */

export function parseIPv4(text: string | undefined): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text ?? '')
  if (match === null) return undefined
  const bytes = match.slice(1).map(Number)
  return bytes.some((byte) => byte > 255) ? undefined : bytes.reduce((address, byte) => address * 256 + byte, 0)
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

export interface Subnet {
  /** The network's own address. */
  readonly first: number
  /** How many addresses, the network's and the broadcast's among them. */
  readonly size: number
}

/** undefined for what isn't an IPv4 CIDR. */
export function parseSubnet(cidr: string | undefined): Subnet | undefined {
  const [address, bits] = (cidr ?? '').split('/')
  const parsed = parseIPv4(address)
  if (parsed === undefined || !/^\d{1,2}$/.test(bits ?? '') || Number(bits) > 32) return undefined
  const size = 2 ** (32 - Number(bits))
  return { first: parsed - (parsed % size), size }
}
