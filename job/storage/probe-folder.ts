/**
 * Where an operation tries a storage: what a killed worker of it left there, the next one finds and removes.
 * @param operation its name
 */
export function probeFolder(operation: string): string {
  return `.kubectl-scalardl-probe-${operation}`
}
