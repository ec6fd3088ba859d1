import t from 'tap'
import { printList, streamList, type Presentation } from '../../../../plugin/terminal/print.ts'
import { recordingTerminal } from './recording-terminal.ts'

interface Item {
  name: string
  more?: unknown
}
const show: Presentation<Item> = { columns: [], document: (item) => item, name: ({ name }) => name }

async function* oneByOne(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}

t.test('a list that comes one by one is the same text as one that was there at once', async (t) => {
  const lists: Item[][] = [
    [],
    [{ name: 'a' }],
    [{ name: 'a' }, { name: 'b', more: { deep: [1, { x: 'y' }], empty: [] } }, { name: 'c' }],
    [{ name: 'several\nlines\n\n  and blanks \n' }, { name: '\u001b[2J', more: '  leading' }, { name: 'on' }],
  ]
  for (const format of ['json', 'yaml'] as const)
    for (const list of lists) {
      const [whole, parts] = [recordingTerminal(), recordingTerminal()]
      printList(whole.terminal, format, list, show)
      await streamList(parts.terminal, format, oneByOne(list), show)
      t.strictSame(parts.data, whole.data, `${format} of ${list.length}`)
    }
})

t.test('each is printed before the next is asked for', async (t) => {
  const { terminal, data } = recordingTerminal()
  async function* asked(): AsyncGenerator<Item> {
    yield { name: 'first' }
    t.match(data.join(), /first/)
    yield { name: 'second' }
    t.match(data.join(), /second/)
  }
  await streamList(terminal, 'json', asked(), show)
})
