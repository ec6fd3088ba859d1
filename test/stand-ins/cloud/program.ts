/** Says where a stand-in listens, and ends it and the program on SIGTERM or SIGINT: what its image runs. */
export function runUntilTold({ port, stop }: { port: number; stop(): Promise<void> }): void {
  process.stdout.write(`listening on ${port}\n`)
  const end = () => void stop().finally(() => process.exit())
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
