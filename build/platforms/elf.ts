/**
 * A 64-bit little-endian ELF program without its symbols and debug information: the section headers and all that
 * follows the last segment, which nothing needs at run time (System V ABI, "Object Files"). As `strip` does, for
 * programs of any architecture and without its tools.
 * @throws RangeError for a file of another kind
 */
export function withoutSymbols(program: Buffer): Buffer {
  if (program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2 || program[5] !== 1)
    throw new RangeError('this is no 64-bit little-endian ELF program')
  const headers = Number(program.readBigUInt64LE(32))
  const size = program.readUInt16LE(54)
  const ends = Array.from({ length: program.readUInt16LE(56) }, (_, index) => {
    const header = headers + index * size
    return Number(program.readBigUInt64LE(header + 8) + program.readBigUInt64LE(header + 32))
  })
  const stripped = Buffer.from(program.subarray(0, Math.max(...ends)))
  // e_shoff, e_shnum and e_shstrndx: there are no sections
  stripped.writeBigUInt64LE(0n, 40)
  stripped.writeUInt16LE(0, 60)
  stripped.writeUInt16LE(0, 62)
  return stripped
}
