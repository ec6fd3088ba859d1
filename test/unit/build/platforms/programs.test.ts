import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withoutSymbols } from '../../../../build/platforms/elf.ts'
import { signed, withoutLocalSymbols } from '../../../../build/platforms/mach-o.ts'
import { nodeProgram, ownNode } from '../../../../build/platforms/node-program.ts'
import { nodeVersion, platforms } from '../../../../build/platforms/platforms.ts'
import { run } from '../../../../build/processes.ts'
import { findProgram } from '../../../../build/requirements.ts'
import { hashOf } from '../../../../build/up-to-date.ts'

/** A program that Go compiles for another platform, and signs where that is macOS. */
async function program(folder: string, os: string, arch: string): Promise<Buffer> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'main.go'), 'package main\n\nfunc main() { println("hello") }\n')
  await run(findProgram('go') ?? 'go', ['build', '-trimpath', '-o', 'program', 'main.go'], {
    cwd: folder,
    environment: { ...process.env, GOOS: os, GOARCH: arch, CGO_ENABLED: '0', GO111MODULE: 'off' },
    timeoutMs: 600_000,
  })
  return readFileSync(join(folder, 'program'))
}

/** What Go's linker had before it signed: without its last command and all that this points to. */
function unsigned(program: Buffer): Buffer {
  let last = 32
  for (let left = program.readUInt32LE(16); left > 1; left -= 1) last += program.readUInt32LE(last + 4)
  const bytes = Buffer.from(program.subarray(0, program.readUInt32LE(last + 8)))
  bytes.writeUInt32LE(bytes.readUInt32LE(16) - 1, 16)
  bytes.writeUInt32LE(bytes.readUInt32LE(20) - 16, 20)
  return bytes.fill(0, last, last + 16)
}

t.test('a program for macOS is signed as the linker of Go signs it, byte for byte', async (t) => {
  const theirs = await program(join(t.testdir(), 'go'), 'darwin', 'arm64')
  const ours = signed(unsigned(theirs), 'a.out')
  t.equal(ours.length, theirs.length)
  t.ok(ours.equals(theirs))
  t.notOk(signed(unsigned(theirs), 'b.out').equals(theirs))
})

t.test('a program for macOS keeps what it takes from others, and its own names go', async (t) => {
  const folder = join(t.testdir(), 'go')
  const whole = unsigned(await program(folder, 'darwin', 'arm64'))
  const symbols = async (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes)
    return (await run(findProgram('go') ?? 'go', ['tool', 'nm', join(folder, name)], { timeoutMs: 300_000 }))
      .trimEnd()
      .split('\n')
  }
  const [before, after] = [await symbols('whole', whole), await symbols('stripped', withoutLocalSymbols(whole))]
  const undefinedOf = (lines: string[]) => lines.filter((line) => / U /.test(line))
  t.ok(undefinedOf(before).length > 10)
  t.strictSame(undefinedOf(after), undefinedOf(before))
  t.ok(before.length > 1000)
  t.ok(after.length < before.length / 2, `${after.length} of ${before.length} are left`)
  t.throws(() => withoutLocalSymbols(Buffer.concat([whole, Buffer.from('more')])), RangeError)
})

t.test('a Node that is not the pinned one becomes part of nothing', async (t) => {
  const cache = t.testdir(
    Object.fromEntries(
      platforms.map(({ nodePackage }) => [
        `${nodePackage}-${nodeVersion()}`,
        { bin: { node: 'another', 'node.exe': 'another' } },
      ]),
    ),
  )
  const known = process.env['KUBECTL_SCALARDL_CACHE']
  process.env['KUBECTL_SCALARDL_CACHE'] = cache
  t.teardown(() => {
    if (known === undefined) delete process.env['KUBECTL_SCALARDL_CACHE']
    else process.env['KUBECTL_SCALARDL_CACHE'] = known
  })
  for (const platform of platforms)
    await t.rejects(nodeProgram(platform), /bin\/node(\.exe)? is not what the build expects: its SHA-256/)
})

t.test('the Node that makes executables here is the pinned one', async (t) => {
  const own = platforms.map(({ program }) => program)
  t.ok(own.includes(await hashOf({ files: [await ownNode()] })))
})

t.test('a program for Linux runs without its symbols', async (t) => {
  const folder = join(t.testdir(), 'go')
  const whole = await program(folder, 'linux', process.arch === 'arm64' ? 'arm64' : 'amd64')
  const stripped = withoutSymbols(whole)
  t.ok(stripped.length < whole.length * 0.8)
  writeFileSync(join(folder, 'stripped'), stripped, { mode: 0o755 })
  await run(join(folder, 'stripped'), [])
  t.throws(() => withoutSymbols(Buffer.from('#!/bin/sh\n'.repeat(20))), RangeError)
})
