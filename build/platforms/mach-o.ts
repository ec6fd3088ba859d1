import { createHash } from 'node:crypto'

/**
 * What the build does to a program for macOS, a 64-bit Mach-O file. Sources: Apple's mach-o/loader.h, mach-o/nlist.h
 * and cs_blobs.h. Every function throws a RangeError for a file that is laid out in another way.
 */

/** The numbers of the load commands, LC_… in loader.h. */
const loadCommand = { symbols: 0x2, dynamicSymbols: 0xb, segment: 0x19, signature: 0x1d }
const symbolSize = 16
const hashedPage = 4096

/** A program without its local symbols, as `strip -x` leaves it. The symbols have to be the end of the file. */
export function withoutLocalSymbols(program: Buffer): Buffer {
  const symbols = find(program, loadCommand.symbols)
  const dynamic = find(program, loadCommand.dynamicSymbols)
  const word = (at: number) => program.readUInt32LE(at)
  const table = { at: word(symbols + 8), count: word(symbols + 12) }
  const names = { at: word(symbols + 16), size: word(symbols + 20) }
  const references = { at: word(dynamic + 56), count: word(dynamic + 60) }
  const locals = word(dynamic + 12)
  const tail = [table.at, references.at, names.at, program.length]
  if (
    names.at + names.size !== program.length ||
    !tail.every((at, index) => index === 0 || at >= (tail[index - 1] ?? 0))
  )
    throw new RangeError('the symbols of this Mach-O program are not its end')

  const kept = Buffer.from(program.subarray(table.at + symbolSize * locals, table.at + symbolSize * table.count))
  const keptNames = [Buffer.from(' \0')]
  let namesSize = 2
  for (let at = 0; at < kept.length; at += symbolSize) {
    const from = names.at + kept.readUInt32LE(at)
    const name = program.subarray(from, program.indexOf(0, from) + 1)
    kept.writeUInt32LE(namesSize, at)
    keptNames.push(Buffer.from(name))
    namesSize += name.length
  }
  const keptReferences = Buffer.from(program.subarray(references.at, references.at + 4 * references.count))
  for (let at = 0; at < keptReferences.length; at += 4) {
    const index = keptReferences.readUInt32LE(at)
    // INDIRECT_SYMBOL_LOCAL and INDIRECT_SYMBOL_ABS are no index
    if (index < 0x40000000) keptReferences.writeUInt32LE(index - locals, at)
  }
  const referencesAt = table.at + kept.length
  const padding = Buffer.alloc(-(kept.length + keptReferences.length + namesSize) & 7)
  const stripped = Buffer.concat([program.subarray(0, table.at), kept, keptReferences, ...keptNames, padding])
  write(stripped, symbols + 12, [
    kept.length / symbolSize,
    referencesAt + keptReferences.length,
    namesSize + padding.length,
  ])
  // the local ones first, then those that are defined, then those that are not: an index and a count of each
  write(stripped, dynamic + 8, [0, 0, word(dynamic + 16) - locals, word(dynamic + 20), word(dynamic + 24) - locals])
  write(stripped, dynamic + 56, [referencesAt])
  endWith(stripped, stripped.length)
  return stripped
}

/**
 * An unsigned program with an ad-hoc signature, without which macOS on arm64 starts nothing: the one that Go's linker
 * makes, a code directory with the SHA-256 of every page.
 */
export function signed(program: Buffer, identifier: string): Buffer {
  const codeLimit = Math.ceil(program.length / 16) * 16
  const code = Buffer.alloc(codeLimit)
  program.copy(code)
  const name = Buffer.from(`${identifier}\0`)
  const pages = Math.ceil(codeLimit / hashedPage)
  const headSize = 88
  const directorySize = headSize + name.length + 32 * pages
  const wrapperSize = 20

  const text = segment(code, '__TEXT')
  const commandAt = 32 + code.readUInt32LE(20)
  if (commandAt + 16 > code.readUInt32LE(text + 72 + 48))
    throw new RangeError('the header of this Mach-O program has no room for a signature')
  write(code, commandAt, [loadCommand.signature, 16, codeLimit, wrapperSize + directorySize])
  write(code, 16, [code.readUInt32LE(16) + 1, code.readUInt32LE(20) + 16])
  endWith(code, codeLimit + wrapperSize + directorySize)

  const head = Buffer.alloc(wrapperSize + headSize)
  // an embedded signature with one part, the code directory
  writeBig(head, 0, [0xfade0cc0, wrapperSize + directorySize, 1, 0, wrapperSize])
  // version 2.4; ad hoc, by a linker; where the hashes and the name are; no special pages
  writeBig(head, 20, [0xfade0c02, directorySize, 0x20400, 0x20002, headSize + name.length, headSize, 0])
  // SHA-256, 32 bytes, of pages of 2^12 bytes
  writeBig(head, 48, [pages, codeLimit, 0x20020000 + 12])
  // what is executed, and that this is a main program
  head.writeBigUInt64BE(code.readBigUInt64LE(text + 40), wrapperSize + 64)
  head.writeBigUInt64BE(code.readBigUInt64LE(text + 48), wrapperSize + 72)
  head.writeBigUInt64BE(1n, wrapperSize + 80)
  return Buffer.concat([code, head, name, ...Array.from({ length: pages }, (_, page) => hashOfPage(code, page))])
}

function hashOfPage(code: Buffer, page: number): Buffer {
  return createHash('sha256')
    .update(code.subarray(page * hashedPage, (page + 1) * hashedPage))
    .digest()
}

/** Has __LINKEDIT, the last segment, reach to the end of the file. */
function endWith(program: Buffer, end: number): void {
  const last = segment(program, '__LINKEDIT')
  const size = BigInt(end) - program.readBigUInt64LE(last + 40)
  program.writeBigUInt64LE(size, last + 32)
  program.writeBigUInt64LE(size, last + 48)
}

function segment(program: Buffer, name: string): number {
  return find(program, loadCommand.segment, (at) => program.toString('latin1', at + 8, at + 24).startsWith(`${name}\0`))
}

/** Where the load command of a kind is. */
function find(program: Buffer, kind: number, isIt: (at: number) => boolean = () => true): number {
  if (program.readUInt32LE(0) !== 0xfeedfacf) throw new RangeError('this is no 64-bit Mach-O program')
  let at = 32
  for (let left = program.readUInt32LE(16); left > 0; left -= 1) {
    if (program.readUInt32LE(at) === kind && isIt(at)) return at
    at += program.readUInt32LE(at + 4)
  }
  throw new RangeError(`this Mach-O program has no load command ${kind}`)
}

function write(bytes: Buffer, at: number, words: readonly number[]): void {
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, at + 4 * index)
}

function writeBig(bytes: Buffer, at: number, words: readonly number[]): void {
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, at + 4 * index)
}
