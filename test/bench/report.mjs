// How figures are printed.
export const rate = (value) => `${Math.round(value).toLocaleString('en-US')}/s`
export const ms = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`
export const share = (value, base) => `${Math.round((100 * value) / base)} %`

export function heading(text) {
  console.log(`\n${text}`)
}

export function row(name, ...cells) {
  console.log(`  ${name.padEnd(44)}${cells.map((cell) => String(cell).padStart(16)).join('')}`)
}
