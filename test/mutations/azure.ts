import type { Mutation } from './mutation.ts'

const complete = 'export async function completeServer('
const restoreServer = "export const restoreTag = 'kubectl-scalardl.dev-restore'"
const destination = 'class ServerDestination implements'
const azureMysql = ['azure-flexible/mysql.test.ts']

/** Breakages of what guards flexible servers of Azure. */
export const azureMutations: readonly Mutation[] = [
  {
    title: 'azure: a server that was asked for and is not to be seen yet is left behind',
    file: destination,
    changes: [['if (!this.#isKnown && journal.result(', 'if (this.#isKnown && journal.result(']],
    tests: ['azure-flexible/restore.test.ts'],
  },
  {
    title: 'azure: parameters that the source got since the backup come over',
    file: complete,
    changes: [['Object.keys(present).filter((one) => wanted[one] === undefined)) {\n    const', '[]) {\n    const']],
    tests: azureMysql,
  },
  {
    title: 'azure: public access that was off stays on',
    file: complete,
    changes: [["if (service.changeable.includes('network'))", 'if (service.changeable.length === 0)']],
    tests: azureMysql,
  },
  {
    title: 'azure: a server that has grown is restored smaller than it is',
    file: 'export const azureMysql = flexibleServers(mysqlService)',
    changes: [['Math.max(storageSizeGB, Number(', 'Math.max(0, Number(']],
    tests: azureMysql,
  },
  {
    title: 'azure: what the service refuses of high availability is a failed restore',
    file: 'export const azureMysql = flexibleServers(mysqlService)',
    changes: [["mayRefuse: ['highAvailability']", 'mayRefuse: []']],
    tests: azureMysql,
  },
  {
    title: "azure: a server of the name is this restore's, whatever its tags say",
    file: restoreServer,
    changes: [
      ['return tags?.[restoreTag] === operation', "return tags?.[restoreTag] === operation || operation !== ''"],
    ],
    tests: ['azure-flexible/restore.test.ts'],
  },
  {
    title: 'azure: what has the name is deleted, whosever it is',
    file: "import { isOwn, stillMade } from './restore-server.ts'",
    changes: [
      [
        '|| !isOwn(one, context.operation)) return { done: true }',
        "|| (!isOwn(one, '') && target === '')) return { done: true }",
      ],
    ],
    tests: ['azure-flexible/restore.test.ts'],
  },
  {
    title: 'azure: each worker of a restore makes a server of its own',
    file: 'const name = restoredName(partsOf(details.id).name',
    changes: [['.name, context.operation, point', '.name, `${context.operation} ${performance.now()}`, point']],
    tests: ['azure-flexible/restore.test.ts'],
  },
  {
    title: 'azure: an answer that was lost is a failure',
    file: restoreServer,
    changes: [['if (begunBefore || error.mayHaveActed)', 'if (begunBefore && error.mayHaveActed)']],
    tests: ['azure-flexible/restore.test.ts'],
  },
  {
    title: 'azure: a server is made open to others',
    file: restoreServer,
    changes: [['      network,\n', '      ...(point.getTime() === 0 ? { network } : {}),\n']],
    tests: ['azure-flexible/role.test.ts'],
  },
  {
    title: 'azure: settings are not compared',
    file: destination,
    changes: [['({ harms }) => harms)', "({ harms }) => harms && title === '')"]],
    tests: ['azure-flexible/restore.test.ts'],
  },
  {
    title: 'azure: a log is in its backup at once',
    file: 'function logDelayMs(',
    changes: [['Date.now() + aheadMs - logDelayMs(process.env)', 'Date.now() + aheadMs']],
    tests: ['azure-flexible/backup.test.ts'],
  },
]
