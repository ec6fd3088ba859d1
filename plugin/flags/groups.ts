/** Titles under which --help lists flags; a command's own come first, without one. */
export const groups = {
  pausing: 'Pausing:',
  servers: 'Servers:',
  ownTool: 'Your own tool:',
  job: 'Job:',
  connection: 'Connection:',
  output: 'Output:',
} as const
