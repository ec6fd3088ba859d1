import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify, styleText } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { printable } from '../../operation/text/printable.ts'
import { parseRecord } from '../../operation/record.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import { formatDocument, formatTable } from '../../plugin/terminal/print.ts'
import { paintFor } from '../../plugin/terminal/style.ts'
import { forgedLines, hostileRecord, hostileText, steering } from './hostile-record.ts'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const colours = (['bold', 'dim', 'red', 'green', 'yellow', 'white', 'bgRed'] as const).flatMap((kind) =>
  styleText(kind, '|', { validateStream: false }).split('|'),
)

t.test('no text of a record, an event or an error steers the terminal, or passes for a line of ours', async (t) => {
  for (const as of ['tty', 'pipe']) {
    const { stdout, stderr } = await run(process.execPath, [resolve(import.meta.dirname, 'print-hostile.ts'), as], {
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '', CI: '' },
    })
    t.ok(stdout.length > 100_000 && stderr.length > 50_000, `${as}: all was printed`)
    if (as === 'tty') t.ok(stderr.includes('\u001b[31mError:\u001b[39m'), 'our own colours are there')
    const allowed = as === 'tty' ? colours : []
    for (const [name, text] of Object.entries({ stdout, stderr })) {
      t.strictSame(steering(text, allowed).slice(0, 3), [], `${as}, ${name}: nothing steers`)
      t.strictSame(forgedLines(text, allowed).slice(0, 3), [], `${as}, ${name}: no line is forged`)
      const longest = Math.max(...text.split('\n').map(({ length }) => length))
      t.ok(longest < 128 * 1024, `${as}, ${name}: the longest line has ${longest} characters`)
    }
  }
})

t.test('one long text does not widen a table of thousands beyond all memory', (t) => {
  const texts = ['x'.repeat(900 * 1024), ...Array.from({ length: 10_000 }, (_, number) => `${number}`)]
  const columns = [
    { title: 'TEXT', value: (text: string) => text },
    { title: 'LENGTH', value: (text: string) => `${text.length}` },
  ]
  const rows = formatTable(texts, columns).split('\n')
  t.equal(rows.length, 10_002)
  t.match(rows[1], /^x{1024}… +921600$/)
  t.match(rows.at(-1), /^9999 +4$/)
  t.ok(Math.max(...rows.map(({ length }) => length)) < 2048)
  t.end()
})

t.test('a colour that is not ours is shown, not obeyed', (t) => {
  const stream = Object.assign(Object.create(process.stderr) as typeof process.stderr, { isTTY: true })
  const { line, plain, style } = paintFor(stream, { TERM: 'xterm' })
  t.equal(line(`${style('red', 'a\u001b[32mb')}c`), '\u001b[31ma\\u001b[32mb\u001b[39mc')
  t.equal(plain(style('red', 'a\u001b[32mb')), 'a\\u001b[32mb')
  const other = paintFor(stream, { TERM: 'xterm' })
  t.notOk(line(other.style('red', 'x')).includes('\u001b'), 'the mark of another process is only text')
  t.end()
})

t.test('what programs read is the same text after it as before', (t) => {
  const file = resolve(root, 'test/unit/records-of-0.1/backup-postgresql.record.json')
  const { record, changed } = hostileRecord(parseRecord(readFileSync(file, 'utf8'), 'a record'))
  t.ok(changed > 30, `${changed} texts of it are hostile`)
  // A lone surrogate is no text in UTF-8.
  const whole = JSON.parse(JSON.stringify(record).replaceAll('\\ud800', '')) as unknown
  for (const [format, read] of [
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ] as const) {
    const text = formatDocument(whole, format)
    t.strictSame(steering(text), [], format)
    t.strictSame(forgedLines(text), [], format)
    t.strictSame(read(text), whole, format)
  }
  t.end()
})

t.test("an event's line, which anybody may read without this plugin, steers nothing either", (t) => {
  const lines: string[] = []
  jsonLineEvents((line) => lines.push(line)).say('note', hostileText, { data: { text: hostileText } })
  t.strictSame(steering(lines.join('')), [])
  t.match(JSON.parse(lines[0] ?? ''), { message: hostileText, data: { text: hostileText } })
  t.end()
})

t.test('the plugin writes to the terminal in one room alone', (t) => {
  const writing = globSync('{plugin,operation}/**/*.ts', { cwd: root }).filter((file) =>
    /process\.std(out|err)\.write\([^']|console\.|\\x1b|\\u001b\[/.test(readFileSync(resolve(root, file), 'utf8')),
  )
  t.strictSame(writing.sort(), ['plugin/main.ts', 'plugin/terminal/open-terminal.ts'], 'main.ts: completion, printable')
  t.end()
})

t.test('every control and format character is escaped, and nothing else', (t) => {
  for (let code = 0; code < 0x11_0000; code += 1) {
    const one = String.fromCodePoint(code)
    const steers = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(one) && one !== '\t'
    if (steers === (printable(one) === one)) t.fail(`U+${code.toString(16)}: ${printable(one)}`)
  }
  t.equal(printable('Grüße, 世界 ✔ a\tb'), 'Grüße, 世界 ✔ a\tb')
  t.end()
})
