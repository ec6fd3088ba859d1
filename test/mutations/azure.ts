import type { Mutation } from './mutation.ts'

const complete = 'export async function completeServer('
const azureMysql = ['azure-flexible/mysql.test.ts']

/** Breakages of what guards flexible servers of Azure. */
export const azureMutations: readonly Mutation[] = [
  {
    title: 'azure: a server that was asked for and is not to be seen yet is left behind',
    file: 'class ServerDestination implements',
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
]
