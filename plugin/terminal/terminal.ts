// Room: what the administrator sees and types.
// Read terminal (the interface), print, render-events, show-failure.

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name'

/**
 * A line of progress that may still change; on a terminal a spinner, elsewhere a plain line when it begins and ends.
 */
export interface Progress {
  /** @param board what a terminal shows in place of the one line, where there is room for several */
  update(text: string, board?: readonly string[]): void
  succeed(text: string): void
  warn(text: string): void
  fail(text: string): void
}

/** Where the plugin speaks: data on stdout, everything else on stderr. */
export interface Terminal {
  /** whether a person can answer questions here */
  interactive: boolean
  verbose: boolean
  /** lines on stdout; a line break within one is shown as `\n`, so that nothing from elsewhere makes a line */
  data(...lines: readonly string[]): void
  /** text on stdout for programs, or made by lines(): as it is, but for what steers a terminal */
  document(text: string): void
  /**
   * a part of such a text, which ends nowhere but in its own line breaks; answers once there is room for the next, so
   * that what a slow reader has not taken does not pile up
   */
  part(text: string): Promise<void>
  /** lines on stderr */
  note(...lines: readonly string[]): void
  /** one line */
  warning(text: string): void
  begin(text: string): Progress
  /** asks for one line; only where `interactive` */
  ask(question: string): Promise<string>
  /** colour where the terminal wants it, NO_COLOR honoured */
  style(kind: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'alarm', text: string): string
  /** aborted by the first Ctrl-C */
  interrupted: AbortSignal
}
